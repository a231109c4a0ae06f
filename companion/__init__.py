"""The code that the course derives: tensors with gradients, layers, optimizers, data, training. NumPy only at import.

Networks speak PyTorch (layer, optimizer and loss names, argument order, weight layouts); arrays speak NumPy (axis,
keepdims, concatenate).
"""
from . import data, functional, nn, optim, plots, training
from .gradients import gradcheck, numerical_gradient
from .rng import manual_seed
from .tensor import (
    Parameter,
    Tensor,
    concatenate,
    get_default_dtype,
    no_grad,
    set_default_dtype,
    stack,
    where,
)

__version__ = "1.0.0"

__all__ = [
    "Parameter", "Tensor", "concatenate", "data", "functional", "get_default_dtype", "gradcheck", "manual_seed", "nn",
    "no_grad", "numerical_gradient", "optim", "plots", "set_default_dtype", "stack", "training", "where",
]
