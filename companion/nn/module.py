"""The base class of every layer and model."""
import numpy as np

from ..tensor import Parameter


def _members(value, name):
    """Every (name, Parameter or Module) inside `value`, in the order in which it was assigned."""
    if isinstance(value, (Parameter, Module)):
        yield name, value
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _members(item, f"{name}.{i}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _members(item, f"{name}.{key}")


class Module:
    """Something with parameters and a `forward` method.

    Assign parameters and modules as attributes; lists, tuples and dicts of them count too (in PyTorch a list of
    layers must be wrapped in ModuleList). Arrays that are saved but not learned are named with `register_buffer`.
    """

    training = True
    _buffers = ()

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    def forward(self, *args, **kwargs):
        raise NotImplementedError(f"{type(self).__name__} has no forward method: define forward(self, x)")

    def register_buffer(self, name, array):
        """Keep `array` as attribute `name` and in the state dict."""
        setattr(self, name, array)
        self._buffers += (name,)

    def named_children(self):
        """(name, Parameter or Module) for everything assigned to this module itself."""
        for name, value in vars(self).items():
            yield from _members(value, name)

    def named_parameters(self, prefix=""):
        """(dotted name, Parameter) for this module and all inside it."""
        for name, value in self.named_children():
            if isinstance(value, Module):
                yield from value.named_parameters(f"{prefix}{name}.")
            else:
                yield prefix + name, value

    def named_buffers(self, prefix=""):
        """(dotted name, array) for this module and all inside it."""
        for name in self._buffers:
            yield prefix + name, getattr(self, name)
        for name, value in self.named_children():
            if isinstance(value, Module):
                yield from value.named_buffers(f"{prefix}{name}.")

    def parameters(self):
        """Every parameter once, even if two layers share it."""
        return list({id(p): p for _, p in self.named_parameters()}.values())

    def modules(self):
        """This module and every module inside it."""
        yield self
        for _, value in self.named_children():
            if isinstance(value, Module):
                yield from value.modules()

    def train(self, mode=True):
        """Switch dropout and batch normalization to training behavior; returns the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        """Switch to the behavior for prediction; returns the module."""
        return self.train(False)

    def zero_grad(self):
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.grad = None

    def _state(self):
        return {**{name: p.data for name, p in self.named_parameters()}, **dict(self.named_buffers())}

    def state_dict(self):
        """A copy of every parameter and buffer, by dotted name."""
        return {name: array.copy() for name, array in self._state().items()}

    def load_state_dict(self, state):
        """Copy the arrays (or tensors) of `state` into this module; ValueError, and no change, if any does not fit."""
        own = self._state()
        if missing := sorted(own.keys() - state.keys()):
            raise ValueError(f"the state lacks {', '.join(missing)}")
        if extra := sorted(state.keys() - own.keys()):
            raise ValueError(f"the state has names that the model lacks: {', '.join(extra)}")
        new = {name: np.asarray(value) for name, value in state.items()}
        for name, value in new.items():
            if value.shape != own[name].shape or value.dtype.kind not in "fiub":
                raise ValueError(f"{name}: expected numbers of shape {own[name].shape}, "
                                 f"got {value.dtype} {value.shape}")
        for name, array in own.items():
            array[...] = new[name]

    def save(self, path):
        """Write the state dict to a .npz file."""
        with open(path, "wb") as file:
            np.savez(file, **self._state())

    def load(self, path):
        """Read a file that `save` wrote; ValueError if it is damaged or holds pickled objects (they could run code)."""
        try:
            with np.load(path, allow_pickle=False) as file:
                state = dict(file)
        except FileNotFoundError:
            raise
        except Exception as error:  # a damaged file fails in a dozen ways
            raise ValueError(f"{path} is not a file of arrays written by save(): {error}") from error
        self.load_state_dict(state)

    def __repr__(self):
        lines = [f"  ({name}): " + repr(value).replace("\n", "\n  ")
                 for name, value in self.named_children() if isinstance(value, Module)]
        if lines:
            return "\n".join([f"{type(self).__name__}(", *lines, ")"])
        count = sum(p.data.size for p in self.parameters())
        return f"{type(self).__name__}({f'{count:,} parameters' if count else ''})"


class Sequential(Module):
    """Layers applied one after another."""

    def __init__(self, *layers):
        if wrong := [layer for layer in layers if not callable(layer)]:
            raise TypeError(f"Sequential expects layers, got {wrong[0]!r}")
        self.layers = layers

    def named_children(self):
        for i, layer in enumerate(self.layers):
            yield from _members(layer, str(i))  # PyTorch's names

    def __getitem__(self, index):
        return self.layers[index]

    def __len__(self):
        return len(self.layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
