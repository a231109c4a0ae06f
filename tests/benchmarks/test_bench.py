"""The benchmarks in a tiny form: they run, losses agree or are refused, and the report says what was found. No time is
asserted."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import agreement, growth, machine, report, timing, worker
from benchmarks.peers import PEERS
from benchmarks.workloads import SIZES, TINY, Work

ROOT = Path(__file__).parents[2]
INSTALLED = [peer for peer in PEERS if worker.installed(peer)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """One tiny run of everything that is installed: (what it printed, what it stored)."""
    folder = tmp_path_factory.mktemp("bench")
    done = subprocess.run([sys.executable, "-m", "benchmarks", "--tiny", "--folder", folder], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, {path.stem: json.loads(path.read_text("utf-8")) for path in folder.iterdir()}


@pytest.mark.parametrize("work", TINY)
@pytest.mark.parametrize("peer", PEERS)
def test_losses_agree_with_pytorch(peer, work, tiny):
    printed, stored = tiny
    if peer not in INSTALLED:
        assert f"skipped: {peer} is not installed" in printed
        pytest.skip(f"{peer} is not installed; make bench installs it in an environment of its own")
    found = stored["time-1"][work][peer]
    if work in PEERS[peer].cannot:
        assert found == {"reason": PEERS[peer].cannot[work]}
    else:
        assert found["difference"] <= agreement.TOLERANCE
        assert found["steps"] >= 1 and found["ms"][0] <= found["ms"][1] <= found["ms"][2]


def test_companion_and_pytorch_do_every_workload():
    assert {"companion", "torch"} <= set(INSTALLED)
    assert not PEERS["companion"].cannot and not PEERS["torch"].cannot


@pytest.mark.parametrize(("losses", "fine"), [
    ([2.0, 1.0], True), ([2.0, 1.000001], True), ([2.0, 1.0001], False), ([2.0], False), ([2.0, float("nan")], False),
])
def test_other_losses_are_refused(losses, fine):
    reason = agreement.refuse(losses, [2.0, 1.0])
    assert reason is None if fine else "its losses differ" in reason


def test_a_peer_with_other_weights_is_not_timed(monkeypatch):
    """The worker of one peer gets another workload than it is asked for."""
    ask = worker.Worker.ask
    monkeypatch.setattr(worker.Worker, "ask", lambda self, do, work, sizes, **options:
                        ask(self, do, work, sizes | ({"batch": 6} if self.process.args[3] == "companion" else {}),
                            **options))
    found = timing.measure(["torch", "companion"], {"W1": TINY["W1"]}, 1, rounds=1, seconds=0)["W1"]
    assert "its losses differ" in found["companion"]["reason"] and "ms" not in found["companion"]
    assert "companion" in report.disagreements({"W1": found})
    assert "ms" in found["torch"]


def test_every_workload_starts_from_the_same_numbers():
    for name in SIZES:
        first, second = Work(name, TINY[name]), Work(name, TINY[name])
        assert all((first.weights[key] == second.weights[key]).all() for key in first.weights)
        assert (first.x == second.x).all() and {array.dtype.name for array in first.weights.values()} == {"float32"}


def test_exponents_are_fitted():
    assert growth.exponent((1, 2, 4), (3, 12, 48)) == pytest.approx(2)
    steps = (16, 32, 64)
    assert growth.exponent(steps, [growth.lstm_operations(t) for t in steps]) == pytest.approx(1, abs=0.01)
    assert 1 < growth.exponent((64, 512), [growth.block_operations(t) for t in (64, 512)]) < 2


def test_growth_on_tiny_sizes():
    sweep = growth.Sweep("W4", "steps", (2, 4), growth.lstm_operations)
    found = growth.measure(["companion"], 1, 0, {"steps": sweep})["steps"]
    assert set(found["companion"]["exponents"]) == {"ms", "mb"}
    assert found["theory"] == pytest.approx(1, abs=0.01)


def test_the_share_of_the_matrix_product():
    """At 129 MFLOP, one millisecond is 129 GFLOP/s."""
    assert machine.share_of_product(1.0, 128.9) == pytest.approx(1, abs=0.001)
    assert machine.share_of_product(2.0, 128.9) == pytest.approx(0.5, abs=0.001)


def test_the_report(tmp_path):
    def times(factor):
        return {work: {"torch": {"ms": [1.0, 2.0, 3.0]}, "companion": {"ms": [factor, 2 * factor, 3 * factor]},
                       "micrograd": {"reason": "too slow"}} for work in SIZES}
    parts = {"machine": machine.describe() | {"gflops": [100.0, 190.0]}, "time-1": times(0.5), "time-2": times(2.0),
             "memory": {work: {"companion": 12.3, "torch": 20.0} for work in SIZES}}
    report.write(parts, tmp_path)
    text = (tmp_path / "RESULTS.md").read_text("utf-8")
    assert "| 1 thread, to PyTorch, eager | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 | **0.50** |" in text
    assert "| 2 threads, to PyTorch, eager | 2.00 |" in text
    assert "[1] too slow." in text and "| companion | 12 |" in text
    assert "![Times of a training step as multiples of PyTorch's: companion W1 0.5, " in text
    assert str(ROOT) not in text and (tmp_path / "results.svg").stat().st_size > 1000
