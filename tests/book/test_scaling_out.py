"""The training script of the chapter "Many machines", run for real: two processes end where one ends.

The cells of the notebook that make and start the script have the tag `script`; each test runs them in a kernel of its
own, with a cell of its own after them.
"""

import asyncio

import chapters
import execute
import pytest
from nbformat.v4 import new_code_cell

pytest.importorskip("torch")

TWO_EQUAL_ONE = """
import companion

folder = new_folder("two")
torchrun(FILE, folder, 2)
model, gradients = train_alone(2)
for rank in (0, 1):
    report = torch.load(folder / f"report_{rank}.pt", weights_only=True)
    assert report["begin"] == 0 and report["bytes"] == [8 * 9610] * 40
    for name, weights in model.state_dict().items():
        torch.testing.assert_close(report["weights"][name], weights, rtol=1e-7, atol=1e-9)
    for ours, theirs in zip(report["gradient"], gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-14)
        assert ours.abs().max() > 1e-4
HOME.cleanup()
"""

FAILURES = """
def message(file, **how):
    try:
        torchrun(file, HOME.name, **how)
    except RuntimeError as error:
        return str(error)

broken = Path(HOME.name) / "broken.py"
broken.write_text("raise ValueError('no such network')")
assert "ValueError: no such network" in message(broken)
assert "took 0.1 s" in message(broken, limit=0.1)

def refuse(*arguments, **how):
    raise PermissionError("Operation not permitted")

subprocess.Popen, allowed = refuse, subprocess.Popen
assert message(broken) == "this computer does not let a notebook start processes"
subprocess.Popen = allowed
HOME.cleanup()
"""

NOTHING_REMAINS = """
sleeper = Path(HOME.name) / "sleeper.py"
sleeper.write_text('''
import os, pathlib, time
part = pathlib.Path(__file__).with_name(os.environ["RANK"] + ".part")
part.write_text(str(os.getpid()))
part.rename(part.with_suffix(".pid"))
time.sleep(300)
''')
pid_files = [sleeper.with_name(f"{rank}.pid") for rank in (0, 1)]

def interrupt(running):
    while not all(file.exists() for file in pid_files):
        assert running.poll() is None, "torchrun has ended"
        time.sleep(0.05)
    raise KeyboardInterrupt

try:
    torchrun(sleeper, meanwhile=interrupt)
    raise AssertionError("not interrupted")
except KeyboardInterrupt:
    pass
for file in pid_files:
    try:
        os.kill(int(file.read_text()), 0)
        raise AssertionError("a worker lives on")
    except ProcessLookupError:
        pass
HOME.cleanup()
"""


@pytest.mark.parametrize("source", [TWO_EQUAL_ONE, FAILURES, NOTHING_REMAINS],
                         ids=["two processes equal one", "a failure says why", "nothing remains of an interrupted run"])
def test_the_script_of_the_chapter(source, tmp_path):
    notebook = chapters.read(chapters.path_of("frameworks/scaling_out"))
    notebook.cells = [cell for cell in notebook.cells if "script" in cell.metadata.get("tags", [])]
    assert len(notebook.cells) > 5
    notebook.cells.append(new_code_cell(source))
    asyncio.run(execute.run(notebook, tmp_path))
