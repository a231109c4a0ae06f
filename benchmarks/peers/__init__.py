"""The peers: what runs beside companion, and how.

A peer's module has `trainer(work)`: it builds the model from `work.weights` and returns a function that makes one
training step and returns the loss before the update. `set_threads(threads)` is called where there is one.
"""
from dataclasses import dataclass, field

# What companion asks of the C library at import: keep freed memory instead of giving it back to the system.
ALLOCATOR = {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=67108864"}


@dataclass(frozen=True)
class Peer:
    """One column of the table.

    module: the name in this folder. package: what must be installed for it. environment: extra variables of its
    process. cannot: workload -> why there is no number.
    """

    title: str
    module: str
    package: str
    environment: dict = field(default_factory=dict)
    cannot: dict = field(default_factory=dict)


ONLY_MLP = "has fully connected layers only"

PEERS = {
    "companion": Peer("companion", "ours", "companion"),
    "torch": Peer("PyTorch, eager", "pytorch", "torch"),
    "torch+allocator": Peer("PyTorch, allocator set as companion's", "pytorch", "torch", ALLOCATOR),
    "keras": Peer("Keras on PyTorch", "keras_on_torch", "keras", {"KERAS_BACKEND": "torch"}),
    "jax": Peer("JAX, compiled", "jax_compiled", "jax"),
    "autograd": Peer("HIPS autograd", "hips_autograd", "autograd"),
    "tinygrad": Peer("tinygrad, compiled", "tinygrad_compiled", "tinygrad", {}, {
        "W4": "has no recurrent layer; 64 steps, unrolled, do not compile within minutes"}),
    "scikit-learn": Peer("scikit-learn", "scikit_learn", "sklearn", {}, dict.fromkeys(("W3", "W4", "W5"), ONLY_MLP)),
    "micrograd": Peer("micrograd", "micro_grad", "micrograd", {}, {
        "W1": "one object for each number: a step would take hours",
        **dict.fromkeys(("W3", "W4", "W5"), ONLY_MLP)}),
}
