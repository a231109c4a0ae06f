"""The page "Parity traps": every row differs as it says, is cured as it says, and says what the frameworks do today."""
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")
parity_traps = pytest.importorskip("parity_traps")
TRAPS = parity_traps.traps.TRAPS
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.function.__name__)
def test_the_two_differ_and_the_cure_makes_them_equal(trap):
    _, _, before, after = trap.ask()
    assert parity_traps.apart(*before) > 0.005
    assert parity_traps.apart(*after) < 1e-5


def test_the_page_says_what_the_frameworks_do():
    assert parity_traps.PAGE.read_text("utf-8") == parity_traps.page(), "run: python tools/parity_traps.py"


def test_different_shapes_are_apart():
    assert parity_traps.apart(np.zeros((2, 3)), np.zeros((3, 2))) == np.inf
