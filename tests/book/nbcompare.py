"""A pytest plugin: run every notebook once more through nbval and compare all that its cells gave.

nbval runs the cells and collects their outputs; this replaces its comparison (which wants every digit and
skips figures) by tools/compare.py, and runs the kernel in the environment in which the outputs were stored.
"""

from contextlib import ExitStack
from subprocess import DEVNULL

import chapters
import compare
from jupyter_client.manager import KernelManager
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

KERNEL_START_SECONDS = 60


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".ipynb":
        return Notebook.from_parent(parent, path=file_path)
    return None


class Kernel(RunningKernel):
    """A fresh kernel of this interpreter in a given environment."""

    def __init__(self, folder, environment):
        self.km = chapters.kernel_manager(KernelManager)
        self.km.start_kernel(cwd=str(folder), env=environment, stderr=DEVNULL)
        self.kc = self.km.client()
        self.kc.start_channels()
        self.kc.wait_for_ready(timeout=KERNEL_START_SECONDS)
        self._ensure_iopub_up()

    def execute_cell_input(self, cell_input, allow_stdin=None):
        """As Jupyter does: with history, without which IPython ignores a semicolon that silences a cell."""
        return self.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)


class Notebook(IPyNbFile):
    """A notebook, whose code cells are the tests."""

    def collect(self):
        for cell in super().collect():
            number = cell.cell_num + 1
            yield Cell.from_parent(
                self, name=f"Cell {number}", cell_num=number, cell=cell.cell, options=cell.options
            )

    def setup(self):
        self.cleanup = ExitStack()
        environment = self.cleanup.enter_context(chapters.kernel_environment())
        self.kernel = Kernel(self.path.parent, environment)

    def teardown(self):
        if self.kernel is not None and self.kernel.is_alive():
            self.kernel.stop()
        self.cleanup.close()


class Cell(IPyNbCell):
    """A code cell: it passes if it runs and gives what is stored."""

    def runtest(self):
        if self.cell.source.strip() and self.cell.execution_count is None:
            self.raise_cell_error("This cell was never run: `make execute` stores its outputs")
        super().runtest()

    def compare_outputs(self, test, ref, skip_compare=None):
        """Called by nbval with the new and the stored outputs; the report is in `comparison_traceback`."""
        self.comparison_traceback = compare.differences(ref, test)
        for index, pictures in enumerate(compare.changed_figures(ref, test)):
            folder = self.config.rootpath / "_build" / "changed_figures"
            folder.mkdir(parents=True, exist_ok=True)
            for kind, picture in zip(("stored", "now"), pictures, strict=True):
                file = folder / f"{self.path.stem}-cell-{self.cell_num}-{index}-{kind}.png"
                file.write_bytes(picture)
                self.comparison_traceback.append(f"  {kind}: {file.relative_to(self.config.rootpath)}")
        return not self.comparison_traceback
