"""The package's one random generator.

Every function that needs randomness takes `rng=None`: a generator of your own, or None for the package's,
which `manual_seed` restarts. Nothing here touches NumPy's global random state.
"""
import numpy as np

_rng = np.random.default_rng()


def manual_seed(seed):
    """Restart the package's generator, so that the same program gives the same numbers.

    seed: an integer >= 0.
    """
    global _rng
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"manual_seed expects an integer >= 0, got {seed!r}")
    _rng = np.random.default_rng(seed)


def get_rng(rng=None):
    """The generator to use: `rng` itself, a fresh one for an integer seed, or the package's for None."""
    if rng is None:
        return _rng
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return np.random.default_rng(rng)
    raise TypeError(f"rng expects a numpy.random.Generator, an integer seed >= 0 or None, got {rng!r}")


def own_rng(rng):
    """As `get_rng` for something that keeps its generator: an integer seed starts once; None stays None."""
    return None if rng is None else get_rng(rng)
