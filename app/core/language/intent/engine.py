"""Which of the things this agent can do the caller asks for.

The engine joins rules (what is asked, of which object, whether it is negated or taken back) with a
small linear model whose weights are a data file. It is deterministic and does no I/O; the weights
are loaded by `app.adapters.language.engine()`. Without weights the rules decide alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.language.intent import custom, non_requests, plain_requests, rules
from app.core.language.intent.features import COMMA, STOP, Utterance, normalise
from app.core.language.intent.linear_model import LinearModel
from app.core.language.intent.vocabulary import REFUSABLE
from app.core.language.settings import DefaultIntents, IntentOptions
from app.core.language.text import plain

SCHEDULE = "schedule_meeting"
CANCEL = "cancel_meeting"
RESCHEDULE = "reschedule_meeting"
QUERY = "query_availability"

INTENTS = (SCHEDULE, CANCEL, RESCHEDULE, QUERY)
"""The built-in intents. Agents add their own by name and phrases (`IntentOptions.custom`)."""

ACTS = (SCHEDULE, CANCEL, RESCHEDULE)
"""The intents that change something."""

DEFAULTS = DefaultIntents()
_NAMED_FROM = 0.6
"""Below this confidence no intent is named at all."""
_WAITING = 0.6
"""The confidence of a request whose object is still to come."""
_PLAIN = 0.85
"""The least confidence of a plain request to move a booking."""
_SURE = 0.95
"""Above this the model's other opinion counts more than the plain words."""
_WEIGHED = 0.62
"""The most for what is only weighed ("I'm thinking about cancelling"): named, not acted upon."""
_CONTRAST = 0.8
"""The least confidence of "not cancel, move it": the contrast says what is wanted."""


@dataclass(frozen=True, slots=True)
class IntentResult:
    """What one text asks for.

    intent: one of `INTENTS`, a custom intent's name, or None.
    confidence: 0..1, of `intent`; of "nothing is asked" when `intent` is None. On a scale on which
        acting at 0.75 is sound; an intent below 0.6 is not named.
    complete: whether the text can be acted on as it stands; False for "I want to cancel my ...",
        for a high-stakes intent whose object was not said, and for sentences that break off.
    negated: the caller said that they do not want it ("don't book anything"), or took it back.
    reason: short words for logs and the call's record, never the caller's words.
    """

    intent: str | None
    confidence: float
    complete: bool = True
    negated: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    """One run of the model and the rules over one list of tokens."""

    intent: str | None
    confidence: float
    utterance: Utterance
    reason: str
    negated: bool = False


