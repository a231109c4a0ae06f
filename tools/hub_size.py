"""How large a JupyterHub on Kubernetes must be for a class, from what one learner was measured to need; and the
links that open the course on a hub or on Binder. The page "Teaching with this course" shows both."""

import math
from dataclasses import dataclass
from urllib.parse import quote, urlencode

GIB = 2**30
PODS_PER_NODE = 110  # https://kubernetes.io/docs/setup/best-practices/cluster-large/
WEEKS = 8


@dataclass(frozen=True)
class Learner:
    """What a learner is given: memory in GiB, CPU in cores. The guarantees decide how many fit on a node."""

    memory_guarantee: float
    memory_limit: float
    cpu_guarantee: float
    cpu_limit: float


@dataclass(frozen=True)
class Node:
    """A machine of the cluster: memory in GiB, cores, and what Kubernetes keeps of it for itself."""

    memory: float = 32
    cores: float = 8
    kept: float = 0.1  # of memory and of cores
    system_pods: int = 10


@dataclass(frozen=True)
class Class:
    """A class: how many learners, which share of them has a server at the busiest time and why, and for how many
    hours a week it is that busy."""

    learners: int
    share: float
    why: str
    busy_hours: float


@dataclass(frozen=True)
class Size:
    """What a class needs: servers at once, seats kept free, learners on a node, nodes, disk in GiB, node-hours."""

    learners: int
    active: int
    placeholders: int
    per_node: int
    nodes: int
    storage: int
    node_hours: int


NODE = Node()
CLASSES = (
    Class(30, 1.0, "one lesson for all", busy_hours=3),
    Class(300, 0.5, "groups and evenings", busy_hours=15),
    Class(3000, 0.2, "at their own pace", busy_hours=40),
)


def learner(peak_memory_mb, cpu_seconds, minutes):
    """What to give a learner, from the peak memory (MB) and the CPU seconds of the heaviest chapter.

    The memory guarantee is the peak and a quarter, rounded up to a quarter of a GiB; the limit is twice that. The CPU
    guarantee is twice the average over the `minutes` spent with a chapter, at least 0.05 cores; the limit is two.
    """
    guarantee = math.ceil(1.25 * peak_memory_mb * 1e6 / GIB * 4) / 4
    share = max(0.05, math.ceil(200 * cpu_seconds / (60 * minutes)) / 100)
    return Learner(guarantee, 2 * guarantee, share, 2.0)


def fits(one, node=NODE):
    """How many learners fit on a node by memory, by CPU and by the number of pods."""
    usable = 1 - node.kept
    return {
        "memory": math.floor(node.memory * usable / one.memory_guarantee),
        "CPU": math.floor(node.cores * usable / one.cpu_guarantee),
        "the number of pods": PODS_PER_NODE - node.system_pods,
    }


def per_node(one, node=NODE):
    """How many learners fit on a node."""
    return min(fits(one, node).values())


def size(usage, one, node=NODE, weeks=WEEKS, home=1.0):
    """The cluster for a class: its nodes hold the servers of the busiest time and a tenth more, as placeholders.

    Placeholders are seats that stand ready for those who come next. `home` is the disk of a learner in GiB.
    Node-hours count the nodes for the busy hours of `weeks` weeks, since an autoscaled cluster lets them go
    afterwards, and one more node, for the hub itself, day and night.
    """
    active = math.ceil(usage.learners * usage.share)
    placeholders = math.ceil(active / 10)
    seats = per_node(one, node)
    nodes = math.ceil((active + placeholders) / seats)
    node_hours = math.ceil(nodes * usage.busy_hours * weeks + 7 * 24 * weeks)
    return Size(usage.learners, active, placeholders, seats, nodes, math.ceil(usage.learners * home), node_hours)


def wait_together(cpu_seconds, one, node=NODE):
    """Seconds for a chapter when all learners of a full node run it at once, sharing the cores evenly."""
    return per_node(one, node) * cpu_seconds / (node.cores * (1 - node.kept))


# ---- Links


def parts(repository):
    """Owner and name of a repository from its address."""
    *_, owner, name = repository.rstrip("/").removesuffix(".git").split("/")
    return owner, name


def hub_link(hub, repository, chapter, branch="main"):
    """The nbgitpuller link that fetches the course on a hub and opens a chapter there in JupyterLab."""
    _, name = parts(repository)
    path = f"lab/tree/{name}/book/{chapter}.ipynb"
    query = urlencode({"repo": repository, "urlpath": path, "branch": branch}, safe="/")
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{query}"


def binder_link(repository, chapter, branch="main", binder="https://mybinder.org"):
    """The link that opens a chapter on Binder in JupyterLab."""
    owner, name = parts(repository)
    return f"{binder}/v2/gh/{owner}/{name}/{branch}?urlpath=lab/tree/book/{quote(chapter)}.ipynb"
