"""Trains the intent model: multinomial logistic regression by L-BFGS, pruned, in 8 bits.

Labelled sentences in, the data file's content out. Repeatable: the same sentences give the
same bytes on the same machine. Needs numpy, which the running program does not.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.core.language.intent import linear_model
from app.core.language.intent.engine import ACTS, INTENTS
from app.core.language.intent.features import Utterance, normalise
from app.core.language.text import plain
from app.training import phrases

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_SLACK = 0.004
"""So much F1 is given for acting on fewer doubtful utterances."""


@dataclass(frozen=True)
class Row:
    """A labelled sentence: `label` is an intent or the name of a kind of none ("near", "oos")."""

    text: str
    label: str
    weight: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """What the training can be tuned by."""

    strength: float = 11.0
    """Inverse of the L2 penalty."""
    min_count: int = 2
    """Features seen in fewer sentences are left out."""
    features: int = 12_000
    """How many features are kept after pruning."""
    rounds: int = 80
    phrases_per_template: int = 12
    phrase_weight: float = 0.7
    refusal_weight: float = 0.5
    folds: int = 4
    seed: int = 7
    none_classes: dict[str, str] = field(
        default_factory=lambda: {
            "near": "near",
            "oos": "oos",
            "slot_only": "slot",
            "negation": "negation",
        }
    )
    """Kinds of none that get a class of their own; the rest is "other"."""

    def class_of(self, label: str) -> str:
        return label if label in INTENTS else self.none_classes.get(label, "other")


@dataclass(frozen=True)
class Trained:
    """data: the data file's content. report: a line of figures for each fold and the whole."""

    data: bytes
    report: list[str]


def features_of(text: str) -> set[str]:
    """The features of one sentence."""
    return Utterance(normalise(plain(text))).features


def train(rows: Sequence[Row], recipe: Recipe | None = None) -> Trained:
    """Train on all rows; the confidence scale is found by cross-validation on them."""
    recipe = recipe or Recipe()
    classes = (*INTENTS, *sorted({*recipe.none_classes.values(), "other"}))
    sets = [features_of(row.text) for row in rows]
    held = _held_out(rows, sets, classes, recipe)
    knots, line = _knots(rows, held)
    extra = own_rows(rows, recipe)
    all_rows = [*rows, *extra]
    fitted = _fit(all_rows, [*sets, *(features_of(row.text) for row in extra)], classes, recipe)
    data = linear_model.pack(
        classes,
        fitted.names,
        fitted.quantised.tobytes(),
        bias=fitted.bias.tolist(),
        scale=fitted.scale,
        knots=knots,
    )
    size = f"{len(rows)} sentences and {len(extra)} made ones, {len(fitted.names)} features"
    return Trained(data, [line, f"{size}, {len(data) / 1000:.0f} kB"])


def own_rows(rows: Iterable[Row], recipe: Recipe) -> list[Row]:
    """Our own sentences, and refusals of the requests among the rows."""
    made = phrases.make(recipe.phrases_per_template, recipe.seed)
    requests = (row.text for row in rows if row.label in ACTS)
    refused = phrases.refusals(requests, recipe.seed)
    return [Row(text, label, recipe.phrase_weight) for text, label in made] + [
        Row(text, "negation", recipe.refusal_weight) for text in refused
    ]


@dataclass(frozen=True)
class _Fitted:
    names: list[str]
    quantised: NDArray[np.int8]
    bias: Floats
    scale: float


class _Matrix:
    """Binary features, rows scaled to unit length."""

    def __init__(self, sets: Sequence[set[str]], names: dict[str, int]) -> None:
        found = [[names[name] for name in sorted(one) if name in names] for one in sets]
        lengths = np.array([len(one) for one in found], dtype=np.int64)
        self.count, self.width = len(found), len(names)
        self.columns: Ints = np.array([i for one in found for i in one], dtype=np.int64)
        self.rows: Ints = np.repeat(np.arange(self.count), lengths)
        self.values: Floats = 1.0 / np.sqrt(np.maximum(lengths, 1))[self.rows]

    def times(self, weights: Floats) -> Floats:
        out = np.empty((self.count, weights.shape[1]))
        for k in range(weights.shape[1]):
            column = weights[:, k]
            out[:, k] = np.bincount(self.rows, self.values * column[self.columns], self.count)
        return out

    def transposed_times(self, errors: Floats) -> Floats:
        out = np.empty((self.width, errors.shape[1]))
        for k in range(errors.shape[1]):
            column = errors[:, k]
            out[:, k] = np.bincount(self.columns, self.values * column[self.rows], self.width)
        return out


def _fit(
    rows: Sequence[Row], sets: Sequence[set[str]], classes: Sequence[str], recipe: Recipe
) -> _Fitted:
    """Fit on all features, keep the weightiest, fit again, round to 8 bits."""
    counts = Counter(name for one in sets for name in one)
    names = sorted(name for name, count in counts.items() if count >= recipe.min_count)
    weights = _descend(rows, sets, names, classes, recipe)
    if len(names) > recipe.features:
        spread = np.abs(weights[:-1]).max(axis=1)
        best = np.sort(np.argsort(-spread, kind="stable")[: recipe.features])
        names = [names[i] for i in best]
        weights = _descend(rows, sets, names, classes, recipe)
    scale = float(np.abs(weights[:-1]).max()) / 127
    quantised = np.clip(np.round(weights[:-1] / scale), -127, 127).astype(np.int8)
    return _Fitted(names, quantised, weights[-1], scale)


