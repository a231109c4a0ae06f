"""A NumPy array that remembers how it was computed.

An operation does three things: it computes a result with NumPy, it remembers the tensors that the result came
from, and it keeps a function that turns the gradient of the result into gradients of those tensors.
`Tensor.backward` walks this graph once, in reverse: reverse-mode automatic differentiation (Linnainmaa, 1970).

Convention: a backward function receives `g`, the gradient of the loss with respect to the result (an array of the
result's shape), and returns one array for each parent, or None for a parent that needs none: a new array, or `g` or
a view of it, never one that it keeps or returns twice. It may keep arrays and parents but never the result tensor:
without that cycle, memory is free as soon as the last name is gone.
"""
from contextlib import contextmanager
from operator import attrgetter

import numpy as np

# The C library hands every large array back to the system and asks for it anew, page by page, until a block of this
# size has been freed once: then it keeps the memory, and a training step takes up to half the time.
np.empty(32_000_000, np.uint8)

_recording = True
_default_dtype = np.dtype(np.float32)


def set_default_dtype(dtype):
    """Choose the precision of new floating-point tensors: float32 (at the start) or float64."""
    global _default_dtype
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"set_default_dtype expects float32 or float64, got {dtype}")
    _default_dtype = dtype


def get_default_dtype():
    """The precision of new floating-point tensors."""
    return _default_dtype


@contextmanager
def no_grad():
    """Compute without recording a graph: for evaluation and for changing parameters by hand."""
    global _recording
    previous, _recording = _recording, False
    try:
        yield
    finally:
        _recording = previous


def unbroadcast(g, shape):
    """Undo NumPy's broadcasting: sum `g` over the axes along which `shape` was stretched.

    A value copied to many places in the forward pass collects the gradients of all those places.
    """
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    stretched = [i + extra for i, n in enumerate(shape) if n == 1]
    return g.sum(axis=(*range(extra), *stretched), keepdims=True).reshape(shape)


def topological_order(root):
    """Every result that `root` was computed from and that needs a gradient, parents before children, without leaves.

    Written with a stack of its own: a long chain would exceed Python's recursion limit.
    """
    order, seen, stack = [], set(), [root]
    while stack:
        node = stack.pop()
        if node is None:  # all parents of the one below are done
            order.append(stack.pop())
        elif id(node) not in seen:
            seen.add(id(node))
            stack += node, None
            for parent in node._parents:
                if parent._backward is not None and id(parent) not in seen:
                    stack.append(parent)
    return order


