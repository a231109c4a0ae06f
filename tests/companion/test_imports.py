"""What importing companion loads, which module may import which, and that everything public is documented."""
import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import companion

ROOT = Path(companion.__file__).parent

# The map of the package: a module imports only from lines above its own.
LAYERS = [
    {"rng", "weights"},
    {"tensor"},
    {"functional", "gradients"},
    {"nn.init", "nn.module"},
    {"nn.layers", "nn.norm", "nn.recurrent", "nn.losses"},
    {"nn.attention"},
    {"nn"},
    {"optim", "data", "detection", "plots"},
    {"training"},
    {""},           # companion itself
    {"quiz"},
    {"exercises"},  # the engine and the chapters' exercises
    {"capstone"},   # the engine and the projects
]


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def room_of(name):
    """The name on the map: all of a course content's modules stand there as one."""
    room = name.split(".")[0]
    return room if room in ("exercises", "capstone") else name


def layer_of(name):
    return next(i for i, names in enumerate(LAYERS) if room_of(name) in names)


def modules():
    return {name_of(path): path for path in ROOT.rglob("*.py")}


def imported(name, path):
    """The modules of the package that the module at `path` imports, also inside functions."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    package = [part for part in package if part]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] if node.level else None
            full = ([*base, *(node.module or "").split(".")] if node.level else (node.module or "").split("."))
            if not node.level and full[0] != "companion":
                continue
            full = [part for part in (full if node.level else full[1:]) if part]
            for alias in node.names:
                inner = ".".join([*full, alias.name])
                yield inner if inner in modules() else ".".join(full)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "companion":
                    yield ".".join(alias.name.split(".")[1:])


def test_every_module_is_on_the_map():
    on_the_map = set().union(*LAYERS)
    assert set(map(room_of, modules())) == on_the_map


@pytest.mark.parametrize("name", modules())
def test_imports_point_downwards(name):
    for other in imported(name, modules()[name]):
        same_room = room_of(other) == room_of(name) in ("exercises", "capstone")
        assert same_room or layer_of(other) < layer_of(name), f"companion.{name} imports companion.{other}"


def test_the_reading_of_imports_sees_them():
    assert set(imported("nn.attention", modules()["nn.attention"])) >= {"functional", "rng", "tensor", "nn.layers"}
    assert "functional" in set(imported("", modules()[""]))


HEAVY = ("matplotlib", "torch", "keras", "tqdm", "jupyterquiz", "IPython", "pandas", "sklearn")


@pytest.mark.parametrize("name", ["companion", "companion.exercises", "companion.quiz", "companion.capstone.core"])
def test_import_loads_numpy_only(name):
    code = f"import sys, {name}; print(*[m for m in {HEAVY} if m in sys.modules]); print('numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT.parent, capture_output=True, text=True, check=True)
    assert run.stdout.split("\n")[:2] == ["", "True"]


def public_objects():
    """Every public class, function and method of the library, each once, where it is defined."""
    content = "exercises.", "capstone."
    names = ["companion", *(f"companion.{name}" for name in modules() if name and not name.startswith(content))]
    for module in map(importlib.import_module, names):
        yield module.__name__, module
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
                continue
            yield f"{module.__name__}.{name}", value


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in public_objects()])
def test_everything_public_has_a_docstring(value):
    doc = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__  # not the base class's
    assert doc and doc.strip()


def test_every_module_imports():
    """No module of the package is left out of the wheel or broken on its own."""
    names = [info.name for info in pkgutil.walk_packages([str(ROOT)], "companion.")]
    assert {f"companion.{name}" for name in modules() if name} == set(names)


def test_all_lists_are_complete_and_sorted():
    for module in (companion, companion.nn):
        assert all(hasattr(module, name) for name in module.__all__)
        assert len(set(module.__all__)) == len(module.__all__)
    exported = {name for name, value in vars(companion.nn).items() if inspect.isclass(value)}
    assert exported == {name for name in companion.nn.__all__ if name != "init"}
