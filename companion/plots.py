"""Figures of the course. Each function draws on `ax` (a new one if None) and returns it.

Colors are those of Okabe and Ito (2008), distinct for all kinds of color vision; a marker or dash is the second cue.
Matplotlib is imported inside the functions, so that `import companion` needs NumPy only.
"""
import numpy as np

from .tensor import Tensor, no_grad, topological_order

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333")
MARKERS = ("o", "^", "s", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 2)), (0, (8, 2)))


def set_style():
    """The course's look for all figures of this session: colors with dashes, no box, readable sizes."""
    import matplotlib.pyplot as plt
    plt.rcParams.update({
        "figure.figsize": (6.4, 3.8), "figure.dpi": 100, "savefig.bbox": "tight", "figure.constrained_layout.use": True,
        "font.size": 11, "axes.titlesize": 12, "axes.titleweight": "bold", "axes.titlelocation": "left",
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": False, "lines.linewidth": 2,
        "legend.frameon": False, "image.cmap": "viridis",
        "axes.prop_cycle": plt.cycler(color=COLORS) + plt.cycler(linestyle=DASHES),
    })


def _axes(ax, **size):
    import matplotlib.pyplot as plt
    return plt.subplots(**size)[1] if ax is None else ax


def history(record, names=None, ax=None):
    """Curves of a training History against the epoch. names: which of its lists, all but "lr" if None."""
    ax = _axes(ax)
    names = [name for name in record if name != "lr"] if names is None else names
    for i, name in enumerate(names):
        epochs = np.arange(1, len(record[name]) + 1)
        ax.plot(epochs, record[name], label=name, color=COLORS[i % 7], linestyle=DASHES[i % 7])
    ax.set(xlabel="epoch", ylabel="value")
    ax.legend()
    return ax


def decision_boundary(model, x, labels, ax=None, resolution=200, margin=0.4):
    """The regions that a classifier assigns to each class, and the points on top.

    model: takes points (n, 2), returns one score for each (positive: class 1) or one per class. x (n, 2), labels (n,).
    """
    from matplotlib.colors import ListedColormap
    ax = _axes(ax)
    x, labels = np.asarray(x), np.asarray(labels)
    (left, bottom), (right, top) = x.min(axis=0) - margin, x.max(axis=0) + margin
    grid = np.stack(np.meshgrid(np.linspace(left, right, resolution), np.linspace(bottom, top, resolution)), axis=-1)
    points = grid.reshape(-1, 2)
    with no_grad():
        scores = np.asarray(model(Tensor(points) if hasattr(model, "parameters") else points))
    region = scores.argmax(axis=1) if scores.ndim == 2 and scores.shape[1] > 1 else scores.reshape(-1) > 0
    classes = len(np.unique(labels))
    ax.pcolormesh(grid[..., 0], grid[..., 1], region.reshape(grid.shape[:2]).astype(float), alpha=0.25, shading="auto",
                  cmap=ListedColormap(COLORS[:max(classes, 2)]), vmin=0, vmax=max(classes, 2) - 1, rasterized=True)
    scatter(x, labels, ax=ax)
    return ax


def scatter(x, labels, names=None, ax=None, size=22):
    """Points (n, 2) with a color and a marker for each class. names: for the legend, in the order of sorted labels."""
    ax = _axes(ax)
    x, labels = np.asarray(x), np.asarray(labels)
    for i, label in enumerate(np.unique(labels)):
        chosen = labels == label
        ax.scatter(x[chosen, 0], x[chosen, 1], s=size, color=COLORS[i % 7], marker=MARKERS[i % 7], edgecolor="white",
                   linewidth=0.5, label=None if names is None else names[i])
    if names is not None:
        ax.legend()
    return ax


