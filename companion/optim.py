"""Optimizers turn gradients into changes of the parameters, in place; schedules change an optimizer's learning rate."""
import math

import numpy as np

from .tensor import Tensor


class Optimizer:
    """Keeps the parameters and, for each, the arrays that the rule must remember.

    Raises ValueError for no parameters, or a setting outside its range; TypeError for parameters that are not tensors.
    """

    def __init__(self, parameters, lr, weight_decay=0.0, **fractions):
        self.parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
        if not self.parameters:
            raise ValueError("the optimizer got no parameters")
        if wrong := [p for p in self.parameters if not isinstance(p, Tensor)]:
            raise TypeError(f"an optimizer expects parameters (tensors), got {type(wrong[0]).__name__}")
        for name, value in {"lr": lr, "weight_decay": weight_decay}.items():
            if not value >= 0:
                raise ValueError(f"{name} must be at least 0, got {value}")
        for name, value in fractions.items():
            if not 0 <= value < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, got {value}")
        self.lr, self.weight_decay = lr, weight_decay

    def zero_grad(self):
        """Forget the gradients of the last step."""
        for p in self.parameters:
            p.grad = None

    def slots(self):
        """One array of zeros for each parameter."""
        return [np.zeros_like(p.data) for p in self.parameters]

    def gradient(self, p):
        """The gradient that the rule sees: with the L2 penalty's weight_decay * p added."""
        return p.grad + self.weight_decay * p.data if self.weight_decay else p.grad

    def step(self):
        """Change every parameter that has a gradient."""
        raise NotImplementedError(f"{type(self).__name__} has no step method")


class SGD(Optimizer):
    """v = momentum * v + g,  p = p - lr * v (momentum: Polyak, 1964)."""

    def __init__(self, parameters, lr=1e-3, momentum=0.0, weight_decay=0.0):
        super().__init__(parameters, lr, weight_decay, momentum=momentum)
        self.momentum, self.v = momentum, self.slots()

    def step(self):
        for p, v in zip(self.parameters, self.v, strict=True):
            if p.grad is None:
                continue
            g = self.gradient(p)
            if self.momentum:
                v *= self.momentum
                v += g
                g = v
            p.data -= self.lr * g


class RMSprop(Optimizer):
    """v = alpha * v + (1 - alpha) * g^2,  p = p - lr * g / (sqrt(v) + eps) (Tieleman and Hinton, 2012)."""

    def __init__(self, parameters, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0):
        super().__init__(parameters, lr, weight_decay, alpha=alpha)
        self.alpha, self.eps, self.v = alpha, eps, self.slots()

    def step(self):
        for p, v in zip(self.parameters, self.v, strict=True):
            if p.grad is None:
                continue
            g = self.gradient(p)
            v *= self.alpha
            v += (1 - self.alpha) * g * g
            p.data -= self.lr * g / (np.sqrt(v) + self.eps)


def _blocks(*arrays):
    """Arrays of one shape in parts that the processor's cache keeps from the first pass over them to the last."""
    if arrays[0].size <= 2 ** 16:
        return [arrays]
    rows = max(1, 2 ** 15 * len(arrays[0]) // arrays[0].size)
    return [[array[i:i + rows] for array in arrays] for i in range(0, len(arrays[0]), rows)]


class Adam(Optimizer):
    """Steps along a running mean of the gradient, scaled by one of its square, both corrected for their start at 0.

    m = b1 * m + (1 - b1) * g,  v = b2 * v + (1 - b2) * g^2,
    p = p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps) (Kingma and Ba, 2015).
    """

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(parameters, lr, weight_decay, beta1=betas[0], beta2=betas[1])
        self.betas, self.eps, self.t = betas, eps, 0
        self.m, self.v = self.slots(), self.slots()

    def step(self):
        self.t += 1
        b1, b2 = self.betas
        # m and v are kept without their factors 1 - b1 and 1 - b2; these, the corrections and lr make one number
        # before the square root's eps and one after it.
        scale = math.sqrt((1 - b2) / (1 - b2 ** self.t))
        step_size, eps = self.lr * (1 - b1) / (1 - b1 ** self.t) / scale, self.eps / scale
        for p, all_m, all_v in zip(self.parameters, self.m, self.v, strict=True):
            if p.grad is None:
                continue
            for data, g, m, v in _blocks(p.data, self.gradient(p), all_m, all_v):
                m *= b1
                m += g
                v *= b2
                change = g * g
                v += change
                np.sqrt(v, out=change)
                change += eps
                np.divide(m, change, out=change)
                change *= step_size
                data -= change


class AdamW(Adam):
    """Adam with weight decay on the parameter itself: p = p - lr * weight_decay * p (Loshchilov and Hutter, 2019)."""

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def gradient(self, p):
        return p.grad

    def step(self):
        for p in self.parameters:
            if p.grad is not None:
                p.data *= 1 - self.lr * self.weight_decay
        super().step()


def clip_grad_norm(parameters, max_norm):
    """Scale all gradients together so that their joint length is at most max_norm; return the length before.

    Raises ValueError for max_norm <= 0, and for a length that is infinite or not a number (Pascanu et al., 2013).
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be positive, got {max_norm}")
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in gradients))
    if not math.isfinite(norm):
        raise ValueError(f"the gradients have the length {norm}: look for the step where they left the finite numbers")
    if norm > max_norm:
        for g in gradients:
            g *= max_norm / norm
    return norm


class LambdaLR:
    """Sets optimizer.lr to its starting value times factor(steps taken); call `step` after the optimizer's."""

    def __init__(self, optimizer, factor):
        self.optimizer, self.factor = optimizer, factor
        self.base_lr, self.t = optimizer.lr, 0
        optimizer.lr = self.base_lr * factor(0)

    def step(self):
        """Go on by one step (or epoch: whatever the schedule counts)."""
        self.t += 1
        self.optimizer.lr = self.base_lr * self.factor(self.t)


class StepLR(LambdaLR):
    """Multiply the learning rate by gamma after every step_size steps."""

    def __init__(self, optimizer, step_size, gamma=0.1):
        if step_size < 1:
            raise ValueError(f"StepLR expects step_size >= 1, got {step_size}")
        super().__init__(optimizer, lambda t: gamma ** (t // step_size))


class CosineLR(LambdaLR):
    """Rise in a line for `warmup` steps, then fall along half a cosine until `total` (Loshchilov and Hutter, 2017)."""

    def __init__(self, optimizer, total, warmup=0, min_factor=0.0):
        if not 0 <= warmup < total:
            raise ValueError(f"CosineLR expects 0 <= warmup < total, got warmup {warmup}, total {total}")

        def factor(t):
            if t < warmup:
                return (t + 1) / (warmup + 1)
            done = min(1.0, (t - warmup) / (total - warmup))
            return min_factor + (1 - min_factor) * 0.5 * (1 + math.cos(math.pi * done))

        super().__init__(optimizer, factor)
