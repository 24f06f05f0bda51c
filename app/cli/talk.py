"""A caller over audio: speech files or spoken texts, streamed as Twilio streams a telephone.

Each --wav or --say is spoken when the agent has been silent for a second; --over SECONDS before one
speaks it so long into the agent's speech instead, to interrupt. Without any, type what the caller
says: espeak-ng speaks it. A file's words are read from the .txt file beside it; the rehearsal model
is told them, because it does not recognise speech.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import signal
import sys
import threading
import urllib.request
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from app.cli.screen import Screen
from app.errors import BadRequest
from app.local.stack import beside, running_model_url
from app.rehearsal.twilio_phone import sounds
from app.rehearsal.twilio_phone.mouth import Line, Mouth
from app.rehearsal.twilio_phone.telephone import Outcome, Telephone
from app.settings import Settings

NAME = "talk"
HELP = "a caller over audio: files, or what you type, spoken"

_TOLD = {
    "connected": "the stream is open",
    "first audio": "first audio from the agent",
    "agent speaks": "the agent speaks",
    "agent silent": "the agent is silent",
}


class _Script(argparse.Action):
    """Keeps lines and their cues in the order they were given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        script = getattr(namespace, "script", None) or []
        namespace.script = [*script, (self.dest, values)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.set_defaults(script=[])
    parser.add_argument("--wav", metavar="FILE", action=_Script, help="say a WAV or mu-law file")
    parser.add_argument("--say", metavar="TEXT", action=_Script, help="say a text by espeak-ng")
    parser.add_argument(
        "--over", metavar="SECONDS", type=float, action=_Script,
        help="say the next one so long into the agent's speech",
    )  # fmt: skip
    parser.add_argument(
        "--url", metavar="URL", help="the server (default: the one of this machine)"
    )
    parser.add_argument("--from", dest="caller", metavar="NUMBER", default="+14155550100")
    parser.add_argument("--agent", default="", help="the agent's name, where there are several")
    parser.add_argument("--out", metavar="FILE", default="talk.wav", help="the agent's audio")
    parser.add_argument("--both", action="store_true", help="the caller's too: left, agent right")
    parser.add_argument(
        "--wait", metavar="SECONDS", type=float, default=6.0,
        help="hang up after so much silence at the end (default 6)",
    )  # fmt: skip
    parser.add_argument("--model", metavar="URL", help="the rehearsal model, to be told the words")
    parser.add_argument("--quiet", action="store_true", help="print only how it ended")


def run(args: argparse.Namespace) -> int:
    """Make the call; 0 where the agent was heard and nobody was cut off."""
    settings = Settings.of_command(beside(os.environ))
    screen = Screen()
    mouth = Mouth(deque(_lines(args.script)), args.wait if args.script else None)
    told = Words(args.model or running_model_url(), args.caller)
    watch = _Watch(screen, told, quiet=args.quiet)
    phone = Telephone(
        args.url or f"http://127.0.0.1:{settings.port}",
        mouth,
        number=args.caller,
        agent=args.agent,
        auth_token=settings.twilio_auth_token,
        watch=watch,
    )
    if not args.script:
        threading.Thread(target=_type, args=(phone, mouth, screen), daemon=True).start()
    with _stopping(phone):
        outcome = phone.call()
    if args.both:
        sounds.save(args.out, bytes(mouth.said), bytes(phone.handset.heard))
    else:
        sounds.save_one(args.out, bytes(phone.handset.heard))
    _report(screen, outcome, phone, args.out)
    return 0 if outcome.first_audio_s is not None and outcome.ended_by != "lost" else 1


def _lines(script: list[tuple[str, Any]]) -> Iterator[Line]:
    over: float | None = None
    for kind, value in script:
        if kind == "over":
            over = float(value)
            continue
        utterance = sounds.load(value) if kind == "wav" else sounds.say(value)
        yield Line(utterance, over=over)
        over = None
    if over is not None:
        raise BadRequest("--over needs a --wav or --say after it")


def _type(phone: Telephone, mouth: Mouth, screen: Screen) -> None:
    """Speak what is typed; keys with a leading slash: ``/keys 123#``, ``/bye``."""
    if sys.stdin.isatty():
        screen.line("Type what the caller says; /keys 123# presses keys, /bye hangs up.", "dim")
    for line in sys.stdin:
        text = line.strip()
        if text == "/bye":
            break
        if text.startswith("/keys "):
            phone.press(text[6:].strip())
        elif text:
            after = 0.0 if sys.stdin.isatty() else 1.0
            mouth.lines.append(Line(sounds.say(text), after_quiet=after, at=_now_or_never(after)))
    if sys.stdin.isatty():
        phone.hang_up()
    else:
        mouth.hang_up_after = 6.0


def _now_or_never(after: float) -> float | None:
    return None if after else 0.0


class Words:
    """Tells the rehearsal model the words of what is said, as it begins."""

    def __init__(self, model_url: str | None, number: str) -> None:
        self._url = model_url.rstrip("/").removesuffix("/v1") if model_url else None
        self._caller = hashlib.sha256(number.encode()).hexdigest()[:32]

    def tell(self, text: str) -> None:
        """The next thing the model hears from this caller is `text`."""
        if self._url is None or not text:
            return
        body = orjson.dumps({"texts": [text], "caller": self._caller})
        request = urllib.request.Request(  # noqa: S310 - http to a local server
            f"{self._url}/control/transcripts", data=body, method="POST"
        )
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=5):  # noqa: S310
            pass


