"""Play a flight record through the core: does the program decide today what it decided then?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import orjson

from app.core.audio.frames import Codec
from app.core.call import notes
from app.core.record.replay import Playback, play
from app.errors import AppError, BadRequest
from app.logs import redact_value

NAME = "replay"
#: Notes that say nothing to who reads along.
_SILENT = (notes.Usage, notes.Cost, notes.CallDetailsGiven, notes.CallerAudio)
HELP = "plays a flight record (GET /api/calls/<id>/record) and checks what is decided"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The record, and whether to show the conversation."""
    parser.add_argument("file", help="JSON lines, - for standard input")
    parser.add_argument("--quiet", action="store_true", help="only the verdict")


def run(args: argparse.Namespace) -> int:
    """0 where every decision is the same; 1 at the first difference; 2 for what is no record."""
    try:
        entries = read(
            sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
        )
        playback = play(entries, redact_value, codec=_codec)
    except (OSError, AppError) as error:
        print(f"replay: {error}", file=sys.stderr)
        return 2
    if not args.quiet:
        show(playback)
    difference = playback.difference
    if difference is None:
        print(f"replay: {playback.events} events, {playback.decisions} decisions, all the same")
        return 0
    print(f"replay: after line {difference.line} the decisions differ")
    for title, decisions in (
        ("recorded", difference.recorded),
        ("decided now", difference.decided),
    ):
        print(f"  {title}:")
        for decision in decisions or [{"out": "nothing"}]:
            print(f"    {orjson.dumps(decision).decode()[:300]}")
    return 1


def read(raw: bytes) -> list[dict[str, Any]]:
    """The entries of a record. Raises `BadRequest`, naming the line that is none."""
    entries = []
    for number, line in enumerate(raw.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise BadRequest(f"line {number} is not JSON") from None
        if not isinstance(entry, dict) or "t" not in entry:
            raise BadRequest(f"line {number} is no entry of a flight record")
        entries.append(entry)
    if not entries:
        raise BadRequest("the record is empty")
    return entries


def show(playback: Playback) -> None:
    """The call as it went: what was heard and said, and what happened, by seconds."""
    began: float = playback.entries[0]["t"]
    heard = 0
    for at, note in playback.notes:
        clock = f"{at - began:8.2f}s"
        if isinstance(note, notes.Heard):
            for role, content in note.transcript[heard:]:
                print(f"{clock}  {role:>7}: {content.strip()}")
            heard = len(note.transcript)
        elif isinstance(note, notes.TurnEnded):
            first = note.first_ms
            wait = "" if first is None else f", first word after {first:.0f} ms"
            print(f"{clock}  {note.ended:>7}: {note.text}{wait}")
        elif not isinstance(note, _SILENT):
            about = ", ".join(f"{name} {value}" for name, value in note.about.items())
            print(f"{clock}           {note.kind.replace('_', ' ')} {about}".rstrip())


def _codec() -> Codec:
    from app.adapters.audio.resample import PcmCodec

    return PcmCodec()
