"""Serves a folder on this machine as a host of static pages would, and finds a browser to look at it."""

import gzip
import io
import os
import shutil
import threading
from contextlib import contextmanager
from functools import lru_cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

# The first one has no window to draw, so that a page costs it a quarter of the time.
BROWSERS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
COMPRESSED = {".css", ".html", ".ipynb", ".js", ".json", ".mjs", ".svg", ".txt", ".wasm", ".xml"}


@lru_cache(maxsize=64)
def compressed(path, changed):
    """The bytes of a file as they go over the wire; `changed` is part of the key."""
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


class StaticHost(SimpleHTTPRequestHandler):
    """Answers as a host of static pages does: text compressed, cacheable, 404.html where nothing is.

    The folder stands at the address `path`, such as "/course"; all that is beside it is missing.
    """

    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript", ".mjs": "text/javascript", ".woff": "font/woff", ".wasm": "application/wasm",
    }

    def __init__(self, *args, path="", **options):
        self.below = path
        super().__init__(*args, **options)

    def log_message(self, *args):
        pass

    def translate_path(self, path):
        if not urlsplit(path).path.startswith(self.below + "/"):
            return str(Path(self.directory, "beside the site"))
        return super().translate_path(path[len(self.below):])

    def end_headers(self):
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()

    def send_head(self):
        file = Path(self.translate_path(self.path))
        file = file / "index.html" if file.is_dir() and urlsplit(self.path).path.endswith("/") else file
        accepted = "gzip" in self.headers.get("Accept-Encoding", "")
        if not file.is_file() or file.suffix not in COMPRESSED or not accepted:
            return super().send_head()
        return self.send_compressed(200, file)

    def send_compressed(self, status, file):
        content = compressed(file, file.stat().st_mtime_ns)
        self.send_response(status)
        self.send_header("Content-Type", self.guess_type(file))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Vary", "Accept-Encoding")
        self.end_headers()
        return io.BytesIO(content)

    def send_error(self, code, message=None, explain=None):
        page = Path(self.directory, "404.html")
        if code != 404 or not page.exists() or "gzip" not in self.headers.get("Accept-Encoding", ""):
            return super().send_error(code, message, explain)
        content = self.send_compressed(404, page)
        if self.command != "HEAD":
            self.wfile.write(content.read())


@contextmanager
def serving(handler):
    """Let a class of request handlers answer on a free port of this machine; gives the address of that port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def served(folder, path=""):
    """Serve a folder on this machine as a static host would, below `path`; gives its address."""
    with serving(partial(StaticHost, directory=folder, path=path)) as address:
        yield address + path


def find_browser():
    """The path of a Chromium: what CHROME_PATH says, or the first one installed. Raises FileNotFoundError."""
    found = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise FileNotFoundError(f"no browser found: install one of {', '.join(BROWSERS)}, or set CHROME_PATH")
    return found