class Tensor:
    """An n-dimensional array that can have a gradient.

    data: an array, a number, or nested lists of numbers. Floating-point data takes the default precision
        (see `set_default_dtype`) unless `dtype` says otherwise; integers and booleans stay as they are.
    requires_grad: whether `backward` should leave the gradient in `.grad`.

    Raises TypeError for data that are not numbers, ValueError for an integer tensor that requires a gradient.
    """

    __slots__ = ("data", "grad", "requires_grad", "_parents", "_backward", "_retains_grad", "__weakref__")
    __array_ufunc__ = None  # `array + tensor` then calls Tensor.__radd__ instead of making an object array

    def __init__(self, data, requires_grad=False, dtype=None):
        array = np.asarray(data)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"a tensor holds real numbers, got {type(data).__name__} of dtype {array.dtype}")
        if dtype is None and array.dtype.kind == "f":
            dtype = _default_dtype
        self.data = array if dtype is None else array.astype(dtype, copy=False)
        if requires_grad and self.data.dtype.kind != "f":
            raise ValueError(f"only floating-point tensors can require a gradient, got dtype {self.data.dtype}")
        self.grad = None
        self.requires_grad = requires_grad
        self._parents = ()
        self._backward = None
        self._retains_grad = False

    @classmethod
    def from_op(cls, data, parents, backward):
        """The result of an operation: all that a new operation needs to call.

        data: the result, an array. parents: the tensors it was computed from. backward: see this module's first words.
        """
        out = Tensor.__new__(Tensor)
        out.data = data if type(data) is np.ndarray else np.asarray(data)
        if out.data.dtype is not _default_dtype and out.data.dtype.kind == "f":
            if not any(parent.dtype.kind == "f" for parent in parents):  # NumPy makes float64 of integers
                out.data = out.data.astype(_default_dtype)
        out.grad, out._retains_grad = None, False
        out.requires_grad = _recording and True in [parent.requires_grad for parent in parents]
        out._parents, out._backward = (parents, backward) if out.requires_grad else ((), None)
        return out

    def backward(self, gradient=None):
        """Add the gradient of this tensor to `.grad` of every leaf (and retained tensor) that requires one.

        gradient: an array of this tensor's shape; 1 for a tensor with one element.

        Raises ValueError where there is no graph, or where `gradient` is missing or has another shape.
        """
        if not self.requires_grad:
            raise ValueError("backward() needs a tensor computed from one that requires a gradient")
        if gradient is None:
            if self.data.size != 1:
                raise ValueError(f"backward() starts from one number, such as a loss; this has the shape {self.shape}. "
                                 "Reduce it first, or pass the gradient")
            gradient = np.ones_like(self.data)
        gradient = np.asarray(gradient, self.dtype)
        if gradient.shape != self.shape:
            raise ValueError(f"the gradient must have the tensor's shape {self.shape}, got {gradient.shape}")
        if self._backward is None:
            _receive(self, gradient.copy())
            return
        pending, owned = {id(self): gradient}, set()  # gradients on their way; those we may add to in place
        for node in reversed(topological_order(self)):
            g = pending.pop(id(node), None)
            if g is None:  # every path to this node was cut by an operation that returned None for it
                continue
            if node._retains_grad:
                _receive(node, g.copy())
            for parent, parent_g in zip(node._parents, node._backward(g), strict=True):
                if parent_g is None or not parent.requires_grad:
                    continue
                key = id(parent)
                if parent._backward is None:
                    _receive(parent, parent_g.copy() if parent_g is g else parent_g)
                elif key not in pending:
                    pending[key] = parent_g
                elif key in owned:
                    pending[key] += parent_g
                else:
                    pending[key] = pending[key] + parent_g
                    owned.add(key)

    # ---- what it is ----
    shape = property(attrgetter("data.shape"), doc="The length of each axis, a tuple.")
    ndim = property(attrgetter("data.ndim"), doc="The number of axes.")
    dtype = property(attrgetter("data.dtype"), doc="The kind of number, as NumPy names it.")
    T = property(lambda self: self.transpose(), doc="The axes in reverse order.")

    def item(self):
        """The one element, as a Python number."""
        return self.data.item()

    def numpy(self):
        """The values as an array (not a copy)."""
        return self.data

    def detach(self):
        """The same values, cut off from the graph."""
        return Tensor(self.data, dtype=self.dtype)

    def retain_grad(self):
        """Keep the gradient of this intermediate result in `.grad`, too."""
        self._retains_grad = True
        return self

    def __array__(self, dtype=None, copy=None):
        return np.array(self.data, dtype, copy=copy)

    def __len__(self):
        return len(self.data)

    def __repr__(self):
        values = np.array2string(self.data, separator=", ", prefix="Tensor(")
        return f"Tensor({values}{', requires_grad=True' if self.requires_grad else ''})"

    # Comparisons give boolean arrays: they have no gradient.
    def __gt__(self, other): return self.data > as_tensor(other, self.dtype).data
    def __lt__(self, other): return self.data < as_tensor(other, self.dtype).data
    def __ge__(self, other): return self.data >= as_tensor(other, self.dtype).data
    def __le__(self, other): return self.data <= as_tensor(other, self.dtype).data

    # ---- arithmetic ----
    def __add__(self, other):
        a, b = _operands(self, other)

        def backward(g):
            return unbroadcast(g, a.shape), unbroadcast(g, b.shape)

        return Tensor.from_op(a.data + b.data, (a, b), backward)

    def __sub__(self, other):
        a, b = _operands(self, other)

        def backward(g):
            return unbroadcast(g, a.shape), unbroadcast(-g, b.shape) if b.requires_grad else None

        return Tensor.from_op(a.data - b.data, (a, b), backward)

    def __mul__(self, other):
        a, b = _operands(self, other)

        def backward(g):
            return (unbroadcast(g * b.data, a.shape) if a.requires_grad else None,
                    unbroadcast(g * a.data, b.shape) if b.requires_grad else None)

        return Tensor.from_op(a.data * b.data, (a, b), backward)

    def __truediv__(self, other):
        """Raises ValueError for a divisor of 0."""
        a, b = _operands(self, other)
        if not b.data.all():
            raise ValueError("division by zero: the divisor contains a 0; add a small constant to it")
        quotient = a.data / b.data

        def backward(g):
            g = g / b.data
            return unbroadcast(g, a.shape), unbroadcast(-g * quotient, b.shape)

        return Tensor.from_op(quotient, (a, b), backward)

    def __pow__(self, exponent):
        """A constant power; for a variable exponent b write `(b * a.log()).exp()`."""
        if not isinstance(exponent, (int, float, np.integer, np.floating)) or isinstance(exponent, bool):
            raise TypeError(f"the exponent must be a constant number, got {type(exponent).__name__}")
        exponent = exponent.item() if isinstance(exponent, np.generic) else exponent
        if exponent != int(exponent) and (self.data < 0).any():
            raise ValueError(f"a negative number has no real power {exponent}; got {self.data.min()}")
        if exponent < 0 and not self.data.all():
            raise ValueError(f"0 has no power {exponent}")

        def backward(g):
            if 0 < exponent < 1 and not self.data.all():
                raise ValueError(f"x ** {exponent} has no finite gradient at 0; add a small constant first")
            return (g * exponent * self.data ** (exponent - 1) if exponent else np.zeros_like(g),)

        return Tensor.from_op(self.data ** exponent, (self,), backward)

    def __matmul__(self, other):
        """Matrix product over the last two axes, as in NumPy: leading axes broadcast, vectors are allowed."""
        a, b = _operands(self, other)
        if not a.ndim or not b.ndim or a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
            raise ValueError(f"the matrix product @ needs (..., n) and (n, ...), got shapes {a.shape} and {b.shape}")
        if b.ndim == 1:
            return (a @ b.reshape(-1, 1))[..., 0]
        if a.ndim == 1:
            return (a.reshape(1, -1) @ b)[..., 0, :]

        def backward(g):
            g_a = unbroadcast(g @ b.data.swapaxes(-1, -2), a.shape) if a.requires_grad else None
            g_b = unbroadcast(a.data.swapaxes(-1, -2) @ g, b.shape) if b.requires_grad else None
            return g_a, g_b

        return Tensor.from_op(a.data @ b.data, (a, b), backward)

    def __neg__(self): return self * -1
    def __rsub__(self, other): return as_tensor(other, self.dtype) - self
    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
    def __rtruediv__(self, other): return as_tensor(other, self.dtype) / self
    def __rmatmul__(self, other): return as_tensor(other, self.dtype) @ self

    # ---- functions of each element ----
    def exp(self):
        """Raises ValueError where the result would overflow."""
        limit = np.log(np.finfo(self.dtype if self.dtype.kind == "f" else _default_dtype).max)
        if (self.data > limit).any():
            raise ValueError(f"exp overflows above {limit:.1f}, got {self.data.max()}; subtract the maximum first, "
                             "or use functional.softmax or functional.log_softmax")
        out = np.exp(self.data)
        return Tensor.from_op(out, (self,), lambda g: (g * out,))

    def log(self):
        """Raises ValueError for values that are not positive."""
        if (self.data <= 0).any():
            raise ValueError(f"log needs positive numbers, got {self.data.min()}; for probabilities use log_softmax")
        return Tensor.from_op(np.log(self.data), (self,), lambda g: (g / self.data,))

    def sqrt(self):
        """Raises ValueError for negative values, and in the backward pass at 0."""
        return self ** 0.5

    def tanh(self):
        out = np.tanh(self.data)
        return Tensor.from_op(out, (self,), lambda g: (g * (1 - out * out),))

    def sigmoid(self):
        """1 / (1 + exp(-x)), by way of tanh, which never overflows."""
        out = 0.5 * (1 + np.tanh(0.5 * self.data))
        return Tensor.from_op(out, (self,), lambda g: (g * out * (1 - out),))

    def relu(self):
        """max(x, 0); the gradient at 0 is 0."""
        return Tensor.from_op(np.maximum(self.data, 0), (self,), lambda g: (g * (self.data > 0),))

    def abs(self):
        """|x|; the gradient at 0 is 0."""
        return Tensor.from_op(np.abs(self.data), (self,), lambda g: (g * np.sign(self.data),))

    def clip(self, low, high):
        """Limit each element to [low, high]; outside, the gradient is 0."""
        low, high = np.asarray(low).item(), np.asarray(high).item()  # a NumPy float64 would make float64 of float32
        if low > high:
            raise ValueError(f"clip expects low <= high, got {low} and {high}")
        inside = (self.data >= low) & (self.data <= high)
        return Tensor.from_op(self.data.clip(low, high), (self,), lambda g: (g * inside,))

    # ---- reductions ----
    def sum(self, axis=None, keepdims=False):
        def backward(g):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return (np.broadcast_to(g, self.shape),)

        return Tensor.from_op(self.data.sum(axis, keepdims=keepdims), (self,), backward)

    def mean(self, axis=None, keepdims=False):
        """Raises ValueError for the mean of no elements."""
        if not self.data.size:
            raise ValueError(f"mean needs at least one element, got shape {self.shape}")
        total = self.data.sum(axis, keepdims=keepdims)
        share = total.size / self.data.size

        def backward(g):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return (np.broadcast_to(g * share, self.shape),)

        return Tensor.from_op(total * share, (self,), backward)

    def var(self, axis=None, keepdims=False):
        """Variance with divisor n: the one that batch and layer normalization use."""
        return ((self - self.mean(axis, keepdims=True)) ** 2).mean(axis, keepdims)

    def max(self, axis=None, keepdims=False):
        """The maximum; where several elements tie, they share the gradient equally."""
        if not self.data.size:
            raise ValueError(f"max needs at least one element, got shape {self.shape}")
        top = self.data.max(axis, keepdims=True)

        def backward(g):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            winners = self.data == top
            return (g * winners / winners.sum(axis, keepdims=True, dtype=self.dtype),)

        return Tensor.from_op(top if keepdims else top.squeeze(axis), (self,), backward)

    # ---- shape ----
    def reshape(self, *shape):
        return Tensor.from_op(self.data.reshape(*shape), (self,), lambda g: (g.reshape(self.shape),))

    def flatten(self, start_axis=0):
        """Join the axes from `start_axis` on into one."""
        return self.reshape(*self.shape[:start_axis], int(np.prod(self.shape[start_axis:])))

    def transpose(self, *axes):
        """Reorder the axes; without argument, reverse them."""
        out = self.data.transpose(*axes)
        back = np.argsort(np.arange(self.ndim)[np.ravel(axes)]) if axes else None
        return Tensor.from_op(out, (self,), lambda g: (g.transpose(back),))

    def swapaxes(self, axis1, axis2):
        return Tensor.from_op(self.data.swapaxes(axis1, axis2), (self,), lambda g: (g.swapaxes(axis1, axis2),))

    def __getitem__(self, index):
        parts = index if isinstance(index, tuple) else (index,)
        index = tuple(part.data if isinstance(part, Tensor) else part for part in parts)

        def backward(g):
            out = np.zeros_like(self.data)
            if _picks_once(index):
                out[index] = g
            else:
                np.add.at(out, index, g)
            return (out,)

        return Tensor.from_op(self.data[index], (self,), backward)