class _Watch:
    """Prints what happens on the line."""

    def __init__(self, screen: Screen, words: Words, *, quiet: bool) -> None:
        self._screen = screen
        self._words = words
        self._quiet = quiet

    def __call__(self, at: float, kind: str, about: dict[str, Any]) -> None:
        """Told of everything the telephone notices."""
        if kind == "caller speaks":
            self._words.tell(about["text"])
            self._line(at, f"the caller says: {about['text'] or '(no words known)'}", "user")
        elif kind == "clear":
            after = about["after_s"]
            told = f" {after * 1000:.0f} ms after the caller's voice" if after is not None else ""
            self._line(at, f"the agent falls silent{told}", "good")
        elif kind in ("twilio says", "no stream"):
            self._line(at, f"{kind}: {about.get('text') or about.get('why')}", "bad")
        elif kind in _TOLD:
            self._line(at, _TOLD[kind], "dim")

    def _line(self, at: float, text: str, colour: str) -> None:
        if not self._quiet:
            self._screen.line(f"  {at:7.2f} s  {text}", colour)


def _report(screen: Screen, outcome: Outcome, phone: Telephone, path: str) -> None:
    handset = phone.handset
    screen.line()
    screen.line(f"  call       {outcome.call_sid}, {outcome.seconds:.1f} s, {_ending(outcome)}")
    first = outcome.first_audio_s
    screen.line(f"  first      {'never' if first is None else f'{first * 1000:.0f} ms'} to audio")
    if outcome.barge_ins:
        each = ", ".join(f"{seconds * 1000:.0f}" for seconds in outcome.barge_ins)
        screen.line(f"  barge-in   {each} ms from voice to silence")
    screen.line(
        f"  audio      {handset.frames} frames, {len(handset.heard) / 8000:.1f} s in {path}"
    )


def _ending(outcome: Outcome) -> str:
    if outcome.ended_by == "transfer":
        return f"transferred to {outcome.dialled}"
    return f"ended by {outcome.ended_by or 'nobody'}"


@contextlib.contextmanager
def _stopping(phone: Telephone) -> Iterator[None]:
    """Ctrl-C hangs up."""
    before = signal.signal(signal.SIGINT, lambda *_: phone.hang_up())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
