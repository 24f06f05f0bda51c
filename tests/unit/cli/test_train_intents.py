"""Training the intent model on a few sentences of our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import train_intents
from app.core.language.intent.engine import CANCEL, RESCHEDULE, SCHEDULE, IntentEngine
from app.core.language.intent.linear_model import LinearModel
from app.errors import BadRequest
from app.training import phrases
from app.training.train import Recipe, Row, train

SMALL = Recipe(phrases_per_template=2, folds=2, rounds=15, features=700)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return [Row(text, label) for text, label in phrases.make(1, seed=11)]


@pytest.fixture(scope="module")
def data(rows: list[Row]) -> bytes:
    return train(rows, SMALL).data


def test_a_trained_engine_knows_what_it_was_taught(data: bytes) -> None:
    assert len(data) < 400_000
    engine = IntentEngine(data)
    assert engine.analyse("I'd like to book a consultation on Friday").intent == SCHEDULE
    assert engine.analyse("we no longer need our reservation").intent == CANCEL
    assert engine.analyse("can you move my visit to Tuesday").intent == RESCHEDULE
    assert engine.analyse("please cancel my newspaper").intent is None
    model = LinearModel(data)
    assert len(model) <= SMALL.features
    assert model.confidence(0.0) == 0.0
    assert model.confidence(1.0) == 1.0
    assert sum(model.probabilities({"book", "no such feature"})) == pytest.approx(1.0)


def test_training_is_repeatable(rows: list[Row], data: bytes) -> None:
    assert train(rows, SMALL).data == data


def test_a_cut_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not an intent"):
        LinearModel(data[3:])


def test_refusals_turn_requests_around() -> None:
    made = list(phrases.refusals(iter(["Can you please book a table?", "hello"]), 1))
    assert len(made) == 1
    assert made[0].endswith("book a table")
    assert phrases.verb_phrase("what time is it") is None


def test_the_folder_is_read(tmp_path: Path) -> None:
    lines = [
        {"text": "cancel my visit", "intent": CANCEL, "slice": "core"},
        {"text": "play a song", "intent": None, "slice": "oos"},
    ]
    (tmp_path / "train.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    assert train_intents.read(tmp_path) == [
        Row("cancel my visit", CANCEL),
        Row("play a song", "oos"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json", "line 1"),
        ('{"text": "x"}', "line 1"),
        ('{"text": "x", "intent": null}\n{"text": "x", "intent": "nonsense"}', "line 2"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "intents").mkdir()
    (tmp_path / "intents" / "train.jsonl").write_text(content)
    with pytest.raises(BadRequest, match=message):
        train_intents.read(tmp_path)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"no train\.jsonl"):
        train_intents.read(tmp_path)
