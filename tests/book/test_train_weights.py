"""tools/train_weights.py: a few steps of each recipe give a file of the same shape as the one that is shipped."""

import numpy as np
import pytest
import train_weights

from companion import data, weights

FEW_STEPS = 1


@pytest.mark.parametrize("name", train_weights.RECIPES)
def test_a_short_training_gives_what_is_shipped_but_for_the_numbers(name, tmp_path):
    loss = train_weights.train(name, FEW_STEPS, tmp_path)
    new, shipped = weights.read((tmp_path / f"{name}.safetensors").read_bytes()), data.load(name)
    assert float(loss.split()[0]) > 0
    assert {key: a.shape for key, a in new.items()} == {key: a.shape for key, a in shipped.items()}
    assert all(a.dtype == np.float16 for a in (*new.values(), *shipped.values()))
    assert all(np.isfinite(a).all() for a in shipped.values())
    assert any((new[key] != shipped[key]).any() for key in new)


def test_only_cells_with_the_tag_are_run(add_chapter):
    add_chapter("foundations/models", "size = 3", tags=["torch", "model"])
    assert train_weights.defined_by("foundations/models")["size"] == 3
    add_chapter("foundations/others", "1 / 0", tags=["torch"])
    with pytest.raises(ValueError, match="no cell with the tag `model`"):
        train_weights.defined_by("foundations/others")


def test_an_unknown_name_is_refused(capsys):
    with pytest.raises(SystemExit):
        train_weights.main(["nobody"])
    assert "there is no recipe for nobody; choose from shakespeare_gpt" in capsys.readouterr().err
