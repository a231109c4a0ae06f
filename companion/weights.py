"""Trained weights in a file: safetensors, with a check sum.

The format holds names, shapes and numbers and nothing that could run (Hugging Face, 2022): 8 bytes for the length of a
header in JSON, the header, the numbers. It has no check sum of its own, so one is written beside them: a damaged file
is refused instead of loaded. Reading needs NumPy only, since the library does not exist in the browser.
"""
import hashlib
import json
from pathlib import Path

import numpy as np

DTYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64}


def save(path, arrays):
    """Write a dict from name to array of floating-point numbers to the file `path`; what was there is replaced.

    Needs the package safetensors.
    """
    from safetensors.numpy import save as as_bytes

    check_sum = _check_sum(*_parts(as_bytes(arrays)))
    Path(path).write_bytes(as_bytes(arrays, metadata={"sha256": check_sum}))


def read(content):
    """The dict from name to array that the bytes of a file hold.

    Raises ValueError if they are not the bytes that `save` wrote.
    """
    header, numbers = _parts(content)
    if header.pop("__metadata__")["sha256"] != _check_sum(header, numbers):
        raise ValueError("the check sum of the weights is not the one that was written with them")
    return {name: np.frombuffer(numbers[slice(*entry["data_offsets"])], DTYPES[entry["dtype"]])
            .reshape(entry["shape"]).copy() for name, entry in header.items()}


def _parts(content):
    """(header, numbers)"""
    start = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:start]), content[start:]


def _check_sum(header, numbers):
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode() + numbers).hexdigest()