def images(pictures, titles=None, columns=8, ax=None, cmap="gray", limits=None):
    """Pictures (n, h, w) in rows, on one Axes. titles: n short strings. limits: (low, high) of the gray scale."""
    pictures = np.asarray(pictures)
    if pictures.ndim != 3 or not pictures.size:
        raise ValueError(f"images expects pictures of shape (n, height, width), got {pictures.shape}")
    n, height, width = pictures.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    gap = 1 if titles is None else max(1, round(0.3 * height))
    sheet = np.full((rows * (height + gap), columns * (width + 1)), np.nan)
    ax = _axes(ax, figsize=(0.9 * columns, (0.9 if titles is None else 1.15) * rows))
    for k, picture in enumerate(pictures):
        top, left = (k // columns) * (height + gap) + gap, (k % columns) * (width + 1)
        sheet[top:top + height, left:left + width] = picture
        if titles is not None:
            ax.text(left + width / 2 - 0.5, top - 0.7, titles[k], ha="center", va="bottom", fontsize=9)
    low, high = limits or (np.nanmin(sheet), np.nanmax(sheet))
    ax.imshow(sheet, cmap=cmap, vmin=low, vmax=high)
    ax.axis("off")
    return ax


def heatmap(matrix, rows=None, columns=None, ax=None, cmap="viridis", values=True, digits=2):
    """A matrix (n, m) as colors, with its numbers written in (values=True). rows, columns: names along the sides."""
    matrix = np.asarray(matrix)
    if matrix.ndim != 2:
        raise ValueError(f"heatmap expects a matrix, got shape {matrix.shape}")
    ax = _axes(ax)
    picture = ax.imshow(matrix, cmap=cmap, aspect="auto")
    for axis, labels in ((ax.yaxis, rows), (ax.xaxis, columns)):
        if labels is not None:
            axis.set_ticks(range(len(labels)), labels)
    if values:
        for (i, j), value in np.ndenumerate(matrix):
            red, green, blue, _ = picture.cmap(picture.norm(value))
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
            text = str(value) if matrix.dtype.kind in "iu" else f"{value:.{digits}f}"
            ax.text(j, i, text, ha="center", va="center", color="white" if dark else "black", fontsize=9)
    return ax


def graph(result, names=None, ax=None):
    """The computational graph of a tensor, from the leaves on the left to the result on the right.

    names: a dict from name to tensor, for labels. A node shows its operation, value (or shape), and gradient if kept.
    """
    results = topological_order(result)
    leaves = {id(p): p for node in results for p in node._parents if p.requires_grad and p._backward is None}
    order = [*leaves.values(), *results]
    labels = {id(tensor): name for name, tensor in (names or {}).items()}
    depth, height, place = {}, {}, {}
    for node in order:
        depth[id(node)] = 1 + max((depth[id(p)] for p in node._parents if p.requires_grad), default=-1)
    for node in order:
        level = depth[id(node)]
        place[id(node)] = (level, height.get(level, 0))
        height[level] = height.get(level, 0) + 1
    ax = _axes(ax, figsize=(1.7 * (1 + max(height)), 1.1 * max(height.values()) + 0.4))
    for node in order:
        level, row = place[id(node)]
        x, y = place[id(node)] = (level, row - (height[level] - 1) / 2)
        for parent in node._parents:
            if parent.requires_grad:
                arrow = {"arrowstyle": "->", "color": "#777777", "shrinkA": 24, "shrinkB": 24}
                ax.annotate("", (x, y), place[id(parent)], arrowprops=arrow)
    for node in order:
        gradient = None if node.grad is None else f"grad {_short(node.grad)}"
        lines = [labels.get(id(node)), _operation(node), _short(node.data), gradient]
        box = {"boxstyle": "round", "facecolor": "white" if node._backward else "#E8F1F8", "edgecolor": COLORS[0]}
        ax.text(*place[id(node)], "\n".join(filter(None, lines)), ha="center", va="center", fontsize=9, bbox=box)
    tall = max(height.values()) / 2
    ax.set(xlim=(-0.6, max(height) + 0.6), ylim=(-tall - 0.3, tall + 0.3))
    ax.axis("off")
    return ax


def _operation(node):
    """The name of the function that made this node, read off its backward function; None for a leaf."""
    if node._backward is None:
        return None
    name = node._backward.__qualname__.split(".<locals>")[0].rpartition(".")[2].strip("_")
    return {"add": "+", "mul": "×", "truediv": "÷", "matmul": "@", "pow": "power", "getitem": "index"}.get(name, name)


def _short(array):
    return f"{array.item():.3g}" if array.size == 1 else f"shape {array.shape}"
