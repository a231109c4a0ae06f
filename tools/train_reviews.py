"""The recipes of the three models of the chapter "BERT, GPT and T5", for train_weights.py.

Each is trained by the chapter's own `pretrain`, in float32, which takes half the time of the notebook's float64. T5
begins with the table and the encoder of the stored BERT.
"""

import companion
from companion import data

CHAPTER = "architectures/bert_gpt_t5"
BATCH = 16


def recipe(kind, dropout):
    """train(cells, steps) for one of the three kinds: the trained model and its held-out loss in words."""

    def train(cells, steps):
        sentences = cells["TRAIN"]
        per_pass = -(-len(sentences) // BATCH)
        passes, few = max(1, steps // per_pass), sentences[:steps * BATCH]
        encoder = data.load("reviews_bert") if kind == "T5" else None
        companion.set_default_dtype("float32")
        model, _ = cells["pretrain"](kind, few, passes, dropout=dropout, size=BATCH, encoder=encoder)
        loss, _ = cells["held_out"](model, kind, cells["TEST"])
        return model, f"{loss:.2f} nats for each target on held-out sentences"

    return train


# name of the file: (steps of 155 to a pass over the texts, train)
RECIPES = {
    "reviews_bert": (120 * 155, recipe("BERT", 0.0)),
    "reviews_gpt": (24 * 155, recipe("GPT", 0.1)),
    "reviews_t5": (110 * 155, recipe("T5", 0.0)),
}
