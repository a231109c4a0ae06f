"""What is solved, kept in a small JSON file that outlives the kernel.

`{"version": 1, "chapters": {"perceptron": {"update": {"solved": true, "attempts": 3, "hints": 1}}}}` and
nothing about the person. The file is `~/.companion/progress.json`, or what the variable COMPANION_PROGRESS names;
in the browser it lies in the drive of the notebooks. Where it cannot be written, progress lasts as long as the
kernel.
"""
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

_memory = None      # progress of this session, once the file turned out not to be writable


def path():
    """Where progress is kept."""
    if named := os.environ.get("COMPANION_PROGRESS"):
        return Path(named)
    if sys.platform == "emscripten":        # only the drive survives a reload of the page
        drive = Path("/drive")
        return (drive if drive.is_dir() else Path.cwd()) / "companion-progress.json"
    return Path.home() / ".companion" / "progress.json"


def read():
    """Everything in the file; a damaged file is set aside with a warning, and progress begins anew."""
    if _memory is not None:
        return _memory
    try:
        content = json.loads(path().read_text(encoding="utf-8"))
        if not _is_sound(content):
            raise ValueError("not a progress file")
        return content
    except FileNotFoundError:
        pass
    except OSError as error:
        return _stay_in_memory({"version": 1, "chapters": {}}, error)
    except ValueError:
        _set_aside()
    return _memory or {"version": 1, "chapters": {}}


def note(chapter, exercise, solved=False, attempt=False, hints=0):
    """Add to the entry of one exercise; what a newer version wrote there is kept."""
    content = read()
    entry = content["chapters"].setdefault(chapter, {}).setdefault(exercise, {})
    entry["solved"] = entry.get("solved", False) or solved
    entry["attempts"] = entry.get("attempts", 0) + attempt
    entry["hints"] = max(entry.get("hints", 0), hints)
    if _memory is None:
        try:
            _write(content)
        except OSError as error:
            _stay_in_memory(content, error)


def entry(chapter, exercise):
    """The entry of one exercise, empty if it was not tried."""
    return read()["chapters"].get(chapter, {}).get(exercise, {})


def _is_sound(content):
    return isinstance(content, dict) and isinstance(content.get("chapters"), dict) and all(
        isinstance(exercises, dict) and all(
            isinstance(entry, dict) and all(isinstance(entry.get(k, 0), int) for k in ("attempts", "hints"))
            for entry in exercises.values())
        for exercises in content["chapters"].values())


def _write(content):
    """Write beside the file and rename, so that a crash leaves the old file or the new one."""
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _set_aside():
    damaged, number = path().with_suffix(".damaged.json"), 1
    while damaged.exists():
        number += 1
        damaged = path().with_suffix(f".damaged-{number}.json")
    try:
        os.replace(path(), damaged)
    except OSError as error:
        _stay_in_memory({"version": 1, "chapters": {}}, error)
    else:
        warnings.warn(f"The progress file could not be read. It was set aside as {damaged.name}, "
                      "and progress begins anew.", stacklevel=4)


def _stay_in_memory(content, error):
    global _memory
    _memory = content
    warnings.warn(f"Progress cannot be saved ({error.strerror or error}): it is kept until the kernel "
                  "restarts. Set COMPANION_PROGRESS to a file that can be written.", stacklevel=4)
    return _memory
