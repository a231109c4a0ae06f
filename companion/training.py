"""The training loop, evaluation, early stopping."""
import os
import sys

import numpy as np

from .optim import clip_grad_norm
from .tensor import no_grad


class History(dict):
    """Lists by name, one number for each epoch: "loss", and as given "metric", "val_loss", "val_metric", "lr"."""

    def record(self, **values):
        for name, value in values.items():
            self.setdefault(name, []).append(value)


def accuracy(logits, target):
    """The share of examples whose largest logit is at the target: (n, classes) and (n,); 0 to 1.

    A single column, or logits of the target's shape, are binary: positive means class 1.
    """
    logits, target = np.asarray(logits), np.asarray(target)
    if not target.size:
        raise ValueError("accuracy needs at least one example")
    if logits.ndim > target.ndim and logits.shape[-1] == 1:
        logits = logits[..., 0]
    predicted = logits.argmax(axis=-1) if logits.ndim > target.ndim else logits > 0
    if predicted.shape != target.shape:
        raise ValueError(f"accuracy expects logits (n, classes) and target (n,), got {logits.shape} and {target.shape}")
    return float((predicted == target).mean())


def evaluate(model, loss_fn, loader, metric=None):
    """Mean loss (and metric) over all examples of the loader, in evaluation mode and without a graph -> dict."""
    training = model.training
    model.eval()
    totals, count = {}, 0
    try:
        with no_grad():
            for x, y in loader:
                _add(totals, _measures(model(x), y, loss_fn, metric)[1], len(x))
                count += len(x)
    finally:
        model.train(training)
    if not count:
        raise ValueError("evaluate needs at least one example, the loader gave none")
    return {name: total / count for name, total in totals.items()}


def _measures(output, y, loss_fn, metric):
    loss = loss_fn(output, y)
    values = {"loss": loss.item()}
    if metric is not None:
        values["metric"] = float(metric(output, y))
    return loss, values


def _add(totals, values, weight):
    for name, value in values.items():  # weighted by the batch: the last one may be smaller
        totals[name] = totals.get(name, 0.0) + weight * value


class EarlyStopping:
    """Stops when a value has not fallen by more than min_delta for `patience` epochs; keeps the best weights.

    Prechelt (1998), Early stopping - but when?
    """

    def __init__(self, patience=5, min_delta=0.0):
        if patience < 1:
            raise ValueError(f"patience must be at least 1, got {patience}")
        self.patience, self.min_delta = patience, min_delta
        self.best, self.best_state, self.waited = np.inf, None, 0

    def step(self, value, model):
        """Take note of this epoch's value; True if it is time to stop."""
        if value < self.best - self.min_delta:
            self.best, self.best_state, self.waited = value, model.state_dict(), 0
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self, model):
        """Give the model its best weights back."""
        if self.best_state is not None:
            model.load_state_dict(self.best_state)


def fit(model, optimizer, loss_fn, train_loader, val_loader=None, epochs=1, metric=None, early_stopping=None,
        scheduler=None, max_grad_norm=None):
    """Train, and return the History of this run.

    loss_fn(output, y) and metric(output, y) get a batch of tensors. With val_loader the loss and metric on it are
    recorded after each epoch; early_stopping watches "val_loss" (or "loss" without val_loader) and restores the best
    weights. scheduler.step() is called after each epoch. A progress bar shows loss, metric and the time left (not
    where the environment variable COMPANION_QUIET is set). An interrupt ends the training; what was learned and
    recorded so far stays.

    Raises ValueError if the loss is no longer a finite number, before it can spoil the weights.
    """
    history = History()
    bar = _progress_bar(epochs * len(train_loader))
    try:
        for _ in range(epochs):
            model.train()
            totals, count = {}, 0
            for x, y in train_loader:
                optimizer.zero_grad()
                loss, values = _measures(model(x), y, loss_fn, metric)
                if not np.isfinite(values["loss"]):
                    raise ValueError(f"the loss became {values['loss']} in epoch {len(history.get('loss', [])) + 1}: "
                                     "try a smaller learning rate, or max_grad_norm")
                loss.backward()
                if max_grad_norm is not None:
                    clip_grad_norm(optimizer.parameters, max_grad_norm)
                optimizer.step()
                _add(totals, values, len(x))
                count += len(x)
                bar.update()
                bar.set_postfix({name: f"{total / count:.4f}" for name, total in totals.items()}, refresh=False)
            if not count:
                raise ValueError("fit needs at least one example, the loader gave none")
            epoch = {name: total / count for name, total in totals.items()} | {"lr": optimizer.lr}
            if val_loader is not None:
                measured = evaluate(model, loss_fn, val_loader, metric)
                epoch |= {f"val_{name}": value for name, value in measured.items()}
            history.record(**epoch)
            if scheduler is not None:
                scheduler.step()
            if early_stopping is not None and early_stopping.step(epoch.get("val_loss", epoch["loss"]), model):
                break
    except KeyboardInterrupt:
        pass  # the learner has seen enough: keep what there is
    finally:
        bar.close()
    if early_stopping is not None:
        early_stopping.restore(model)
    return history


def _progress_bar(total):
    options = {"total": total, "disable": bool(os.environ.get("COMPANION_QUIET")), "leave": False}
    if sys.platform == "emscripten":  # in the browser: no widgets, no threads, and stderr looks like an alarm
        from tqdm import tqdm
        tqdm.monitor_interval = 0
        return tqdm(file=sys.stdout, **options)
    from tqdm.auto import tqdm
    return tqdm(**options)
