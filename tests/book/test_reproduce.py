"""tools/reproduce.py: the environments have an effect, and an output that depends on them is found."""

import asyncio

import chapters
import execute
import reproduce


def test_there_are_at_least_four_environments():
    environments = reproduce.environments()
    wanted = 4 if reproduce.numpy_features() else 3
    assert len(environments) >= wanted
    settings = [tuple(sorted(changes.items(), key=str)) for changes in environments.values()]
    assert len(set(settings)) == len(settings)


def test_an_output_that_depends_on_the_environment_is_found(add_chapter, monkeypatch, capsys):
    monkeypatch.setattr(reproduce, "environments", lambda: {
        "1 thread": reproduce.threads(1), "2 threads": reproduce.threads(2)
    })
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    path = add_chapter("foundations/threads", "import os\nprint('threads:', os.environ['OMP_NUM_THREADS'])")
    execute.main(["threads"])
    before = path.read_bytes()
    assert reproduce.main(["threads"]) == 1
    said = capsys.readouterr().out
    assert "1 thread   foundations/threads: the same" in said
    assert "2 threads  foundations/threads: 1 DIFFER" in said
    assert "stored: threads: 1\n  now:    threads: 2" in said
    assert path.read_bytes() == before


def test_what_is_reproducible_passes(add_chapter, monkeypatch, capsys):
    monkeypatch.setattr(reproduce, "environments", lambda: {"1 thread": reproduce.threads(1)})
    path = add_chapter("foundations/stable", "print(0.8712)")
    add_chapter("foundations/random", "import random\nrandom.random()", tags=["nbval-ignore-output"])
    execute.main(["stable", "random"])
    notebook = chapters.read(path)
    notebook.cells[1].outputs[0].text = "0.8713\n"
    chapters.write(path, notebook)
    assert reproduce.main(["stable", "random"]) == 0
    assert "No output differs." in capsys.readouterr().out


def test_a_failure_is_reported(add_chapter, monkeypatch, capsys):
    monkeypatch.setattr(reproduce, "environments", lambda: {"1 thread": reproduce.threads(1)})
    add_chapter("foundations/fails", "1 / 0")
    assert reproduce.main(["fails"]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_the_environments_reach_the_libraries(add_chapter):
    """All at once: one thread, NumPy without the features, its BLAS and PyTorch with other kernels."""
    path = add_chapter(
        "foundations/libraries",
        "import numpy as np\n"
        "from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__\n"
        "print(sum(__cpu_features__[name] for name in __cpu_dispatch__))",
        "from threadpoolctl import threadpool_info\n"
        "blas = [info for info in threadpool_info() if info['user_api'] == 'blas'][0]\n"
        "print(blas['num_threads'], blas.get('architecture'))",
        "import torch\nprint(torch.backends.cpu.get_cpu_capability(), torch.get_num_threads())",
    )
    environments = reproduce.environments()
    changes = {}
    for settings in [*environments.values(), environments["1 thread"]]:
        changes |= {name: value for name, value in settings.items() if value is not None}
    notebook = chapters.read(path)
    asyncio.run(execute.run(notebook, path.parent, **changes))
    features, blas, torch = (cell.outputs[0].text.strip() for cell in notebook.cells[1:])
    assert features == "0"
    assert blas.startswith("1 ")
    assert blas.endswith(reproduce.old_core() or "")
    assert torch == "DEFAULT 1"