def _descend(
    rows: Sequence[Row],
    sets: Sequence[set[str]],
    names: Sequence[str],
    classes: Sequence[str],
    recipe: Recipe,
) -> Floats:
    """The weights (features x classes, bias last) of the penalised likelihood's maximum."""
    matrix = _Matrix(sets, {name: i for i, name in enumerate(names)})
    truth = np.array([classes.index(recipe.class_of(row.label)) for row in rows])
    weight = np.array([row.weight for row in rows])
    penalty = 1.0 / recipe.strength
    shape = (matrix.width + 1, len(classes))

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(shape)
        scores = matrix.times(weights[:-1]) + weights[-1]
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        shares /= shares.sum(axis=1, keepdims=True)
        picked = shares[np.arange(matrix.count), truth]
        value = -(weight * np.log(picked + 1e-12)).sum()
        value += 0.5 * penalty * (weights[:-1] ** 2).sum()
        shares[np.arange(matrix.count), truth] -= 1.0
        shares *= weight[:, None]
        gradient = np.vstack(
            [matrix.transposed_times(shares) + penalty * weights[:-1], shares.sum(axis=0)]
        )
        return float(value), gradient.ravel()

    return _lbfgs(loss, np.zeros(shape).ravel(), recipe.rounds).reshape(shape)


def _lbfgs(
    loss: Callable[[Floats], tuple[float, Floats]], start: Floats, rounds: int, memory: int = 8
) -> Floats:
    """Limited-memory BFGS with backtracking; enough for a smooth convex loss."""
    point = start
    value, gradient = loss(point)
    steps: list[tuple[Floats, Floats, float]] = []
    for _ in range(rounds):
        direction = gradient.copy()
        alphas = []
        for step, change, rho in reversed(steps):
            alpha = rho * (step @ direction)
            direction -= alpha * change
            alphas.append(alpha)
        if steps:
            step, change, _ = steps[-1]
            direction *= (step @ change) / (change @ change)
        else:
            direction /= np.linalg.norm(gradient) + 1e-12
        for (step, change, rho), alpha in zip(steps, reversed(alphas), strict=True):
            direction += (alpha - rho * (change @ direction)) * step
        slope, length = -(gradient @ direction), 1.0
        while True:
            tried, tried_gradient = loss(point - length * direction)
            if tried <= value + 1e-4 * length * slope or length < 1e-7:
                break
            length *= 0.5
        step, change = -length * direction, tried_gradient - gradient
        if step @ change > 1e-10:
            steps = [*steps[-(memory - 1) :], (step, change, 1.0 / float(step @ change))]
        done = abs(value - tried) < 1e-6 * abs(value)
        point, value, gradient = point + step, tried, tried_gradient
        if done:
            break
    return point


def _held_out(
    rows: Sequence[Row], sets: Sequence[set[str]], classes: Sequence[str], recipe: Recipe
) -> Floats:
    """For every row, the probabilities by a model that has not seen it."""
    order = list(range(len(rows)))
    random.Random(recipe.seed).shuffle(order)
    out = np.zeros((len(rows), len(classes)))
    for fold in range(recipe.folds):
        test = sorted(order[fold :: recipe.folds])
        left_out = set(test)
        seen = [i for i in range(len(rows)) if i not in left_out]
        extra = own_rows([rows[i] for i in seen], recipe)
        fitted = _fit(
            [*(rows[i] for i in seen), *extra],
            [*(sets[i] for i in seen), *(features_of(row.text) for row in extra)],
            classes,
            recipe,
        )
        matrix = _Matrix([sets[i] for i in test], {n: i for i, n in enumerate(fitted.names)})
        weights: Floats = fitted.quantised.astype(np.float64) * fitted.scale
        scores = matrix.times(weights) + fitted.bias
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        out[test] = shares / shares.sum(axis=1, keepdims=True)
    return out


def _knots(rows: Sequence[Row], held: Floats) -> tuple[list[tuple[float, float]], str]:
    """The confidence scale: 0.75 stands where the F1 over all requests is best.

    Of the points that are nearly as good the most careful one is taken.
    """
    truth = np.array([INTENTS.index(row.label) if row.label in INTENTS else -1 for row in rows])
    intents = held[:, : len(INTENTS)]
    guess, sure = intents.argmax(axis=1), intents.max(axis=1)
    tried = np.arange(0.2, 0.86, 0.02)
    scores = np.array([_pooled_f1(truth, np.where(sure >= at, guess, -1)) for at in tried])
    place = int(np.flatnonzero(scores >= scores.max() - _SLACK)[-1])
    best = float(tried[place])
    line = f"held out: F1 over all requests {scores[place]:.3f}, acting at p >= {best:.2f}"
    return [(0.0, 0.0), (best, 0.75), (1.0, 1.0)], line


def _pooled_f1(truth: Ints, guess: Ints) -> float:
    hits = float(((truth == guess) & (truth >= 0)).sum())
    return 2 * hits / max(float((truth >= 0).sum() + (guess >= 0).sum()), 1.0)
