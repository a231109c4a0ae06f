"""The same work: the first losses of every peer, compared with PyTorch's before any time counts."""

STEPS = 5
TOLERANCE = 1e-5  # relative, in float32, over the first losses


def difference(losses, reference):
    """The largest relative difference; infinite for another number of losses or a NaN."""
    if len(losses) != len(reference):
        return float("inf")
    found = [abs(a - b) / abs(b) for a, b in zip(losses, reference)]
    return max(found) if all(value == value for value in found) else float("inf")


def refuse(losses, reference):
    """Why these losses may not be timed; None where they agree."""
    found = difference(losses, reference)
    return None if found <= TOLERANCE else f"its losses differ from PyTorch's by {found:.1e}"
