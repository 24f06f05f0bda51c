"""``python -m app.rehearsal --port N``: the rehearsal model as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from app import logs
from app.core.language.intent.engine import IntentEngine
from app.rehearsal.realtime_server import pace, server
from app.rehearsal.realtime_server.drill import Drill
from app.rehearsal.realtime_server.faults import Fault, Faults
from app.rehearsal.realtime_server.stage import Stage
from app.rehearsal.receptionist.hearing import Hearing
from app.rehearsal.receptionist.policy import Receptionist
from app.rehearsal.sound.voice import Voice


def parser() -> argparse.ArgumentParser:
    """The switches of the command."""
    p = argparse.ArgumentParser(
        prog="python -m app.rehearsal",
        description="A local server that speaks OpenAI's Realtime protocol. No AI: a small dialogue"
        " policy for appointment calls, with switches for faults.",
    )
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=8765, help="0 takes a free one (default 8765)")
    p.add_argument("--pace", choices=sorted(pace.PACES), default="quick")
    p.add_argument(
        "--fault", action="append", default=[], metavar="KIND[:NAME=VALUE,...]",
        help="switch a fault on; may be given several times; GET /control lists them",
    )  # fmt: skip
    p.add_argument("--seed", type=int, default=0, help="of the faults' dice")
    p.add_argument("--session-seconds", type=float, default=3600.0, help="life of a session")
    p.add_argument("--conversation-created", action="store_true", help="send that event too")
    p.add_argument(
        "--drill", metavar="DELTAS[@PER_SECOND]",
        help="answer everything with so many word deltas, for benchmarks",
    )  # fmt: skip
    p.add_argument("--voice", choices=("auto", "espeak", "tones"), default="auto")
    p.add_argument("--quiet", action="store_true", help="log warnings only")
    return p


_WEIGHTS = Path(__file__).parent.parent / "core" / "language" / "intent" / "data" / "intents.bin"


def receptionist() -> Receptionist:
    """The dialogue policy over the intent engine as the product uses it."""
    weights = _WEIGHTS.read_bytes() if _WEIGHTS.exists() else None
    return Receptionist(Hearing(IntentEngine(weights)))


def stage(args: argparse.Namespace) -> Stage:
    """The stage that the switches describe; raises ValueError with what is wrong."""
    drill = Drill.parse(args.drill) if args.drill else None
    return Stage(
        brain=drill or receptionist(),
        pace=drill.pace if drill else pace.PACES[args.pace],
        faults=Faults([Fault.parse_flag(flag) for flag in args.fault], args.seed),
        session_seconds=args.session_seconds,
        announce_conversation=args.conversation_created,
        salt=secrets.token_hex(3),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Exit status 2: wrong switch; 1: the port is taken."""
    p = parser()
    args = p.parse_args(argv)
    try:
        chosen, voice = stage(args), Voice(args.voice)
    except ValueError as error:
        p.error(str(error))
    level = logging.WARNING if args.quiet else logging.INFO
    if sys.stderr.isatty():
        logging.basicConfig(level=level, format="%(asctime)s rehearsal model: %(message)s")
    else:
        logs.setup(logging.getLevelName(level), sys.stderr)

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await server.serve(chosen, host=args.host, port=args.port, voice=voice, stop=stop)

    try:
        asyncio.run(run())
    except OSError as error:
        print(f"cannot listen on {args.host}:{args.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
