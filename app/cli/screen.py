"""A conversation in the terminal, as it happens."""

from __future__ import annotations

import os
import sys
import threading
from typing import TextIO

import orjson

from app.rehearsal.retell_caller import events

_LABELS = {"agent": "Agent ", "user": "Caller"}
_COLOURS = {"agent": "36", "user": "33", "dim": "2", "bad": "31", "good": "32", "bold": "1"}
_ARGUMENT_WIDTH = 40
_RESULT_WIDTH = 90


class Screen:
    """Prints calls to `out`; colours only where a person looks on. Safe for several threads."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.colours = self.out.isatty() and "NO_COLOR" not in os.environ
        self._speaker: tuple[int, str] | None = None
        self._column = 0
        self._lock = threading.Lock()
        self._width = 100

    def line(self, text: str = "", colour: str = "") -> None:
        """A line of its own."""
        with self._lock:
            self._break()
            self._write(self.paint(text, colour) + "\n")

    def paint(self, text: str, colour: str) -> str:
        """`text` in a colour, where colours are wanted."""
        if not self.colours or not colour:
            return text
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"

    def watch(self, number: int, call_id: str, at: float, event: events.Event) -> None:
        """Print what is worth seeing of an event."""
        margin = "  " + "    " * number
        if isinstance(event, events.Word):
            self._word(margin, number, event)
            return
        text, colour = describe(event)
        if text:
            self.line(f"{margin}  {text}", colour)

    def _word(self, margin: str, number: int, event: events.Word) -> None:
        with self._lock:
            speaker = (number, event.role)
            if self._speaker != speaker or event.first:
                self._break()
                label = self.paint(_LABELS.get(event.role, event.role), "bold")
                self._write(f"{margin}{label}  ")
                self._column = len(margin) + 8
                self._speaker = speaker
            elif self._column + len(event.word) > self._width:
                self._write("\n" + margin + " " * 8)
                self._column = len(margin) + 8
            self._write(self.paint(event.word, event.role) + " ")
            self._column += len(event.word) + 1

    def _break(self) -> None:
        if self._speaker is not None:
            self._write("\n")
        self._speaker = None

    def _write(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()


def describe(event: events.Event) -> tuple[str, str]:
    """One line for an event, and its colour; empty for what need not be shown."""
    if isinstance(event, events.AgentDone):
        cut = "cut off by the caller, " if event.cut and event.text else ""
        if event.interrupt or (not event.text and not cut):
            return "", ""
        return f"{cut}{_latency(event)}", "dim"
    if isinstance(event, events.ToolCalled):
        return f"tool    {event.name}({_arguments(event.arguments)})", "dim"
    if isinstance(event, events.ToolReturned):
        sign = {True: "ok", False: "failed", None: "done"}[event.successful]
        text = _short(_result(event.content), _RESULT_WIDTH)
        return f"        {sign} after {_ms(event.took)}: {text}", (
            "bad" if event.successful is False else "dim"
        )
    if isinstance(event, events.ActionDone):
        return f"action  {event.action}", "good"
    if isinstance(event, events.ActionLost):
        return f"action  {event.action} was lost: the caller spoke before the sentence ended", "bad"
    if isinstance(event, events.Asked):
        if event.reminder:
            return f"Retell reminds: the caller is silent (request {event.response_id})", "dim"
        return "", ""
    return _trouble(event)


def _trouble(event: events.Event) -> tuple[str, str]:
    if isinstance(event, events.Refused):
        return f"no connection: {event.why}", "bad"
    if isinstance(event, events.Reconnecting):
        return f"Retell connects again: {event.why}", "bad"
    if isinstance(event, events.Connected):
        return ("", "") if event.attempt == 1 else ("connected again", "dim")
    if isinstance(event, events.Fault):
        return f"protocol: {event.what}", "bad"
    if isinstance(event, events.Stale):
        if event.late is not None:
            return "", ""
        return f"protocol: content for response {event.id}, which is not open", "bad"
    if isinstance(event, events.NoAnswer):
        return f"silence: nothing was said for {event.waited:.0f} s", "bad"
    if isinstance(event, events.Ended):
        return f"call ended: {event.reason}", "good"
    return "", ""


def _latency(event: events.AgentDone) -> str:
    if event.first_frame is None or event.first_sentence is None:
        return ""
    return f"first word after {_ms(event.first_frame)}, sentence {_ms(event.first_sentence)}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


def _short(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _result(text: str) -> str:
    """What a tool's result says to people, if it says something."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    message = value.get("message") if isinstance(value, dict) else None
    return message if isinstance(message, str) and message else text


def _arguments(text: str) -> str:
    values = orjson.loads(text)
    return ", ".join(
        f"{name}={_short(str(item), _ARGUMENT_WIDTH)}" for name, item in values.items()
    )
