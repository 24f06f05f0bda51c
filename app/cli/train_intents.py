"""Train the intent model again from a folder of labelled sentences, and write its data file.

The folder holds `train.jsonl` (or `intents/train.jsonl`), one JSON object a line: `text`, `intent`
(one of the four built-in names, or null) and, where it is null, `slice`: what kind of none it is
("near", "oos", "negation", "slot_only", or anything else). docs/language.md names the public sets
the shipped weights were trained on. The same folder gives the same file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from app.core.language.intent.engine import INTENTS
from app.errors import BadRequest
from app.training.train import Row, train

NAME = "train-intents"
HELP = "trains the intent model from a folder of labelled sentences"

WEIGHTS = Path(__file__).parent.parent / "core" / "language" / "intent" / "data" / "intents.bin"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder, and where to write to."""
    parser.add_argument("folder", type=Path, metavar="DATA_FOLDER", help="holds train.jsonl")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the data file to write")


def run(args: argparse.Namespace) -> int:
    """Train, write the data file, print what was reached on the held-out folds."""
    rows = read(args.folder)
    print(f"training on {len(rows)} sentences; this takes a minute or two", flush=True)
    trained = train(rows)
    for line in trained.report:
        print(line)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(trained.data)
    print(f"wrote {args.out}")
    return 0


def read(folder: Path) -> list[Row]:
    """The labelled sentences of a folder. Raises `BadRequest`, naming the file and the line."""
    paths = (folder / "train.jsonl", folder / "intents" / "train.jsonl")
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise BadRequest(f"there is no train.jsonl in {folder}")
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            text, intent = fields["text"], fields["intent"]
            label = intent if intent is not None else fields.get("slice", "oos")
        except (ValueError, KeyError, TypeError) as error:
            raise BadRequest(f"{path}, line {number}: {error}") from None
        if not isinstance(text, str) or (intent is not None and intent not in INTENTS):
            raise BadRequest(f"{path}, line {number}: text or intent is not as expected")
        rows.append(Row(text, str(label)))
    return rows
