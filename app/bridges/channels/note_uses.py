"""What each note leads to: one table, for the call's record, the metrics, the log and the page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app import metrics
from app.bridges.persistence.call_record import CallRecord
from app.core.call import notes
from app.core.call.notes import Note
from app.core.call.step_in import SteppedIn
from app.core.record.sound import RecordingStopped

AUDIO_LOST = metrics.counter("audio_lost_seconds_total", "Caller audio no model session ever heard")
BUDGETS = metrics.counter("budgets_reached_total", "Calls at their budget", ("alarm",))
GAVE_UP = metrics.counter("gave_up_total", "Calls whose model was given up", ("channel",))
SESSIONS_LOST = metrics.counter(
    "turn_sessions_lost_total", "Model sessions lost while a caller waited", ("channel",)
)
NOISY_LINES = metrics.counter("noisy_lines_total", "Times a caller could not be heard for noise")
RECORDINGS_STOPPED = metrics.counter(
    "recordings_stopped_total", "Recordings that ended before their call", ("why",)
)
MARKS_MISSING = metrics.counter("marks_missing_total", "Telephones that did not confirm playback")


@dataclass(frozen=True, slots=True)
class Use:
    """`keep` adds the note to the call's record, `count` to the metrics (it is given the channel);
    `flight` puts it into the flight record, `page` on the page of the call; `log` is a level and
    what is said."""

    keep: Callable[[CallRecord, Any, float], None] | None = None
    count: Callable[[Any, str], None] | None = None
    log: tuple[int, str] | None = None
    page: bool = False
    flight: bool = False


def _count_turn(note: notes.TurnEnded, channel: str) -> None:
    metrics.TURNS_TOTAL.labels(note.ended).inc()
    if note.first_ms is not None:
        metrics.FIRST_TOKEN.labels(channel).observe(note.first_ms / 1000)
    if note.lost:
        SESSIONS_LOST.labels(channel).inc(note.lost)


def _count_budget(note: notes.BudgetReached, channel: str) -> None:
    BUDGETS.labels(note.alarm).inc()


_EVENT = CallRecord.add_event
_BARGE_INS, _HOLDING = metrics.BARGE_INS, metrics.HOLDING_LINES

USES: dict[type[Note], Use] = {
    notes.TurnEnded: Use(CallRecord.add_turn, _count_turn, page=True),
    notes.Heard: Use(CallRecord.set_transcript),
    notes.BargeIn: Use(
        _EVENT, lambda note, channel: _BARGE_INS.labels("interruption").inc(), page=True
    ),
    notes.Backchannel: Use(
        _EVENT, lambda note, channel: _BARGE_INS.labels("backchannel").inc(), page=True
    ),
    notes.Muted: Use(page=True),
    notes.CallerAudio: Use(flight=True),
    notes.DigitPressed: Use(_EVENT),
    notes.CallerIdle: Use(_EVENT, page=True),
    notes.NoisyLine: Use(
        _EVENT,
        lambda note, channel: NOISY_LINES.inc(),
        log=(logging.WARNING, "the caller cannot be heard: sounds without words"),
        page=True,
    ),
    notes.TranscriptionFailed: Use(_EVENT),
    notes.CallDetailsGiven: Use(),
    notes.HoldingLine: Use(
        _EVENT, lambda note, channel: _HOLDING.labels(note.why).inc(), page=True
    ),
    notes.ResponseStalled: Use(_EVENT),
    notes.ResponseFailed: Use(_EVENT),
    notes.ResponseIncomplete: Use(_EVENT),
    notes.TextAnswer: Use(_EVENT),
    notes.GaveUp: Use(
        CallRecord.give_up,
        lambda note, channel: GAVE_UP.labels(channel).inc(),
        log=(logging.WARNING, "no answer from the model; the caller gets an apology"),
        page=True,
    ),
    notes.ModelLost: Use(_EVENT, page=True),
    notes.ModelReopened: Use(
        _EVENT, log=(logging.WARNING, "the model's session is replaced by another")
    ),
    notes.ModelRenewal: Use(_EVENT),
    notes.ModelRefused: Use(
        _EVENT, log=(logging.WARNING, "the model's server refused an event or reported an error")
    ),
    notes.WrongFormat: Use(
        _EVENT, log=(logging.ERROR, "the model's server speaks another audio format")
    ),
    notes.AudioLost: Use(_EVENT, lambda note, channel: AUDIO_LOST.inc(note.ms / 1000)),
    notes.AudioFedAgain: Use(_EVENT),
    notes.ToolAsked: Use(_EVENT, page=True),
    notes.ToolAnswered: Use(_EVENT, page=True),
    notes.ToolSuperseded: Use(_EVENT),
    notes.ActionTakenBack: Use(_EVENT, page=True),
    notes.CallEnding: Use(_EVENT, page=True),
    notes.Usage: Use(CallRecord.add_usage),
    notes.Cost: Use(CallRecord.set_cost, page=True),
    notes.BudgetReached: Use(
        _EVENT, _count_budget, log=(logging.WARNING, "the call has reached its budget"), page=True
    ),
    SteppedIn: Use(_EVENT, log=(logging.INFO, "somebody stepped into the call"), page=True),
    notes.CallResumed: Use(_EVENT, page=True),
    notes.BadFrame: Use(_EVENT),
    notes.BadEvent: Use(_EVENT),
    notes.UnknownFrame: Use(_EVENT),
    notes.StaleRequest: Use(),
    notes.MarksMissing: Use(_EVENT, lambda note, channel: MARKS_MISSING.inc()),
    RecordingStopped: Use(
        _EVENT,
        lambda note, channel: RECORDINGS_STOPPED.labels(note.why).inc(),
        log=(logging.WARNING, "the sound of the call is recorded no further"),
        page=True,
    ),
}
