"""Point the whole course at another repository, such as a fork.

    make repository URL=https://github.com/owner/name

The one source of the address is `[project.urls] Repository` in pyproject.toml. Wherever the present address
stands (Colab and Binder links, setup cells, _config.yml, CITATION.cff, the README), the new one is put in its
place; every other byte of a file stays as it is.
"""

import argparse
import os
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = {".cff", ".ipynb", ".json", ".md", ".py", ".toml", ".yml"}
SKIPPED = {".git", ".venv", "_build", "build", "dist", "tests"}
ADDRESS = re.compile(r"https://github\.com/([A-Za-z0-9][A-Za-z0-9-]{0,38})/([A-Za-z0-9_.-]+?)(?:\.git)?/?")


def parse(address):
    """Owner and name of a repository from its address; ValueError where it is none."""
    match = ADDRESS.fullmatch(address)
    if not match or match[2] in (".", ".."):
        raise ValueError(f"expected an address such as https://github.com/owner/name, got {address!r}")
    return match[1], match[2]


def rewrite(text, old, new):
    """Replace the links to repository `old` by links to `new`, both (owner, name), in the bytes `text`."""
    owner, name = (re.escape(part.encode()) for part in old)
    # A longer name that begins the same is another repository; `.git` may follow.
    end = rb"(?![A-Za-z0-9_-]|\.(?!git\b)[A-Za-z0-9])"
    links = rb"(?P<before>//github\.com/|/github/|/v2/gh/)%b/%b" % (owner, name)
    pages = rb"//%b\.github\.io/%b" % (owner, name)
    owner, name = (part.encode() for part in new)

    def link(match):
        if match["before"]:
            return match["before"] + owner + b"/" + name
        return b"//" + owner + b".github.io/" + name

    return re.sub(rb"(?:%b|%b)%b" % (links, pages, end), link, text)


def texts(root):
    """The files that may hold the address; pyproject.toml last, so that a run cut short can be run again."""
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED)
        files += [Path(folder, name) for name in sorted(names) if Path(name).suffix in SUFFIXES]
    return sorted(files, key=lambda path: path == root / "pyproject.toml")


def point_at(address, root=ROOT):
    """Rewrite every file below `root` and return those that changed."""
    new = parse(address)
    present = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Repository"]
    old = tuple(present.removeprefix("https://github.com/").split("/"))
    changed = []
    for path in texts(root):
        before = path.read_bytes()
        after = rewrite(before, old, new)
        if after != before:
            path.write_bytes(after)
            changed.append(path)
    return changed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="https://github.com/owner/name")
    try:
        changed = point_at(parser.parse_args().address)
    except ValueError as error:
        sys.exit(f"make repository: {error}\nUsage: make repository URL=https://github.com/owner/name")
    for path in changed:
        print(path.relative_to(ROOT))
    print(f"{len(changed)} files changed." if changed else "Nothing to change.")


if __name__ == "__main__":
    main()
