"""chance.js: the random numbers of the explorables are those of NumPy."""

import numpy as np
from explorable_tools import normals


def test_the_random_numbers_are_those_of_numpy(call):
    for seed in (1, 2, 12345):
        np.testing.assert_allclose(call("chance", "normals", 4000, seed), normals(4000, seed), rtol=1e-9, atol=1e-14)
    drawn = np.array(call("chance", "normals", 50000, 1))
    assert abs(drawn.mean()) < 0.02 and abs(drawn.std() - 1) < 0.02
    assert call("chance", "normals", 3, 1) == call("chance", "normals", 4, 1)[:3]
