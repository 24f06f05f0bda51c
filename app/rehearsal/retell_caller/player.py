"""Plays one call of a scenario on a line: decides what the caller does, and when. No I/O.

Give it every event, then call `tick`; it acts on the line it was given.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator

from app.rehearsal.retell_caller import events
from app.rehearsal.retell_caller.hearing import Hearing
from app.rehearsal.retell_caller.line import Line
from app.rehearsal.retell_caller.manner import Habits
from app.rehearsal.retell_caller.outcome import Outcome
from app.rehearsal.retell_caller.placeholders import fill
from app.rehearsal.retell_caller.remarks import LineSettings, Remark
from app.rehearsal.retell_caller.scenario import (
    CallSpec,
    Converse,
    During,
    HangUp,
    Hear,
    LineSpec,
    Lose,
    Meanwhile,
    Say,
    Silence,
)

#: A call that makes no step at all for the line's patience and this long has stuck.
STUCK_S = 15.0

#: Starts another call; the function it returns gives that call's outcome once there is one.
StartCall = Callable[[CallSpec], Callable[[], Outcome | None]]


def line_settings(spec: LineSpec, *, speed: float = 1.0) -> LineSettings:
    """The line's settings. `speed` 2 is twice as fast as people speak; 0 is without delay."""
    slow = 1 / speed if speed else 0.0
    return LineSettings(
        word_s=60 / spec.words_per_minute * slow,
        end_of_turn_s=spec.end_of_turn_ms / 1000 * slow,
        reminder_s=spec.reminder_trigger_ms / 1000,
        reminder_count=spec.reminder_max_count,
        patience_s=spec.patience_ms / 1000,
        asks_again=spec.asks_again,
    )


class Failure(Exception):
    """A step did not go as the scenario says."""


