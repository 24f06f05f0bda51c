"""``python -m bench.language DATA_FOLDER``: how well callers are understood, and how fast.

The folder holds labelled sentences that are not part of this program (docs/language.md names the
public sets): `intents/dev.jsonl`, `datetimes/dev.jsonl`, `corrections/dev.jsonl`. Ours stands
beside the keyword analysers that voice agents ship with today (bench/peers/keywords.py).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.adapters.intent.engine import engine
from app.core.language.intent.engine import ACTS, INTENTS, IntentEngine, IntentResult
from app.core.language.intent.entities import extract
from app.core.language.intent.partial import Outcome, replay
from app.core.language.time.expressions import Spoken, resolve
from app.training.phrases import refusals, verb_phrase
from bench.peers import keywords
from bench.tables import Table

Row = dict[str, Any]
Answer = tuple[str | None, float]
"""An intent and how sure; 0 stands for "will not act on it"."""

ACT_AT = 0.75
RESULTS = Path(__file__).parent.parent / "bench-results"

#: Refusals in words that no training sentence has.
UNSEEN_REFUSALS = (
    "i said do not {verb}",
    "i am not asking you to {verb}",
    "we are not going to {verb}",
    "hold off, don't {verb}",
    "i don't intend to {verb}",
    "please never {verb}",
    "i can't really {verb} at the moment",
    "no reason to {verb}",
    "we won't be able to {verb}",
    "you should not {verb}",
    "i would prefer not to {verb}",
    "i'm unable to {verb}",
)


def read(folder: Path, name: str) -> list[Row]:
    """One file of labelled sentences; empty when it is not there."""
    path = folder / name / "dev.jsonl"
    if not path.is_file():
        print(f"  ({path} is not there)")
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def ours(text: str, use: IntentEngine) -> Answer:
    result = use.analyse(text)
    return result.intent, result.confidence if result.complete else 0.0


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def macro_f1(
    rows: Sequence[Row], answers: Sequence[Answer], at: float
) -> tuple[float, list[float]]:
    """The mean F1 over the four intents, and each, acting at a confidence."""
    scores = []
    for intent in INTENTS:
        guessed = [answer == intent and sure >= at for answer, sure in answers]
        meant = [row["intent"] == intent for row in rows]
        hits = sum(g and m for g, m in zip(guessed, meant, strict=True))
        scores.append(2 * hits / max(sum(guessed) + sum(meant), 1))
    return sum(scores) / len(scores), scores


def acts_on(rows: Sequence[Row], answers: Sequence[Answer], at: float, *slices: str) -> str:
    """How often something would be done on these slices."""
    chosen = [a for row, a in zip(rows, answers, strict=True) if row["slice"] in slices]
    return share(sum(intent in ACTS and sure >= at for intent, sure in chosen), len(chosen))


def wrong_actions(rows: Sequence[Row], answers: Sequence[Answer], at: float) -> str:
    """How often an actionable utterance is confidently taken for another intent."""
    pairs = [(row, a) for row, a in zip(rows, answers, strict=True) if row["intent"]]
    wrong = sum(a[0] not in (None, row["intent"]) and a[1] >= at for row, a in pairs)
    return share(wrong, len(pairs))


def refused(rows: Sequence[Row], unseen: bool) -> list[str]:
    """Refusals made from the requests, in the words of the training or in others."""
    requests = [row["text"] for row in rows if row["intent"] in ACTS]
    if not unseen:
        return list(refusals(iter(requests), 99))
    rng = random.Random(5)
    verbs = [verb for verb in map(verb_phrase, requests) if verb]
    return [rng.choice(UNSEEN_REFUSALS).format(verb=verb) for verb in verbs]


def intents_table(rows: list[Row]) -> Table:
    full, bare = engine(), IntentEngine()
    means: list[tuple[str, Callable[[str], Answer], float]] = [
        ("ours: rules and the small model", lambda text: ours(text, full), ACT_AT),
        ("ours, any named intent", lambda text: ours(text, full), 0.01),
        ("our rules without the model", lambda text: ours(text, bare), ACT_AT),
        ("word list, fraction of keywords, above 0.75", keywords.fraction, ACT_AT),
        ("the same, any score", keywords.fraction, 0.01),
        ("word-boundary regex", keywords.regex, 0.01),
        ("10 a keyword, 25 a pattern, any score", keywords.points, 0.01),
    ]
    table = Table(
        "Intents (held-out sentences of public sets)",
        (
            "means",
            "macro F1",
            "schedule / cancel / reschedule / query",
            "wrong action",
            "acts: oos + small talk",
            "near",
            "negation",
            "made refusals",
            "in unseen words",
            "us CPU",
        ),
    )
    made = [(refused(rows, False)), (refused(rows, True))]
    for name, means_of, at in means:
        start = time.process_time()
        answers = [means_of(row["text"]) for row in rows]
        spent = (time.process_time() - start) / max(len(rows), 1) * 1e6
        mean, each = macro_f1(rows, answers, at)
        on_made = []
        for texts in made:
            done = sum(i in ACTS and c >= at for i, c in map(means_of, texts))
            on_made.append(share(done, len(texts)))
        table.add(
            name,
            f"{mean:.3f}",
            " / ".join(f"{score:.2f}" for score in each),
            wrong_actions(rows, answers, at),
            acts_on(rows, answers, at, "oos", "smalltalk"),
            acts_on(rows, answers, at, "near"),
            acts_on(rows, answers, at, "negation"),
            *on_made,
            f"{spent:.0f}",
        )
    return table


def prefixes_table(rows: list[Row]) -> Table:
    """Every utterance word by word: is the first early intent right, wrong, or absent?"""
    table = Table(
        "Growing prefixes: the first early intent",
        ("utterances", "right", "wrong", "absent", "changes later", "after how much was said"),
    )
    use = engine()

    def analyse(text: str) -> IntentResult:
        return use.analyse(text)

    for name, chosen in (
        ("with an intent", [row for row in rows if row["intent"]]),
        ("without (right is: none)", [row for row in rows if not row["intent"]][::4]),
    ):
        counts: Counter[Outcome] = Counter()
        changes, places = 0, []
        for row in chosen:
            seen = replay(row["text"], analyse)
            counts[seen.outcome(row["intent"])] += 1
            changes += bool(seen.changes)
            if seen.first_at is not None:
                places.append(seen.first_at / max(seen.words, 1))
        size = len(chosen)
        table.add(
            name,
            *(share(counts[k], size) for k in (Outcome.RIGHT, Outcome.WRONG, Outcome.ABSENT)),
            share(changes, size),
            f"{100 * sum(places) / max(len(places), 1):.0f} %",
        )
    return table


def value_of(spoken: Spoken, kind: str, now: dt.datetime) -> str | None:
    """The reading in the form of the labels."""
    if kind == "date":
        return spoken.date.isoformat() if spoken.date else None
    if kind == "time":
        return f"{spoken.time:%H:%M}" if spoken.time else None
    moment = spoken.moment(now)
    return f"{moment:%Y-%m-%dT%H:%M}" if moment else None


def times_table(title: str, rows: list[Row], kind_key: str) -> Table:
    """Exact, wrong and abstained readings, by the sets the sentences come from."""
    table = Table(title, ("sentences", "count", "exact", "wrong", "abstained", "us CPU"))
    groups: dict[str, list[Row]] = {"all": rows}
    for row in rows:
        groups.setdefault(row.get("src") or row["kind"], []).append(row)
    for name, chosen in groups.items():
        counts: Counter[str] = Counter()
        start = time.process_time()
        for row in chosen:
            now = dt.datetime.fromisoformat(row["ref"]).replace(tzinfo=dt.UTC)
            value = value_of(resolve(row["text"], now), row[kind_key], now)
            gold = row["gold"] if isinstance(row["gold"], list) else [row["gold"]]
            counts["none" if value is None else "exact" if value in gold else "wrong"] += 1
        spent = (time.process_time() - start) / max(len(chosen), 1) * 1e6
        size = len(chosen)
        parts = [f"{counts[k] / size:.3f}" if size else "-" for k in ("exact", "wrong", "none")]
        table.add(name, size, *parts, f"{spent:.0f}")
    return table


def speed_table(rows: list[Row]) -> Table:
    """Processor time of one call of each public function."""
    table = Table("Processor time", ("what", "us an utterance"))
    now = dt.datetime(2026, 11, 21, 10, 0, tzinfo=dt.UTC)
    texts = [row["text"] for row in rows[:2000]]
    use = engine()
    for name, work in (
        ("IntentEngine.analyse", lambda text: use.analyse(text)),
        ("slots.extract", lambda text: extract(text, now, services=("cleaning", "root canal"))),
    ):
        start = time.process_time()
        for text in texts:
            work(text)
        table.add(name, f"{(time.process_time() - start) / max(len(texts), 1) * 1e6:.0f}")
    return table


def main(folder: Path | None = None) -> None:
    """Measure everything the folder (else the one LANGUAGE_DATA names) has labels for."""
    folder = folder or Path(os.environ.get("LANGUAGE_DATA", ""))
    if not (folder / "intents").is_dir():
        raise SystemExit("usage: python -m bench.language DATA_FOLDER (it holds intents/dev.jsonl)")
    tables = []
    print("\nLanguage: intents", flush=True)
    rows = read(folder, "intents")
    tables += [intents_table(rows), prefixes_table(rows), speed_table(rows)]
    print("\nLanguage: dates, times, corrections", flush=True)
    tables.append(times_table("Dates and times", read(folder, "datetimes"), "kind"))
    tables.append(times_table("Corrections", read(folder, "corrections"), "type"))
    RESULTS.mkdir(exist_ok=True)
    text = "\n".join(table.markdown() for table in tables)
    (RESULTS / "language.md").write_text(text, encoding="utf-8")
    print("\n" + text)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
