"""Every plot draws on the Axes that it is given (or a new one), returns it, and shows what it was given."""
import matplotlib
import numpy as np
import pytest

from companion import Tensor, nn, plots
from companion import functional as F
from companion.training import History

matplotlib.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")

POINTS = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [3.0, 1.0]])
RECORD = History(loss=[3.0, 2.0, 1.0], val_loss=[3.0, 2.5, 2.4], lr=[0.1, 0.1, 0.1])
x = Tensor([[1.0, 2.0]], requires_grad=True)

DRAW = {
    "history": lambda **ax: plots.history(RECORD, **ax),
    "scatter": lambda **ax: plots.scatter(POINTS, [0, 1, 0, 1], names=["a", "b"], **ax),
    "decision_boundary": lambda **ax: plots.decision_boundary(
        nn.Linear(2, 3), Tensor(POINTS), [0, 1, 2, 1], resolution=9, **ax),
    "images": lambda **ax: plots.images(np.arange(48).reshape(3, 4, 4), titles=["a", "b", "c"], columns=2, **ax),
    "heatmap": lambda **ax: plots.heatmap(np.array([[0.25, 1.0], [2.0, 3.0]]), ["r0", "r1"], ["c0", "c1"], **ax),
    "graph": lambda **ax: plots.graph((F.softmax(x) * x).sum(), {"x": x}, **ax),
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_the_list_is_complete():
    functions = {name for name, value in vars(plots).items() if callable(value) and value.__module__ == plots.__name__
                 and not name.startswith("_")}
    assert functions == {*DRAW, "set_style"}


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
def test_it_draws_on_the_given_axes(draw):
    _, (left, right) = plt.subplots(1, 2)
    assert draw(ax=right) is right
    assert right.has_data() or right.texts
    assert not left.has_data()


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
def test_it_makes_a_figure_of_its_own(draw):
    ax = draw()
    assert plt.get_fignums() == [ax.figure.number]
    ax.figure.canvas.draw()


def test_history_draws_a_line_for_each_list_but_lr():
    lines = plots.history(RECORD).get_lines()
    assert [line.get_label() for line in lines] == ["loss", "val_loss"]
    assert lines[0].get_xdata().tolist() == [1, 2, 3]
    assert lines[0].get_linestyle() != lines[1].get_linestyle()
    assert len(plots.history(RECORD, ["lr"]).get_lines()) == 1


def test_scatter_gives_each_class_a_color_and_a_marker():
    first, second = plots.scatter(POINTS, np.array(["b", "a", "b", "b"])).collections
    assert first.get_offsets().tolist() == [[1, 1]]
    assert not np.array_equal(first.get_facecolor(), second.get_facecolor())
    assert len(first.get_paths()[0].vertices) != len(second.get_paths()[0].vertices)


@pytest.mark.parametrize("model", [
    lambda points: points[:, 0] - 1.5, lambda points: np.stack([1.5 - points[:, 0], points[:, 0] - 1.5], axis=1),
], ids=["one score", "a score for each class"])
def test_decision_boundary_colors_the_two_sides(model):
    mesh = plots.decision_boundary(model, POINTS, [0, 0, 1, 1], resolution=20).collections[0]
    region = np.asarray(mesh.get_array()).reshape(20, 20)
    assert (region[:, 0] == 0).all()
    assert (region[:, -1] == 1).all()


def test_decision_boundary_leaves_no_gradient():
    model = nn.Linear(2, 1)
    plots.decision_boundary(model, POINTS, [0, 1, 0, 1], resolution=5)
    assert model.weight.grad is None


def test_images_are_where_they_belong():
    ax = plots.images(np.arange(12).reshape(3, 2, 2), columns=2, limits=(0, 5))
    sheet = np.asarray(ax.images[0].get_array().filled(-1))
    assert sheet[1:3, :2].tolist() == [[0, 1], [2, 3]]
    assert sheet[4:6, :2].tolist() == [[8, 9], [10, 11]]
    assert ax.images[0].get_clim() == (0, 5)


def test_heatmap_writes_its_numbers_readably():
    ax = plots.heatmap(np.array([[0.251, 1.0]]), digits=1)
    assert [text.get_text() for text in ax.texts] == ["0.3", "1.0"]
    assert [text.get_color() for text in ax.texts] == ["white", "black"]
    assert [text.get_text() for text in plots.heatmap(np.array([[3]])).texts] == ["3"]
    assert not plots.heatmap(np.eye(2), values=False).texts


def test_graph_shows_operations_values_and_gradients():
    a, b = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    loss = (a * b + a).tanh()
    loss.backward()
    texts = {text.get_text() for text in plots.graph(loss, {"a": a, "b": b}).texts if text.get_text()}
    assert {"×\n6", "+\n8", "tanh\n1"} < texts
    assert any(text.startswith("a\n2\ngrad ") for text in texts)
    assert any("shape (1, 2)" in text.get_text() for text in DRAW["graph"]().texts)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: plots.images(np.ones((4, 4))), r"\(n, height, width\), got \(4, 4\)"),
    (lambda: plots.images(np.ones((0, 4, 4))), r"got \(0, 4, 4\)"),
    (lambda: plots.heatmap(np.ones(3)), r"expects a matrix, got shape \(3,\)"),
])
def test_errors_say_what_was_expected_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_set_style_pairs_each_color_with_a_dash():
    with matplotlib.rc_context():
        plots.set_style()
        cycle = list(matplotlib.rcParams["axes.prop_cycle"])
    assert len({entry["color"] for entry in cycle}) == len({str(entry["linestyle"]) for entry in cycle}) == 7