class IntentEngine:
    """Analyses texts. One instance serves all calls of a process; it holds no call's state."""

    def __init__(self, weights: bytes | None = None) -> None:
        """weights: the content of the data file written by ``python -m app train-intents``.

        Raises ValueError when it is not such a file.
        """
        self._model = LinearModel(weights) if weights else None
        if self._model:
            self._classes = self._model.classes
            self._places = [(intent, self._classes.index(intent)) for intent in INTENTS]

    def analyse(
        self,
        text: str,
        *,
        now: datetime | None = None,
        settings: IntentOptions = DEFAULTS,
        services: Sequence[str] = (),
    ) -> IntentResult:
        """Say what `text` asks for. Any text is allowed; never raises.

        text: one final utterance, or the caller's words so far. When it holds several sentences
            the last complete one that asks for something decides.
        now: the aware time in the agent's zone; may be left out (days are told by their words).
        services: what is booked here ("beard trim"); each counts as an appointment.
        """
        said = plain(text)
        tokens = normalise(said)
        if services:
            tokens = custom.with_services(tokens, tuple(services))
        if not any(token not in (STOP, COMMA) for token in tokens):
            return IntentResult(None, 1.0, complete=False, reason="no words")
        parts = rules.sentences(tokens)
        judged, open_end = self._judge_parts(tokens, parts, said)
        own = custom.find_intent(tokens, settings.custom)
        if own and (judged.intent not in ACTS or own[1] > judged.confidence):
            return IntentResult(own[0], own[1], complete=not open_end, reason="own phrase")
        return self._result(judged, open_end, settings)

    def _judge_parts(
        self, tokens: list[str], parts: list[list[str]], said: str
    ) -> tuple[_Judged, bool]:
        """The judgement over all sentences, and whether the last one breaks off."""
        end = said.rstrip()
        asks, broken = end.endswith("?"), end.endswith(("-", "...", ","))
        ended = end.endswith((".", "!", "?"))
        open_end = broken or rules.breaks_off(parts[-1], ended=ended, asks=asks)
        if rules.takes_back(parts):
            return _Judged(None, 0.9, Utterance(parts[-1]), "taken back", negated=True), False
        if len(parts) > 1:
            last = self._judge(parts[-1])
            if last.negated or (last.intent and last.confidence >= DEFAULTS.act_threshold):
                return last, open_end
        return self._judge(tokens), open_end

    def _judge(self, tokens: list[str]) -> _Judged:
        standing, corrected = rules.after_correction(tokens)
        utterance = Utterance(standing)
        contrast = None
        if utterance.negated:
            contrast = rules.contrasted(utterance)
            if contrast is not None:
                utterance = Utterance(contrast)
        intent, confidence, reason = self._weigh(utterance)
        if contrast is not None or corrected:
            wanted = [REFUSABLE[a] for _, a, no in utterance.acts if not no and a in REFUSABLE]
            if wanted and intent in (None, wanted[0]):
                intent, confidence = wanted[0], max(confidence, _CONTRAST)
            reason = "corrected" if corrected else "contrast"
        unasked = non_requests.kind(utterance, intent) if intent in ACTS and intent else ""
        if unasked == non_requests.WEIGHED:
            return _Judged(intent, min(confidence, _WEIGHED), utterance, unasked)
        if unasked == non_requests.TOLD:
            return _Judged(None, 0.9, utterance, unasked)
        if unasked == non_requests.REFUSED:
            return _Judged(None, 0.9, utterance, unasked, negated=True)
        if intent in ACTS and utterance.negated and rules.refused(utterance, intent):
            return _Judged(None, confidence, utterance, "refused", negated=True)
        if intent is None and utterance.negated and self._refusal(utterance):
            return _Judged(None, confidence, utterance, "refused", negated=True)
        return _Judged(intent, confidence, utterance, reason)

    def _weigh(self, utterance: Utterance) -> tuple[str | None, float, str]:
        """The most likely intent at a confidence worth naming, else None and its confidence."""
        if self._model is None:
            intent, confidence = plain_requests.by_rules(utterance)
            return intent, confidence, "rules"
        shares = self._model.probabilities(utterance.features)
        intent, place = max(self._places, key=lambda item: shares[item[1]])
        confidence = self._model.confidence(shares[place])
        for plain_intent in plain_requests.plain(utterance):
            if intent == plain_intent or confidence < _SURE:
                share = shares[self._classes.index(plain_intent)]
                return plain_intent, max(self._model.confidence(share), _PLAIN), "plain request"
        if confidence < _NAMED_FROM:
            return None, min(1.0, 1.35 - confidence), "model"
        return intent, confidence, "model"

    def _refusal(self, utterance: Utterance) -> bool:
        acts = [negated for _, act, negated in utterance.acts if act in REFUSABLE]
        return bool(acts) and all(acts)

    def _result(self, judged: _Judged, open_end: bool, settings: IntentOptions) -> IntentResult:
        """Add what completeness asks for."""
        if judged.negated:
            return IntentResult(None, judged.confidence, negated=True, reason=judged.reason)
        intent, confidence = judged.intent, judged.confidence
        waiting = rules.waiting_request(judged.utterance)
        waiting = waiting if waiting in settings.high_stakes else None
        if waiting and intent in (None, waiting):
            return IntentResult(waiting, _WAITING, complete=False, reason="waits for its object")
        if intent is None:
            return IntentResult(None, confidence, complete=not open_end, reason=judged.reason)
        if open_end and intent != QUERY:
            return IntentResult(intent, confidence, complete=False, reason="breaks off")
        settled = judged.reason in ("contrast", "corrected")
        needs_object = intent in settings.high_stakes and not settled
        if needs_object and not rules.has_object(judged.utterance):
            return IntentResult(intent, confidence, complete=False, reason="no object")
        return IntentResult(intent, confidence, reason=judged.reason)
