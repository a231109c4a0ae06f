"""Two ways to check a gradient against differences of the function itself."""
import numpy as np

from .tensor import Tensor


def numerical_gradient(function, x, step=1e-5):
    """The gradient of a scalar function at the array x, by central differences, one element at a time.

    function: takes an array of x's shape, returns a number. Two calls for each element: right for learning and for
    small arrays. Returns a float64 array of x's shape.
    """
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += step
        below[index] -= step
        gradient[index] = (float(function(above)) - float(function(below))) / (2 * step)
    return gradient


def gradcheck(function, *inputs, step=1e-5, tolerance=1e-6, seed=0):
    """Compare the gradients that `function` propagates with central differences, in float64; return True or raise.

    function: takes tensors, returns a tensor of any shape. inputs: floating-point arrays. All elements are moved
    along one random direction at once, so the cost is two evaluations however large the inputs are; the
    direction catches any wrong element, except by a coincidence of probability zero.

    Raises ValueError that names the input whose gradient is wrong, with both values.
    """
    rng = np.random.default_rng(seed)
    arrays = [np.array(x, dtype=np.float64) for x in inputs]
    tensors = [Tensor(array, requires_grad=True, dtype=np.float64) for array in arrays]
    out = function(*tensors)
    weights = rng.uniform(0.5, 1.5, out.shape)  # the scalar that is checked: sum(weights * out)
    out.backward(weights)
    for position, (array, tensor) in enumerate(zip(arrays, tensors, strict=True)):
        direction = rng.uniform(0.5, 1.5, array.shape) * rng.choice([-1, 1], array.shape)

        def moved(amount, position=position, direction=direction):
            changed = list(arrays)
            changed[position] = arrays[position] + amount * direction
            return float((function(*[Tensor(a, dtype=np.float64) for a in changed]).data * weights).sum())

        expected = (moved(step) - moved(-step)) / (2 * step)
        got = 0.0 if tensor.grad is None else float((tensor.grad * direction).sum())
        if not abs(got - expected) <= tolerance * max(1.0, abs(expected)):
            raise ValueError(f"the gradient of input {position} (shape {array.shape}) is wrong along a direction: "
                             f"backward gives {got:.8g}, differences give {expected:.8g}")
    return True
