"""The page "Teaching with this course": its tables say what was measured, its sizes follow, its examples work."""

import importlib.util
import json
import re
import sys

import chapters
import class_tables
import hub_size
import pytest
import yaml

ROOT = chapters.ROOT
PAGE = (ROOT / "book" / "reference" / "teaching.md").read_text("utf-8")
NAMES = chapters.chapters()


# ---- Tables


def test_every_chapter_has_a_week_and_its_hours_add_up():
    head, rule, *rows, total = class_tables.plan(NAMES)
    foundations = [name for name in NAMES if name.startswith("foundations/")]
    assert len(rows) == len(foundations) == hub_size.WEEKS
    minutes = 0
    for name, row in zip(foundations, rows, strict=True):
        title, reading, exercises = class_tables.facts(name)
        assert f"[{title}](../{name}.ipynb)" in row and f"| {reading} | {exercises} |" in row
        minutes += reading + exercises
    assert f"**{minutes / 60:.1f}**" in total


def test_needs_are_what_was_measured():
    measured = json.loads((ROOT / "book" / "reference" / "run_times.json").read_text("utf-8"))
    rows = class_tables.needs(NAMES)[2:]
    assert len(rows) == len([name for name in NAMES if name in measured])
    for name, row in zip([name for name in NAMES if name in measured], rows, strict=True):
        assert row.endswith(f"| {measured[name]['cpu_seconds']:.0f} | {measured[name]['peak_memory_mb']} |")


def test_a_learner_is_given_what_the_heaviest_chapter_takes_and_the_server():
    heavy = class_tables.heaviest(NAMES)
    measured = class_tables.measured("run_times.json")
    assert heavy["kernel"] == max(measured[name]["peak_memory_mb"] for name in NAMES)
    assert heavy["peak"] > heavy["kernel"] and heavy["server"] > 50
    given = class_tables.learner(NAMES)
    assert given.memory_guarantee * hub_size.GIB >= 1.25e6 * heavy["peak"]


def test_sizes_and_what_they_rest_on_are_told():
    rows = class_tables.sizes(NAMES)[2:]
    assert [row.split("|")[1].strip() for row in rows] == ["30", "300", "3,000"]
    heavy = class_tables.heaviest(NAMES)
    text = "\n".join(class_tables.assumptions(NAMES))
    for number in (f"{heavy['kernel']} MB", f"{heavy['server']} MB", f"{heavy['cpu']:.0f} CPU seconds"):
        assert number in text


def test_a_notebook_without_times_is_refused(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "n.ipynb").write_text('{"cells": [{"source": ["# T"]}, {"source": ["## What"]}]}')
    monkeypatch.setattr(class_tables, "ROOT", tmp_path)
    with pytest.raises(ValueError, match="n: expected .*Time"):
        class_tables.facts("n")


# ---- Sizes

ONE = hub_size.Learner(memory_guarantee=1.0, memory_limit=2.0, cpu_guarantee=0.05, cpu_limit=2.0)


def test_what_a_learner_is_given():
    """800 MB and a quarter are 0.93 GiB; 60 CPU seconds in 100 minutes are 0.01 cores, twice that 0.02."""
    assert hub_size.learner(800, 60, 100) == hub_size.Learner(1.0, 2.0, 0.05, 2.0)
    assert hub_size.learner(900, 600, 100) == hub_size.Learner(1.25, 2.5, 0.2, 2.0)


@pytest.mark.parametrize(("node", "one", "seats", "least"), [
    (hub_size.Node(memory=32, cores=8), ONE, 28, "memory"),
    (hub_size.Node(memory=64, cores=2), ONE, 36, "CPU"),
    (hub_size.Node(memory=512, cores=64), ONE, 100, "the number of pods"),
])
def test_the_scarcest_decides(node, one, seats, least):
    fits = hub_size.fits(one, node)
    assert hub_size.per_node(one, node) == fits[least] == seats == min(fits.values())


def test_a_size_by_hand():
    """Half of 300 and a tenth more are 165 seats; 28 on a node make 6 nodes: 15 hours and 8 weeks, and the hub's."""
    usage = hub_size.Class(300, 0.5, "", busy_hours=15)
    assert hub_size.size(usage, ONE) == hub_size.Size(300, 150, 15, 28, 6, 300, 6 * 15 * 8 + 8 * 7 * 24)


