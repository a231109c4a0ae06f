"""Train the weights that the book ships because a notebook has no time to, and write them into the package.

    python tools/train_weights.py                     # all of them: tens of minutes
    python tools/train_weights.py shakespeare_gpt     # one

The classes come from the chapter itself: its code cells with the tag `model` are run, no other one. The weights are
stored as companion/datasets/<name>.safetensors, in half precision, and read by companion.data.load(name).
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import chapters
import matplotlib
import numpy as np
import torch
import train_reviews

import companion
from companion import data, weights

DATASETS = chapters.ROOT / "companion" / "datasets"


@dataclass
class Recipe:
    """How one file of weights comes about.

    train(cells, steps) takes what the chapter's cells define, by name, and returns the trained model and its loss on
    held-out data in words.
    """

    chapter: str
    steps: int
    train: Callable


def defined_by(chapter):
    """What the cells of a chapter that are tagged `model` define: a dict from name to object. ValueError if none is."""
    sources = [
        cell.source for cell in chapters.read(chapters.path_of(chapter)).cells
        if "model" in cell.metadata.get("tags", [])
    ]
    if not sources:
        raise ValueError(f"{chapter} has no cell with the tag `model`")
    names = {"__name__": chapter}
    for source in sources:
        exec(source, names)
    return names


def shakespeare_gpt(cells, steps):
    text = data.load("shakespeare")["text"]
    vocabulary = data.CharVocab(text)
    known, held_out = text[:300_000], text[300_000:320_000]
    model = cells["GPT"](len(vocabulary))
    cells["train_gpt"](model, torch.tensor(vocabulary.encode(known)), steps, lr=4e-3)
    return model, f"{cells['gpt_bits'](model, vocabulary.encode(held_out)):.3f} bits per character"


def plucked_wavenet(cells, steps):
    model = cells["WaveNet"](channels=32, layers=8)
    cells["train_wavenet"](model, steps)
    return model, f"{cells['wavenet_bits'](model, np.random.default_rng(1)):.3f} bits per sample"


RECIPES = {
    "shakespeare_gpt": Recipe("architectures/generation", 2400, shakespeare_gpt),
    "plucked_wavenet": Recipe("architectures/generation", 1500, plucked_wavenet),
} | {name: Recipe(train_reviews.CHAPTER, *recipe) for name, recipe in train_reviews.RECIPES.items()}


def train(name, steps=None, folder=DATASETS):
    """Train one model from its fixed seed and write <name>.safetensors into a folder; returns the loss in words."""
    recipe, before = RECIPES[name], (torch.get_default_dtype(), companion.get_default_dtype())
    try:
        with matplotlib.rc_context():
            cells = defined_by(recipe.chapter)
        torch.set_default_dtype(torch.float32)  # twice as fast as the float64 of the notebooks
        torch.manual_seed(0)
        model, loss = recipe.train(cells, steps or recipe.steps)
    finally:
        torch.set_default_dtype(before[0])
        companion.set_default_dtype(before[1])
    arrays = {key: np.asarray(array, dtype=np.float16) for key, array in model.state_dict().items()}
    weights.save(folder / f"{name}.safetensors", arrays)
    return loss


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=f"one of {', '.join(RECIPES)}; all of them if none")
    parser.add_argument("--steps", type=int, help="train for so many steps instead of the recipe's number")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - RECIPES.keys()):
        parser.error(f"there is no recipe for {', '.join(unknown)}; choose from {', '.join(RECIPES)}")
    for name in options.names or RECIPES:
        loss = train(name, options.steps)
        print(f"{name}: {loss}, {(DATASETS / f'{name}.safetensors').stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