def _receive(tensor, g):
    """Add to `tensor.grad`, which becomes an array of its own: `g` itself unless that is a view of another one."""
    if tensor.grad is not None:
        g = tensor.grad + g
    own = type(g) is np.ndarray and g.base is None and g.dtype == tensor.dtype
    tensor.grad = g if own else np.array(g, tensor.dtype)


class Parameter(Tensor):
    """A tensor that a model learns: `Module.parameters` finds it, an optimizer changes its `.data`."""

    __slots__ = ()

    def __init__(self, data, dtype=None):
        super().__init__(np.array(data), requires_grad=True, dtype=dtype)  # a copy: the optimizer works in place


def as_tensor(value, dtype=None):
    """`value` as a tensor; a plain number or array takes the floating-point `dtype` of the tensor it meets."""
    if isinstance(value, Tensor):
        return value
    return Tensor(value, dtype=dtype if dtype is not None and dtype.kind == "f" else None)


def _operands(a, b):
    """Both as tensors; integers that meet floating-point numbers take their dtype (NumPy would go to float64)."""
    b = as_tensor(b, a.dtype)
    if a.data.dtype is not b.data.dtype:
        if a.dtype.kind != "f" and b.dtype.kind == "f":
            a = Tensor(a.data, dtype=b.dtype)
        elif b.dtype.kind != "f" and a.dtype.kind == "f":
            b = Tensor(b.data, dtype=a.dtype)
    return a, b