def test_more_memory_needs_more_nodes_and_all_learners_have_a_seat():
    two = hub_size.Learner(2.0, 4.0, 0.05, 2.0)
    for usage in hub_size.CLASSES:
        small, large = hub_size.size(usage, ONE), hub_size.size(usage, two)
        assert large.nodes >= small.nodes
        for size in (small, large):
            assert size.nodes * size.per_node >= size.active + size.placeholders
            assert (size.nodes - 1) * size.per_node < size.active + size.placeholders


def test_all_at_once():
    assert hub_size.wait_together(36, ONE, hub_size.Node(memory=32, cores=8)) == pytest.approx(28 * 36 / 7.2)


# ---- The settings of the Helm chart

# As the chart's reference names them: https://z2jh.jupyter.org/en/stable/resources/reference.html
KEYS = {
    "hub.config.JupyterHub.authenticator_class", "hub.config.GitHubOAuthenticator.client_id",
    "hub.config.GitHubOAuthenticator.client_secret", "hub.config.GitHubOAuthenticator.oauth_callback_url",
    "hub.config.GitHubOAuthenticator.allowed_organizations", "hub.config.GitHubOAuthenticator.scope",
    "proxy.https.enabled", "proxy.https.hosts", "proxy.https.letsencrypt.contactEmail",
    "singleuser.image.name", "singleuser.image.tag", "singleuser.memory.guarantee", "singleuser.memory.limit",
    "singleuser.cpu.guarantee", "singleuser.cpu.limit", "singleuser.storage.capacity",
    "singleuser.extraEnv.KERAS_BACKEND", "cull.enabled", "cull.timeout", "cull.every",
    "scheduling.userScheduler.enabled", "scheduling.podPriority.enabled", "scheduling.userPlaceholder.enabled",
    "scheduling.userPlaceholder.replicas", "scheduling.userPods.nodeAffinity.matchNodePurpose",
    "prePuller.continuous.enabled",
}


def leaves(node, path=""):
    """The values of a tree, by their path."""
    if isinstance(node, dict):
        return {name: value for key, child in node.items() for name, value in leaves(child, f"{path}.{key}").items()}
    return {path.removeprefix("."): node}


def test_the_settings_are_known_and_hold_the_numbers_of_the_page():
    settings = leaves(yaml.safe_load((ROOT / "tools" / "hub" / "config.yaml").read_text("utf-8")))
    assert settings.keys() == KEYS
    one = class_tables.learner(NAMES)
    assert settings["singleuser.memory.guarantee"] == f"{one.memory_guarantee:g}G"
    assert settings["singleuser.memory.limit"] == f"{one.memory_limit:g}G"
    assert settings["singleuser.cpu.guarantee"] == one.cpu_guarantee
    assert settings["singleuser.cpu.limit"] == one.cpu_limit
    class_of_30 = hub_size.size(hub_size.CLASSES[0], one)
    assert class_of_30.learners == 30
    assert settings["scheduling.userPlaceholder.replicas"] == class_of_30.placeholders


# ---- The exercise of one's own


@pytest.fixture
def errors(tmp_path, monkeypatch):
    """The module that the page shows."""
    monkeypatch.setenv("COMPANION_PROGRESS", str(tmp_path / "progress.json"))
    source, _ = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "errors.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("teaching_errors", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "teaching_errors", module)
    spec.loader.exec_module(module)
    return module


def test_the_exercise_of_the_page_works(errors):
    import numpy as np

    exercise = errors.mean_absolute_error
    assert exercise.check(lambda outputs, targets: np.mean(np.abs(targets - outputs))).passed
    for wrong, message in exercise.wrongs:
        verdict = exercise.check(wrong)
        assert not verdict.passed and message in str(verdict)
    assert len(exercise.wrongs) == 2


def test_its_stub_is_not_attempted(errors, tmp_path, monkeypatch):
    _, stub = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "stub.py"
    path.write_text(stub.split("\n", 1)[1].rpartition("\n")[0].rpartition("\n")[0])
    spec = importlib.util.spec_from_file_location("teaching_stub", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert errors.mean_absolute_error.check(module.mean_absolute_error).status == "not attempted"


# ---- Words


def test_the_page_names_only_what_is_there():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"`?make ([a-z-]+)\b", PAGE)) - {"it"}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for path in re.findall(r"`((?:binder|tools|companion)/[\w./]+)`", PAGE):
        if path != "companion/exercises/errors.py":
            assert (ROOT / path).exists(), path
