"""Show that installing companion in Colab replaces no package that is there.

    make colab-check

Colab has a NumPy and a Matplotlib of its own; a reader whose setup cell replaced them would have to restart the
kernel. This builds the wheel, makes a fresh environment with Colab's versions of what companion depends on, and asks
pip (`--dry-run --report`) what it would install there. Anything but NEW is a failure. It asks the package index, so it
is no part of `make test`.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLAB = {"numpy": "2.1.3", "matplotlib": "3.10.0", "tqdm": "4.67.1"}
NEW = {"companion", "jupyterquiz"}


def pip(python, *arguments):
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)], check=True)


def build_wheel(folder):
    """Build companion's wheel from a copy, with the setuptools that is installed here; returns its path."""
    source = Path(folder, "source")
    shutil.copytree(ROOT / "companion", source / "companion", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip(sys.executable, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
    (wheel,) = Path(folder).glob("companion-*.whl")
    return wheel


def would_install(wheel, versions, folder):
    """Name and version of all that pip would install with the wheel where `versions` are present."""
    environment, report = Path(folder, "venv"), Path(folder, "report.json")
    venv.create(environment, with_pip=True)
    python = next(path for path in (environment / "bin/python", environment / "Scripts/python.exe") if path.exists())
    pip(python, "install", "--quiet", *(f"{name}=={version}" for name, version in versions.items()))
    pip(python, "install", "--quiet", "--dry-run", "--report", report, wheel)
    installs = json.loads(report.read_text("utf-8"))["install"]
    return {entry["metadata"]["name"].lower(): entry["metadata"]["version"] for entry in installs}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    present = ", ".join(f"{name} {version}" for name, version in COLAB.items())
    try:
        with tempfile.TemporaryDirectory() as folder:
            installed = would_install(build_wheel(folder), COLAB, folder)
    except subprocess.CalledProcessError as error:
        sys.exit(f"make colab-check: pip failed (does the package index answer?): {error}")
    print(f"Present, as in Colab: {present}.")
    print("pip would install: " + ", ".join(f"{name} {version}" for name, version in sorted(installed.items())) + ".")
    if set(installed) != NEW:
        sys.exit(f"make colab-check: expected {sorted(NEW)} and nothing else.")
    print("No package is replaced.")


if __name__ == "__main__":
    main()