class Player:
    """One call."""

    def __init__(
        self,
        spec: CallSpec,
        line: Line,
        outcome: Outcome,
        *,
        today: dt.date,
        heard: dict[str, str],
        start: StartCall,
    ) -> None:
        self.outcome = outcome
        self._spec = spec
        self._line = line
        self._today = today
        self._groups = heard
        self._start = start
        self._heard = Hearing()
        self._enough = False
        self._said = 0
        self._moved_at = line.now
        slow = line.settings.word_s * spec.line.words_per_minute / 60
        self._habits = Habits(spec.manner, slow=slow)
        self._script = self._play()
        self._over = False

    def event(self, at: float, event: events.Event) -> None:
        """Take note of what happened."""
        self._moved_at = at
        self._heard.event(event)
        if isinstance(event, events.Asked):
            self._hum()
        elif isinstance(event, events.NoAnswer):
            self._fail(f"the agent said nothing for {event.waited:.0f} s")

    def tick(self, now: float) -> None:
        """Do what can be done now."""
        if self._over or self._line.ended:
            self._over = True
            return
        try:
            next(self._script)
        except StopIteration:
            self._over = True
        except Failure as failure:
            self._fail(str(failure))
        if now - self._moved_at > self._line.settings.patience_s + STUCK_S:
            self._fail("nothing happens any more")

    def _fail(self, why: str) -> None:
        if not self._over:
            said = f'; the agent\'s last turn was "{self._heard.text}"' if self._heard.text else ""
            self.outcome.failures.append(why + said)
            self._over = True
            self._line.hang_up(self._line.now)

    # The script: each `yield` waits for the next tick

    def _play(self) -> Iterator[None]:
        for number, step in enumerate(self._spec.steps):
            if isinstance(step, Say):
                yield from self._say(step)
            elif isinstance(step, Hear):
                yield from self._hear(step, number)
            elif isinstance(step, Converse):
                yield from self._converse(step, number)
            elif isinstance(step, Silence):
                yield from self._silence(step)
            elif isinstance(step, Lose):
                yield from self._when(step.during)
                if step.lose == "connection":
                    self._line.link.drop(self._line.now)
                else:
                    self._line.link.deaf = True
            elif isinstance(step, HangUp):
                yield from self._when(step.during)
                self._line.hang_up(self._line.now)
                return
            else:
                yield from self._meanwhile(step)
        if self._spec.expect.ended in (None, "user_hangup"):
            yield from self._until_ready()
            self._line.hang_up(self._line.now)
            return
        end = self._line.now + self._line.settings.patience_s
        while not self._line.ended:
            if self._line.now > end and self._heard.ready:
                raise Failure("the call did not end")
            yield

    def _until_ready(self) -> Iterator[None]:
        while not (self._heard.ready and self._line.caller_is_done):
            yield

    def _until_heard(self, enough: Callable[[], bool]) -> Iterator[None]:
        """Until the agent has finished; a caller who interrupts has heard `enough` before that."""
        more = self._habits.interrupts(self._said)
        wanted: int | None = None
        while not (self._heard.ready and self._line.caller_is_done):
            if more is not None and self._heard.words and self._line.caller_is_done:
                self._heard.take_part()
                if wanted is None and enough():
                    wanted = len(self._heard.words) + more
                if wanted is not None and len(self._heard.words) >= wanted and enough():
                    self._enough = True
                    return
            yield

    def _hear(self, step: Hear, number: int) -> Iterator[None]:
        whole = bool(step.not_) or any("(?P<" in pattern for pattern in step.hear)

        def enough() -> bool:
            return not whole and all(self._matches(pattern) for pattern in step.hear)

        yield from self._until_heard(enough)
        self._check(step, number)

    def _say(self, step: Say) -> Iterator[None]:
        plain = step.barge_in is None and step.early is None
        if not (self._enough and plain and step.if_ is None):
            if step.barge_in is None or step.if_ is not None:
                yield from self._until_ready()
            if step.if_ is not None and not self._matches(step.if_):
                return
        if plain and step.request:
            yield from self._answer(self._fill(step.say))
            return
        words = step.barge_in if isinstance(step.barge_in, int) else None
        tool = step.barge_in if isinstance(step.barge_in, str) else None
        self._remark(Remark(self._fill(step.say), step.request, step.early, words, tool))

    def _answer(self, text: str) -> Iterator[None]:
        """Say something in the caller's manner."""
        if not self._enough:
            end = self._line.now + self._habits.pause_s(self._said)
            while self._line.now < end:
                self._moved_at = self._line.now
                yield
        early = self._habits.hesitates(self._said, len(text.split()))
        self._remark(Remark(text, early=early))

    def _remark(self, remark: Remark) -> None:
        self._enough = False
        self._said += 1
        self._heard.ready = self._heard.ready and not remark.request
        self._line.say(remark, self._line.now)

    def _hum(self) -> None:
        """Say something in between while the agent answers, as Retell's filter recognises it."""
        hum = self._habits.hum(self._said)
        if hum is not None and not self._over:
            text, words = hum
            self._line.say(Remark(text, request=False, after_words=words), self._line.now)

    def _converse(self, step: Converse, number: int) -> Iterator[None]:
        used = [0] * len(step.converse)

        def is_until() -> bool:
            return step.until != "ended" and self._matches(step.until)

        def fitting() -> int | None:
            for index, reply in enumerate(step.converse):
                if used[index] < reply.times and self._matches(reply.when):
                    return index
            return None

        for _ in range(step.turns):
            yield from self._until_heard(lambda: not is_until() and fitting() is not None)
            if is_until():
                return
            index = fitting()
            if index is None:
                raise Failure(f"step {number + 1}: no entry of converse answers this")
            used[index] += 1
            yield from self._answer(self._fill(step.converse[index].say))
        raise Failure(f"step {number + 1}: still not {step.until!r} after {step.turns} turns")

    def _silence(self, step: Silence) -> Iterator[None]:
        yield from self._until_ready()
        if step.silence == "reminder":
            self._heard.reminded = False
            while not self._heard.reminded:
                self._moved_at = self._line.now
                yield
            return
        end = self._line.now + step.silence
        while self._line.now < end:
            self._moved_at = self._line.now
            yield

    def _when(self, during: During | None) -> Iterator[None]:
        if during is None:
            yield from self._until_ready()
            return
        told = len(self._heard.tools)
        while not (
            len(self._heard.words) >= during
            if isinstance(during, int)
            else during in self._heard.tools[told:]
        ):
            yield

    def _meanwhile(self, step: Meanwhile) -> Iterator[None]:
        yield from self._until_ready()
        poll = self._start(step.meanwhile)
        while True:
            self._moved_at = self._line.now
            outcome = poll()
            if outcome is not None:
                break
            yield
        if not outcome.ok:
            raise Failure("the other call failed: " + "; ".join(outcome.failures + outcome.faults))

    def _check(self, step: Hear, number: int) -> None:
        for pattern in step.hear:
            found = re.search(self._fill(pattern, pattern=True), self._heard.text, re.IGNORECASE)
            if not found:
                raise Failure(f"step {number + 1}: expected to hear {pattern!r}")
            self._groups.update(
                {name: text for name, text in found.groupdict().items() if text is not None}
            )
        for pattern in step.not_:
            if self._matches(pattern):
                raise Failure(f"step {number + 1}: expected not to hear {pattern!r}")

    def _matches(self, pattern: str) -> bool:
        filled = self._fill(pattern, pattern=True)
        return re.search(filled, self._heard.text, re.IGNORECASE) is not None

    def _fill(self, text: str, *, pattern: bool = False) -> str:
        return fill(text, self._today, self._groups, pattern=pattern)
