"""Trained weights in a file: safetensors, with a check sum.

The format holds names, shapes and numbers and nothing that could run (Hugging Face, 2022). It has no check sum of its
own, so one is written beside them: a damaged file is refused instead of loaded.
"""
import hashlib
import json
from pathlib import Path


def save(path, arrays):
    """Write a dict from name to array to the file `path`; what was there is replaced."""
    from safetensors.numpy import save as as_bytes

    Path(path).write_bytes(as_bytes(arrays, metadata={"sha256": _check_sum(arrays)}))


def read(content):
    """The dict from name to array that the bytes of a file hold.

    Raises ValueError if these are not the arrays that `save` was given.
    """
    from safetensors.numpy import load

    arrays = load(content)
    header = json.loads(content[8:8 + int.from_bytes(content[:8], "little")])
    if header["__metadata__"]["sha256"] != _check_sum(arrays):
        raise ValueError("the check sum of the weights is not the one that was written with them")
    return arrays


def _check_sum(arrays):
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape} ".encode() + array.tobytes())
    return digest.hexdigest()
