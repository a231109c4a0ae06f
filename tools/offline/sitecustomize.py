"""Refuse every connection that leaves the machine. Python imports this by itself at its start where this
folder is on PYTHONPATH, as it is in the kernels that run the book's notebooks (tools/chapters.py)."""

import sys

LOOPBACK = ("localhost", "::1", "0.0.0.0", "::", "")


def is_local(host):
    host = host.decode() if isinstance(host, bytes) else host
    return host is None or host in LOOPBACK or host.startswith("127.")


def refuse(event, arguments):
    """An audit hook: connecting, sending a datagram and looking up a name raise ConnectionRefusedError."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a path is a Unix socket: local
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not is_local(host):
        raise ConnectionRefusedError(f"notebooks run offline; refused: {host}")


sys.addaudithook(refuse)
