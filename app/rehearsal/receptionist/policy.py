"""The rehearsal model's brain: a small, honest dialogue policy for appointment calls.

No AI. It sees what a model sees (instructions, declared tools, the conversation's items) and
decides by rules what to say or which tool to call. It says that it is the rehearsal model when it
greets, with its first answer, and whenever it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from app.core.language import speech
from app.core.language.words import unheard
from app.rehearsal.realtime_server.items import message_text
from app.rehearsal.realtime_server.reply import Part, Prompt, Say
from app.rehearsal.receptionist import phrases, transitions
from app.rehearsal.receptionist.business import Business
from app.rehearsal.receptionist.dialogue import Dialogue, Outcome
from app.rehearsal.receptionist.goals import MORE, Goals, call
from app.rehearsal.receptionist.hearing import Heard, Hearing

_INTRODUCTION = "Just so you know, I am the rehearsal model, not an AI."
_HELP = "How can I help you?"
_AGAIN = "Would you like me to try again, or talk to a person?"
_SILENT = re.compile(r"\b(?:said nothing|silen(?:t|ce)|still there|quiet)\b", re.IGNORECASE)
_GO_ON = re.compile(r"\bgo on\b|\bcontinue\b", re.IGNORECASE)
_VERBATIM = re.compile(
    r"\b(?:say|reply|answer|respond|speak)\b[^\"“]{0,80}[\"“](?P<words>[^\"”]{2,})[\"”]",
    re.IGNORECASE,
)
_LAST_QUESTION = re.compile(r"(?:^|[.!?] )([^.!?]+\?)[^?]*$")


class Receptionist:
    """Answers as the front desk of the business that the instructions describe."""

    def __init__(self, hearing: Hearing | None = None) -> None:
        self._hearing = hearing or Hearing()

    def answer(self, prompt: Prompt) -> Sequence[Part]:
        """The next thing to say or do."""
        business = Business.read(prompt.instructions, prompt.at)
        items = list(prompt.items)
        notes = transitions.read(items, self._hearing, business.now, business.services)
        if any(_GO_ON.search(note) for note in notes.system) and not notes.heard:
            return self._rest(prompt, business, items)
        return _Turn(prompt, business, notes).answer()

    def _rest(self, prompt: Prompt, business: Business, items: list[dict[str, Any]]) -> list[Part]:
        """What is left of an answer that was cut off: the answer again, without what was said."""
        said: list[str] = []
        while items and items[-1].get("role") in ("assistant", "system"):
            last = items.pop()
            if last.get("role") == "assistant":
                said.insert(0, message_text(last))
        notes = transitions.read(items, self._hearing, business.now, business.services)
        parts = _Turn(prompt, business, notes).answer()
        first = parts[0]
        if isinstance(first, Say):
            rest = unheard(first.text, " ".join(said))
            if rest:
                return [Say(rest), *parts[1:]]
            if rest is None:
                return [Say(f"As I was saying: {first.text}"), *parts[1:]]
            return parts[1:] or [Say(MORE)]
        return parts


class _Turn:
    """One decision."""

    def __init__(self, prompt: Prompt, business: Business, notes: Dialogue) -> None:
        self._prompt = prompt
        self._business = business
        self._notes = notes
        self._goals = Goals(prompt, notes, business.now.date())

    def answer(self) -> list[Part]:
        notes = self._notes
        parts = self._decide()
        first = parts[0]
        if isinstance(first, Say) and notes.turns == 1 and not notes.introduced:
            parts = [Say(f"{_INTRODUCTION} {first.text}"), *parts[1:]]
        return parts

    def _decide(self) -> list[Part]:
        notes = self._notes
        for text in notes.system:
            verbatim = _VERBATIM.search(text)
            if verbatim is not None:
                return [Say(verbatim["words"])]
        if notes.outcome is not None:
            return self._after_tool(notes.outcome)
        if notes.heard:
            return self._after_words(notes.heard)
        if not notes.greeted:
            return [Say(f"{self._business.greeting} {_INTRODUCTION} {_HELP}")]
        if any(_SILENT.search(text) for text in notes.system):
            return self._remind()
        return self._goals.step() if notes.goal else [Say(_HELP)]

    # -- what was said --------------------------------------------------------------------

    def _after_words(self, heard: list[Heard]) -> list[Part]:
        notes, last = self._notes, heard[-1]
        if all(utterance.silent for utterance in heard):
            return self._remind()
        if all(utterance.deaf or utterance.silent for utterance in heard):
            question = self._question() or "Could you say it again?"
            return [Say(f"Sorry, I did not catch that. {question}")]
        if any(utterance.person for utterance in heard):
            return self._to_person()
        if last.bye and not self._undecided(last):
            return self._goodbye()
        if last.repeat and notes.last_said:
            return [Say(f"Of course. {notes.last_said.replace(_INTRODUCTION, '').strip()}")]
        if last.question == "mine":
            if notes.booking is not None and (when := phrases.when(notes.booking)):
                return [Say(f"Your appointment is on {when}. {self._question() or MORE}")]
        elif last.question is not None and not last.said.spoken:
            answer = self._business.answer(last.question)
            return [Say(f"{answer} {self._question() or MORE}")]
        if notes.dropped:
            return [Say(f"No problem, I will leave that. {MORE}")]
        if notes.goal is not None:
            return self._goals.step()
        return self._small_talk(last)

    def _small_talk(self, last: Heard) -> list[Part]:
        asked = self._notes.asked
        if asked == "more" and last.no:
            return self._goodbye()
        if asked == "more" and last.yes and not last.thanks:
            return [Say(f"Sure. {_HELP}")]
        if last.thanks:
            return [Say(f"You are welcome. {MORE}")]
        return [Say(f"I can book, move or cancel an appointment for you. {_HELP}")]

    def _undecided(self, last: Heard) -> bool:
        """Whether "that is all" came with something to be done first."""
        wants = bool(last.said.spoken) or last.order is not None or self._notes.agreed
        return self._notes.goal is not None and wants

    def _question(self) -> str | None:
        """The question that is still open, to be asked again."""
        asked = _LAST_QUESTION.search(self._notes.last_said)
        return asked[1] if asked is not None and self._notes.goal is not None else None

    def _remind(self) -> list[Part]:
        return [Say(f"Are you still there? {self._question() or 'Take your time.'}")]

    def _goodbye(self) -> list[Part]:
        place = f" {self._business.business}" if self._business.business else ""
        farewell = f"Thank you for calling{place}. Goodbye!"
        if not self._prompt.has("end_call"):
            return [Say(farewell)]
        return call("end_call", message=farewell)

    def _to_person(self) -> list[Part]:
        if not self._prompt.has("transfer_call"):
            return [Say(f"I am sorry, I cannot connect you from here. {MORE}")]
        message = "Of course, I will connect you now."
        return call("transfer_call", message=message, reason="The caller asked for a person.")

    # -- tools ----------------------------------------------------------------------------

    def _after_tool(self, outcome: Outcome) -> list[Part]:
        if outcome.error is not None:
            return self._after_error(outcome)
        notes = self._notes
        time = phrases.when(notes.booking)
        match outcome.tool:
            case "check_availability":
                return self._goals.step() if notes.chosen else self._goals.offer()
            case "find_appointments" if notes.goal is not None:
                return self._goals.step()
            case "find_appointments":
                return [Say(self._listed())]
            case "book_appointment":
                done = f"it is booked for {time}" if time else "it is booked"
                return [Say(f"You are all set, {done}. {MORE}")]
            case "reschedule_appointment":
                return [Say(f"Done, I moved it{f' to {time}' if time else ''}. {MORE}")]
            case "cancel_appointment":
                return [Say(f"Done, it is cancelled. {MORE}")]
            case "end_call":
                return [Say("Goodbye!")]
            case "transfer_call":
                return [Say("One moment, please.")]
        return [Say(f"{outcome.say or 'Done.'} {MORE}")]

    def _listed(self) -> str:
        times = [phrases.when(booking) or "one" for booking in self._notes.bookings or []]
        if not times:
            return f"I see no appointment of yours. {MORE}"
        return f"I see {speech.say_list(times, 'and')}. {MORE}"

    def _after_error(self, outcome: Outcome) -> list[Part]:
        """A tool did not do it: the truth, and another way."""
        notes, error = self._notes, (outcome.error or "").lower()
        if notes.offers and "slots" in outcome.data:
            return [Say(f"I am sorry, that time is gone. {self._goals.offered()}")]
        if outcome.slot_gone and self._prompt.has("check_availability"):
            return call("check_availability", **notes.wish)
        if "no answer in time" in error and "noted" in error:
            return [Say(f"It is noted, but not confirmed yet: it takes longer than usual. {MORE}")]
        if "no answer in time" in error:
            return [Say(f"I am sorry, I cannot see the calendar right now. {_AGAIN}")]
        if outcome.tool == "find_appointments" or "not_found" in error or "not found" in error:
            notes.bookings = None if notes.name is None else []
            return [Say("I cannot find that appointment. What name is it under?")]
        if "noted" in error:
            return [Say(f"It is noted, and you will get a confirmation. {MORE}")]
        if outcome.tool == "transfer_call":
            return [Say(f"I am sorry, nobody is there to take the call right now. {MORE}")]
        if outcome.say:
            return [Say(outcome.say)]
        return [Say(f"I am sorry, I cannot reach the calendar right now. {_AGAIN}")]
