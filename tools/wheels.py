"""Wheels made from what is here, without asking a package index: companion, and packages that are installed."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What an installer writes beside the files of a wheel; RECORD is written anew.
INSTALLERS_OWN = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"}


def build_wheel(folder):
    """Build companion's wheel from a copy, with the setuptools that is installed here; returns its path."""
    source = Path(folder, "source")
    shutil.copytree(ROOT / "companion", source / "companion", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *command], check=True)
    (wheel,) = Path(folder).glob("companion-*.whl")
    return wheel


def repack_wheel(name, folder):
    """Pack an installed distribution of pure Python into a wheel again; returns its path.

    What is bundled is then what is pinned, and nothing is downloaded. Raises ValueError for one with compiled code.
    """
    installed = importlib.metadata.distribution(name)
    if not re.search(r"^Tag: .*-none-any$", installed.read_text("WHEEL") or "", re.MULTILINE):
        raise ValueError(f"expected a distribution of pure Python as pip installs it, got {name}")
    files = {
        file.as_posix(): file.locate()
        for file in installed.files
        # Scripts lie outside of the packages' folder (`..`); compiled files belong to this Python.
        if ".." not in file.parts and file.suffix != ".pyc" and not is_installers_own(file)
    }
    return pack(f"{name}-{installed.version}-py3-none-any.whl", files, folder)


def is_installers_own(file):
    return file.parent.suffix == ".dist-info" and file.name in INSTALLERS_OWN


def pack(name, files, folder):
    """Write a wheel from its files (name in the wheel → path), the same bytes every time; returns its path."""
    path = Path(folder, name)
    (information,) = {Path(file).parts[0] for file in files if Path(file).parts[0].endswith(".dist-info")}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in sorted(files):
            wheel.writestr(entry(file), files[file].read_bytes())
        wheel.writestr(entry(f"{information}/RECORD"), "".join(f"{file},,\n" for file in [*sorted(files),
                       f"{information}/RECORD"]))
    return path


def entry(name):
    """The head of a file in the archive: compressed, with a date that never changes."""
    info = zipfile.ZipInfo(name)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return info