def _picks_once(parts):
    """True for integers, slices and masks, which pick no element twice."""
    return all(isinstance(part, (int, np.integer, slice, type(...), type(None)))
               or (isinstance(part, np.ndarray) and part.dtype == bool) for part in parts)


def _joint_dtype(tensors):
    """As in `_operands`: integers do not count beside floating-point numbers."""
    dtypes = [tensor.dtype for tensor in tensors]
    return np.result_type(*[dtype for dtype in dtypes if dtype.kind == "f"] or dtypes or [_default_dtype])


def concatenate(tensors, axis=0):
    """Join tensors along an existing axis."""
    tensors = tuple(as_tensor(tensor) for tensor in tensors)
    joined = np.concatenate([t.data for t in tensors], axis, dtype=_joint_dtype(tensors))
    cuts = np.cumsum([tensor.shape[axis] for tensor in tensors])[:-1]
    return Tensor.from_op(joined, tensors, lambda g: np.split(g, cuts, axis))


def stack(tensors, axis=0):
    """Join tensors of one shape along a new axis."""
    tensors = tuple(as_tensor(tensor) for tensor in tensors)
    if len({tensor.shape for tensor in tensors}) != 1:
        raise ValueError(f"stack expects tensors of one shape, got {[tensor.shape for tensor in tensors]}")
    joined = np.stack([t.data for t in tensors], axis, dtype=_joint_dtype(tensors))
    return Tensor.from_op(joined, tensors, lambda g: tuple(np.moveaxis(g, axis, 0)))


def where(condition, a, b):
    """Elements of `a` where `condition` is true, of `b` elsewhere; each gets the gradient of what was taken."""
    condition = np.asarray(condition, dtype=bool)
    a, b = _operands(as_tensor(a, b.dtype if isinstance(b, Tensor) else None), b)

    def backward(g):
        return unbroadcast(g * condition, a.shape), unbroadcast(g * ~condition, b.shape)

    return Tensor.from_op(np.where(condition, a.data, b.data), (a, b), backward)
