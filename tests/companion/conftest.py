"""What the tests of the library share: a fixed seed, the default precision put back, the table in op_cases.py."""
import sys
from pathlib import Path

import numpy as np
import pytest

import companion

sys.path.insert(0, str(Path(__file__).parent))  # so that the tests can import op_cases


@pytest.fixture(autouse=True)
def fresh_state():
    """Every test starts from seed 0 and leaves the default precision as it found it."""
    before = companion.get_default_dtype()
    companion.manual_seed(0)
    yield
    companion.set_default_dtype(before)


@pytest.fixture
def float64():
    companion.set_default_dtype(np.float64)


@pytest.fixture
def rng():
    return np.random.default_rng(0)
