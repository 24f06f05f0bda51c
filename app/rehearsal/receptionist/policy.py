"""The rehearsal model's policy: a small, honest dialogue for appointment calls.

No AI. It sees what a model sees (instructions, declared tools, the conversation's items) and
decides by rules what to say or which tool to call. It says that it is the rehearsal model when it
greets, with its first answer, and whenever it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.core.language import speech
from app.core.language.words import unheard
from app.rehearsal.realtime_server.protocol.items import message_text
from app.rehearsal.realtime_server.reply import Part, Prompt, Say
from app.rehearsal.receptionist import answers, orders, people, phrases, transitions, wording
from app.rehearsal.receptionist.business import Business
from app.rehearsal.receptionist.company import arguments_of
from app.rehearsal.receptionist.continued import whole_remarks
from app.rehearsal.receptionist.dialogue import Dialogue, Outcome
from app.rehearsal.receptionist.errands import OF_THE_DIALOGUE, Errands
from app.rehearsal.receptionist.goals import MORE, Goals, call
from app.rehearsal.receptionist.hearing import Heard, Hearing

_INTRODUCTION = "Just so you know, I am the rehearsal model, not an AI."
_HELP = "How can I help you?"
_AGAIN = "Would you like me to try again, or talk to a person?"
_SILENT = re.compile(r"\b(?:said nothing|silen(?:t|ce)|still there|quiet)\b", re.IGNORECASE)
_GO_ON = re.compile(r"\bgo on\b|\bcontinue\b", re.IGNORECASE)
_LAST_QUESTION = re.compile(r"(?:^|[.!?] )([^.!?]+\?)[^?]*$")
_MOST_ABILITIES = 4
#: An answer that was given so often is not given again.
_MOST_REPEATS = 2


class Receptionist:
    """Answers as the front desk of the business that the instructions describe."""

    def __init__(self, hearing: Hearing | None = None) -> None:
        self._hearing = hearing or Hearing()

    def answer(self, prompt: Prompt) -> Sequence[Part]:
        """The next thing to say or do."""
        business = Business.read(prompt.instructions, prompt.at)
        items = whole_remarks(prompt.items)
        prompt = replace(prompt, items=items)
        errands = Errands(prompt, business)
        takes, _ = arguments_of(prompt)
        state = transitions.read(items, self._hearing, business, errands, takes)
        if any(_GO_ON.search(note) for note in state.talk.system) and not state.talk.heard:
            return self._rest(prompt, business, items)
        return _Turn(prompt, business, state, errands).answer()

    def _rest(self, prompt: Prompt, business: Business, items: list[dict[str, Any]]) -> list[Part]:
        """What is left of an answer that was cut off: the answer again, without what was said."""
        said: list[str] = []
        while items and items[-1].get("role") in ("assistant", "system"):
            last = items.pop()
            if last.get("role") == "assistant":
                said.insert(0, message_text(last))
        errands = Errands(prompt, business)
        takes, _ = arguments_of(prompt)
        state = transitions.read(items, self._hearing, business, errands, takes)
        parts = _Turn(prompt, business, state, errands).answer()
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

    def __init__(
        self, prompt: Prompt, business: Business, state: Dialogue, errands: Errands
    ) -> None:
        self._prompt = prompt
        self._business = business
        self._state = state
        self._errands = errands
        self._goals = Goals(prompt, state, business)

    def answer(self) -> list[Part]:
        """The parts of the answer: never what was said twice already, and introduced."""
        state = self._state
        parts = self._decide()
        first = parts[0]
        if isinstance(first, Say):
            said = sum(text.endswith(first.text) for text in state.talk.said)
            if state.talk.heard and said >= _MOST_REPEATS:
                parts = self._way_out()
                first = parts[0]
            known = state.talk.introduced or state.talk.turns != 1
            if isinstance(first, Say) and not known and "rehearsal model" not in first.text:
                parts = [Say(f"{_INTRODUCTION} {first.text}"), *parts[1:]]
        return parts

    def _decide(self) -> list[Part]:
        state = self._state
        for text in state.talk.system:
            told = orders.words_of(text)
            if told is not None:
                return [Say(told)]
        errand = self._errands.step()
        if errand is not None:
            return errand
        if state.found.outcome is not None:
            return self._after_tool(state.found.outcome)
        if state.talk.heard:
            return self._after_words(state.talk.heard)
        if not state.talk.greeted:
            return [Say(f"{self._business.greeting} {_INTRODUCTION} {_HELP}")]
        if any(_SILENT.search(text) for text in state.talk.system):
            return self._remind()
        return self._goals.step() if state.goal else [Say(_HELP)]

    # -- what was said --------------------------------------------------------------------

    def _after_words(self, heard: list[Heard]) -> list[Part]:
        state, last = self._state, heard[-1]
        if all(utterance.has("silent") for utterance in heard):
            return self._remind()
        if all(utterance.has("deaf", "silent") for utterance in heard):
            question = self._question() or "Could you say it again?"
            return [Say(f"Sorry, I did not catch that. {question}")]
        for answer in (self._leave, self._inform, self._reply):
            parts = answer(last, heard)
            if parts is not None:
                return parts
        if state.goal is not None and not state.talk.missed:
            parts = self._with_answer(last, self._goals.step())
            one_by_one = bool(last.parts) and bool(state.later)
            return self._prefixed("Sure, one after the other.", parts) if one_by_one else parts
        return self._missed() if state.talk.missed else self._small_talk(last)

    def _leave(self, last: Heard, heard: list[Heard]) -> list[Part] | None:
        """The call is for somebody else, or over."""
        state = self._state
        if any(utterance.has("urgent") for utterance in heard):
            return self._to_person(
                "That sounds urgent, I will connect you with a person. If it is life-threatening,"
                " please hang up and call the emergency number.",
                "The caller has an emergency.",
            )
        about_us = last.question is not None and last.question.kind == "who"
        human = last.has("human") and not about_us
        if human or any(utterance.has("person") for utterance in heard if not about_us):
            return self._to_person()
        if state.talk.asked == "person" and (last.agrees or last.has("complaint")):
            return self._to_person()
        asked_language = last.question is not None and last.question.kind == "language"
        if last.language is not None or asked_language:
            line = phrases.ENGLISH_ONLY.get(last.language or "", phrases.ENGLISH_ONLY_LINE)
            return self._to_person(line, "The caller speaks another language.")
        if last.has("wrong_number"):
            return self._goodbye("No problem. Goodbye!")
        if last.has("bye") and not self._undecided(last):
            return self._goodbye()
        return None

    def _inform(self, last: Heard, heard: list[Heard]) -> list[Part] | None:
        """What was asked or said again needs no step of a booking."""
        state, question = self._state, last.question
        if last.has("again") and state.talk.last_said:
            return [Say(f"Of course. {state.talk.last_said.replace(_INTRODUCTION, '').strip()}")]
        if state.booked_already:
            time = phrases.when(state.found.booking)
            return [Say(f"It is booked{f' for {time}' if time else ''} already. {MORE}")]
        if question is not None and question.kind == "mine":
            time = phrases.when(state.found.booking)
            if time is not None:
                return [Say(f"Your appointment is on {time}. {self._question() or MORE}")]
            return self._goals.step()
        if question is not None and not (last.said or last.intent or last.parts):
            answer = answers.answer(self._business, question)
            return [Say(f"{answer} {self._question() or self._after_answer(question.kind)}")]
        if state.dropped:
            left = "No problem, I will leave that."
            return (
                self._prefixed(left, self._goals.step()) if state.goal else [Say(f"{left} {MORE}")]
            )
        return None

    def _after_answer(self, kind: str) -> str:
        greetings = ("wellbeing", "who", "abilities", "place")
        return _HELP if kind in greetings and self._state.talk.asked != "more" else MORE

    def _reply(self, last: Heard, heard: list[Heard]) -> list[Part] | None:
        """A word to what the receptionist cannot do."""
        act = next((act for act in phrases.REFUSALS if last.has(act)), None)
        if act is None or not transitions.is_beside(last):
            return None
        return [Say(phrases.REFUSALS[act])]

    def _with_answer(self, last: Heard, parts: list[Part]) -> list[Part]:
        """The next step, after the answer to a question that was asked along with it."""
        if last.question is not None and last.question.kind != "mine":
            return self._prefixed(answers.answer(self._business, last.question), parts)
        return parts

    def _prefixed(self, text: str, parts: list[Part]) -> list[Part]:
        first, *others = parts
        if isinstance(first, Say):
            return [Say(f"{text} {first.text}"), *others]
        return [Say(text), *parts]

    def _small_talk(self, last: Heard) -> list[Part]:
        asked = self._state.talk.asked
        if asked == "more" and last.has("no"):
            return self._goodbye()
        if asked == "more" and last.has("yes") and not last.has("thanks"):
            return [Say(f"Sure. {_HELP}")]
        if last.has("thanks"):
            return [Say(f"You are welcome. {MORE}")]
        if last.has("hello"):
            return [Say(f"Hello. {_HELP}")]
        if asked in ("person", "visit") and last.has("no"):
            return [Say(f"All right. {MORE}")]
        return [Say(f"{self._abilities()} {_HELP}")]

    def _abilities(self) -> str:
        """What the tools allow, in a sentence."""
        named = speech.say_list(self._errands.names[:_MOST_ABILITIES], "or")
        if self._errands.books or not named:
            return "I can book, move or cancel an appointment for you."
        return f"I can help you with {named}."

    def _missed(self) -> list[Part]:
        """The caller's words led nowhere: ask in other words, offer a person, hand over."""
        state = self._state
        if state.talk.missed == 1 and state.goal is not None and state.talk.asked is None:
            return self._goals.step()
        if (
            state.talk.missed == 1
            and state.goal is None
            and state.talk.asked in (None, "help", "more")
        ):
            return [Say(f"{self._abilities()} What would you like?")]
        if state.talk.missed == 1 and state.talk.asked not in ("person", "visit"):
            if state.talk.asked == "service" and self._business.offered:
                return [Say(f"{answers.services(self._business)} Which of them do you need?")]
            again = phrases.REPHRASED.get(state.talk.asked or "help") or self._question() or _HELP
            if state.goal is None and not self._errands.books:
                again = f"{self._abilities()} Which is it?"
            return [Say(f"Sorry, I did not understand. {again}")]
        if (
            state.talk.missed == 2
            and state.talk.asked != "person"
            and self._prompt.has("transfer_call")
        ):
            return [Say(f"I am sorry, I still do not understand. {phrases.PERSON}")]
        return self._way_out()

    def _way_out(self) -> list[Part]:
        """There is no use in asking again."""
        last = self._state.talk.heard[-1]
        asked = last.question is not None and self._state.talk.asked != "person"
        if asked and self._prompt.has("transfer_call"):
            return [Say(f"I am sorry, that is all I know. {phrases.PERSON}")]
        if (
            self._state.talk.asked == "more"
            and self._state.goal is None
            and not self._state.talk.missed
        ):
            return self._goodbye()
        if self._prompt.has("transfer_call"):
            return self._to_person(
                "I am sorry, I cannot help you any further. I will connect you with a colleague.",
                "The agent does not understand the caller.",
            )
        return self._goodbye("I am sorry, I cannot help you any further. Please call again later.")

    def _undecided(self, last: Heard) -> bool:
        """Whether "that is all" came with something to be done first."""
        wants = bool(last.said.spoken) or last.order is not None or self._state.agreed
        return self._state.goal is not None and wants

    def _question(self) -> str | None:
        """The question that is still open, to be asked again."""
        if self._errands.question is not None:
            return self._errands.question
        asked = _LAST_QUESTION.search(self._state.talk.last_said)
        return asked[1] if asked is not None and self._state.goal is not None else None

    def _remind(self) -> list[Part]:
        if self._state.talk.unheard > _MOST_REPEATS:
            return self._goodbye("I cannot hear you. Please call again. Goodbye!")
        if self._state.talk.unheard == _MOST_REPEATS:
            return [Say("I cannot hear you. Are you still there?")]
        return [Say(f"Are you still there? {self._question() or 'Take your time.'}")]

    def _goodbye(self, farewell: str = "") -> list[Part]:
        place = f" {self._business.name}" if self._business.name else ""
        farewell = farewell or f"Thank you for calling{place}. Goodbye!"
        if not self._prompt.has("end_call"):
            return [Say(farewell)]
        return call("end_call", message=farewell)

    def _to_person(
        self,
        message: str = "Of course, I will connect you now.",
        reason: str = "The caller asked for a person.",
    ) -> list[Part]:
        if not self._prompt.has("transfer_call"):
            return [Say(f"I am sorry, I cannot connect you from here. {MORE}")]
        target = people.target_for(self._prompt, self._state.talk.heard)
        return call("transfer_call", **target, message=message, reason=reason)

    # -- tools ----------------------------------------------------------------------------

    def _after_tool(self, outcome: Outcome) -> list[Part]:
        if outcome.tool not in OF_THE_DIALOGUE:
            return [Say(f"{wording.words_of(outcome)} {MORE}")]
        if outcome.error is not None:
            return self._after_error(outcome)
        state = self._state
        time = phrases.when(state.found.booking)
        match outcome.tool:
            case "check_availability":
                return self._goals.step() if state.found.chosen else self._goals.offer()
            case "find_appointments" if state.goal is not None:
                return self._goals.step()
            case "find_appointments":
                return [Say(f"{phrases.listed(state.found.bookings or [])} {MORE}")]
            case "book_appointment":
                done = phrases.booked(time, outcome.data, self._business.resources)
                return self._done(f"You are all set, {done}.")
            case "reschedule_appointment":
                return self._done(f"Done, I moved it{f' to {time}' if time else ''}.")
            case "cancel_appointment":
                return self._done("Done, it is cancelled.")
            case "end_call":
                return [Say("Goodbye!")]
            case "transfer_call":
                return [Say("One moment, please.")]
        return [Say(f"Done. {MORE}")]

    def _done(self, text: str) -> list[Part]:
        """Something is done; then comes what else was asked for."""
        if self._state.goal is None:
            return [Say(f"{text} {MORE}")]
        return self._prefixed(f"{text} {self._goals.next_up()}", self._goals.step())

    def _after_error(self, outcome: Outcome) -> list[Part]:
        """A tool did not do it: the truth, and another way."""
        state, error = self._state, (outcome.error or "").lower()
        if state.found.offers and "slots" in outcome.data:
            why = str(outcome.data.get("message") or "").partition(" I have ")[0]
            return [Say(f"{why or 'I am sorry, that time is gone.'} {self._goals.offered()}")]
        if outcome.slot_gone and self._prompt.has("check_availability"):
            return call("check_availability", **state.search)
        if "no answer in time" in error and "noted" in error:
            return [Say(f"It is noted, but not confirmed yet: it takes longer than usual. {MORE}")]
        if "no answer in time" in error:
            return [Say(f"I am sorry, I cannot see the calendar right now. {_AGAIN}")]
        if outcome.tool == "find_appointments" or "not_found" in error or "not found" in error:
            state.found.bookings = None if state.name is None else []
            return [Say("I cannot find that appointment. What name is it under?")]
        if "noted" in error:
            return [Say(f"It is noted, and you will get a confirmation. {MORE}")]
        if outcome.tool == "transfer_call":
            told = people.words_of_refusal(outcome.error or "")
            return [Say(told if told.endswith("?") else f"{told} {MORE}")]
        if outcome.say:
            return [Say(outcome.say)]
        return [Say(f"I am sorry, I cannot reach the calendar right now. {_AGAIN}")]
