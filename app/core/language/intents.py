"""Which of the things this agent can do the caller asks for.

The engine joins rules (what is asked, of which object, whether it is negated or taken back) with a
small linear model whose weights are a data file. It is deterministic and does no I/O; the weights
are loaded by `app.adapters.language.engine()`. Without weights the rules decide alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.language.settings import IntentOptions, IntentSettings

SCHEDULE = "schedule_meeting"
CANCEL = "cancel_meeting"
RESCHEDULE = "reschedule_meeting"
QUERY = "query_availability"

INTENTS = (SCHEDULE, CANCEL, RESCHEDULE, QUERY)
"""The built-in intents. Agents add their own by name and phrases (`IntentSettings.custom`)."""

ACTS = (SCHEDULE, CANCEL, RESCHEDULE)
"""The intents that change something."""

DEFAULTS = IntentSettings()


@dataclass(frozen=True, slots=True)
class IntentResult:
    """What one text asks for.

    intent: one of `INTENTS`, a custom intent's name, or None.
    confidence: 0..1, of `intent`; of "nothing is asked" when `intent` is None. Calibrated so that
        acting at 0.75 is sound.
    complete: whether the text can be acted on as it stands; False for "I want to cancel my ...",
        for a high-stakes intent whose object was not said, and for sentences that break off.
    negated: the caller said that they do not want it ("don't book anything").
    reason: short words for logs and the call's record, never caller's words.
    """

    intent: str | None
    confidence: float
    complete: bool = True
    negated: bool = False
    reason: str = ""


class IntentEngine:
    """Analyses texts. One instance serves all calls of a process; it holds no call's state."""

    def __init__(self, weights: bytes | None = None) -> None:
        """weights: the content of the data file written by ``python -m app train-intents``."""
        self._weights = weights

    def analyse(
        self, text: str, *, now: datetime | None = None, settings: IntentOptions = DEFAULTS
    ) -> IntentResult:
        """Say what `text` asks for. Any text is allowed; never raises.

        text: one final utterance, or the caller's words so far. When it holds several sentences
            the last complete one that asks for something decides.
        now: the aware time in the agent's zone; only used to recognise dates, may be left out.
        """
        return IntentResult(None, 0.0, complete=False, reason="empty")


def may_act(result: IntentResult, settings: IntentOptions = DEFAULTS, *, threshold: float) -> bool:
    """Whether `result` is sure enough to be acted upon: named, complete and at the threshold."""
    return (
        result.intent is not None
        and result.complete
        and not result.negated
        and result.confidence >= threshold
    )
