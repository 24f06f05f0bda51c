"""Whatever else the agent has tools for: which one the caller means, and what it needs.

The receptionist's own trade is appointments. Any other tool is an errand: it is begun when the
caller's words match its name and description, asks for the required arguments one by one, reads
back what changes something, and ends with the call of the tool. Like the dialogue it is read again
from the conversation for every answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from app.core.language.text import plain, words
from app.core.tools import spoken_values as values
from app.rehearsal.realtime_server.reply import Part, Prompt, Say
from app.rehearsal.receptionist import answers
from app.rehearsal.receptionist.business import Business
from app.rehearsal.receptionist.dialogue import Dialogue, Outcome
from app.rehearsal.receptionist.goals import MORE, call
from app.rehearsal.receptionist.hearing import Heard
from app.rehearsal.receptionist.wording import question_for, spoken

#: The tools that the dialogue about appointments uses itself.
APPOINTMENTS = frozenset(
    (
        *("check_availability", "book_appointment", "reschedule_appointment"),
        *("cancel_appointment", "find_appointments"),
    )
)
OF_THE_DIALOGUE = APPOINTMENTS | {"end_call", "transfer_call", "press_digits"}
KNOWLEDGE = "search_knowledge"

_READING = frozenset(
    (
        *("get", "find", "look", "lookup", "check", "search", "show", "list", "tell", "read"),
        *("fetch", "query", "ask", "see", "status", "track", "count", "calculate", "compute"),
    )
)
#: Words that say nothing about what a tool is for.
_EMPTY = frozenset(
    words(
        "a an the of for to in on at by with from and or is are was be it its this that these your"
        " my our their i you we they me us them he she do does did can could would will shall may"
        " please want need like have has had get got know tell say hi hello hey thanks thank yes no"
        " not if when where what which who whom how why about as use using used only all any some"
        " there here so just up out one two new caller call customer number id name give let make"
        " looking wondering help asked ask asks more than before after later"
    )
)
_QUESTION = re.compile(
    r"\?|^\W*(?:who|what|where|when|which|how|why|do|does|can|could|is|are|will)\b", re.IGNORECASE
)
_OFFERS_MESSAGE = re.compile(r"\b(?:leave|take) a message\?", re.IGNORECASE)
#: A tool's name found in what was said counts twice what a word of its description does.
_NAME_WEIGHT, _THRESHOLD, _THRESHOLD_BESIDE = 2, 2, 3
_MOST_MISSES = 2


@dataclass(slots=True)
class Errand:
    """One tool that the caller is being asked about."""

    name: str
    description: str
    parameters: values.Schema
    given: dict[str, Any] = field(default_factory=dict)
    agreed: bool = False
    must_agree: bool = False
    """A tool that was not run until the caller agrees."""
    asks: str = ""
    """What the tool itself had the caller be asked."""
    wanted: str = ""
    """The argument that it asked for, though it is not required."""
    misses: int = 0

    @property
    def schemas(self) -> dict[str, values.Schema]:
        """The schema of each argument."""
        found = self.parameters.get("properties") or {}
        return {name: values.resolved(schema, self.parameters) for name, schema in found.items()}

    @property
    def missing(self) -> str | None:
        """The next required argument that has no value."""
        required = [*(self.parameters.get("required") or ()), *([self.wanted] * bool(self.wanted))]
        return next((name for name in required if name not in self.given), None)

    @property
    def confirms(self) -> bool:
        """Whether the caller must agree first: to whatever does not only look something up."""
        verbs = {self.name.lower().split("_")[0], *words(plain(self.description))[:1]}
        return self.must_agree or not verbs & _READING

    @property
    def possible(self) -> bool:
        """Whether a caller can say every argument that it needs."""
        schemas = self.schemas
        required = self.parameters.get("required") or ()
        return all(values.can_be_asked(schemas.get(name, {})) for name in required)

    def question(self, again: bool = False) -> str:
        """The question that is open: for an argument, or whether to go ahead."""
        name = self.missing
        if self.asks:
            return f"Sorry, I did not get that. {self.asks}" if again else self.asks
        if name is not None:
            asked = question_for(name, self.schemas.get(name, {}))
            return f"Sorry, I did not get that. {asked}" if again else asked
        told = ", ".join(f"{spoken(key)} {spoken(value)}" for key, value in self.given.items())
        return f"So, {spoken(self.name)}{f': {told}' if told else ''}. Shall I go ahead?"


class Errands:
    """The errands of a conversation, in the order of its items."""

    def __init__(self, prompt: Prompt, business: Business) -> None:
        self._business = business
        self._tools = [
            tool
            for tool in prompt.tools
            if prompt.has(str(tool.get("name"))) and tool.get("name") not in OF_THE_DIALOGUE
        ]
        declared = {str(tool.get("name")) for tool in prompt.tools}
        self.books = bool(declared & APPOINTMENTS) or not self._tools
        """Whether appointments are what the agent is for."""
        self.errand: Errand | None = None
        self.due = False
        """The caller or the tool said something about it that is not answered yet."""
        self.dropped = False
        """The caller just gave it up."""
        self.unread = False
        """The caller's last words were no answer to what was asked."""

    @property
    def names(self) -> list[str]:
        """What can be done beside appointments, in words."""
        return [spoken(str(tool["name"])) for tool in self._tools if tool["name"] != KNOWLEDGE]

    def hear(self, state: Dialogue, heard: Heard) -> bool:
        """Take up an utterance of the caller; False if it belongs to the dialogue."""
        self.dropped = self.unread = False
        self.due = not heard.has("silent", "deaf") and self._takes(state, heard)
        return self.due

    def _takes(self, state: Dialogue, heard: Heard) -> bool:
        if self.errand is not None and self._answers(self.errand, heard):
            return True
        if state.goal is not None and state.talk.asked not in (None, "more", "help"):
            return False
        chosen = self._offered(state, heard) or self._choose(heard)
        if chosen is None:
            return False
        self.errand = chosen
        self._fill(chosen, heard.text)
        return True

    def take_said(self) -> None:
        """The assistant has answered."""
        self.due = self.dropped = False

    def take_outcome(self, outcome: Outcome) -> None:
        """The tool gave its result; what it still wants is asked of the caller."""
        errand = self.errand
        if errand is None or errand.name != outcome.tool:
            return
        errand.asks = outcome.say if outcome.say and outcome.say.endswith("?") else ""
        if outcome.error == "confirm_first":
            errand.agreed, errand.must_agree, self.due = False, True, True
            return
        wanted = re.sub(r"_(?:needed|unclear)$", "", outcome.error or "")
        if errand.asks and wanted in errand.schemas and errand.misses < _MOST_MISSES:
            errand.misses, errand.wanted, self.due = errand.misses + 1, wanted, True
            errand.given.pop(wanted, None)
            return
        message = str(outcome.data.get("message") or outcome.error or "")
        wrong = [key for key in errand.given if outcome.error and re.search(rf"\b{key}\b", message)]
        if wrong and errand.misses < _MOST_MISSES:
            errand.misses, self.due = errand.misses + 1, True
            for key in wrong:
                del errand.given[key]
            return
        self.errand, self.due = None, False

    @property
    def question(self) -> str | None:
        """The question that is open, to be asked again."""
        return self.errand.question() if self.errand is not None else None

    def step(self) -> list[Part] | None:
        """What to say or do about it now; None if there is nothing."""
        if self.dropped:
            return [Say(f"No problem, I will leave that. {MORE}")]
        errand = self.errand
        if errand is None or not self.due:
            return None
        if errand.missing is not None or (errand.confirms and not errand.agreed):
            return [Say(errand.question(again=self.unread))]
        return call(errand.name, **errand.given)

    def _answers(self, errand: Errand, heard: Heard) -> bool:
        """Take an utterance as the answer to what is open; False if it is none of its business."""
        leaves = ("bye", "wrong_number", "person", "human", "urgent")
        if heard.has(*leaves) or (heard.intent is not None and self.books):
            self.errand = None
            return False
        if heard.has("drop"):
            return self._drop()
        if errand.missing is None:
            return self._agreement(errand, heard)
        name = errand.missing
        value = values.read_value(
            errand.schemas.get(name, {}), name, heard.text, self._business.now
        )
        if value is not None:
            errand.given[name], errand.misses, errand.asks = value, 0, ""
            self._fill(errand, heard.text)
            return True
        errand.misses += 1
        other = self._choose(heard)
        if errand.misses > _MOST_MISSES or (other is not None and other.name != errand.name):
            self.errand = None
            return False
        self.unread = True
        return True

    def _agreement(self, errand: Errand, heard: Heard) -> bool:
        if heard.agrees:
            errand.agreed, errand.asks = True, ""
            return True
        before = dict(errand.given)
        for name in before:
            schema = errand.schemas.get(name, {})
            corrected = values.find_value(schema, name, heard.text, self._business.now)
            if corrected is not None:
                errand.given[name] = corrected
        if errand.given != before:
            return True
        if heard.has("no"):
            return self._drop()
        errand.misses += 1
        if errand.misses > _MOST_MISSES:
            return self._drop()
        self.unread = True
        return True

    def _drop(self) -> bool:
        self.errand, self.dropped = None, True
        return True

    def _fill(self, errand: Errand, text: str) -> None:
        """Take what the sentence shows beside what was asked for; a number goes to one argument."""
        taken = list(errand.given.values())
        for name, schema in errand.schemas.items():
            if name in errand.given:
                continue
            if name in ("query", "question"):
                errand.given[name] = text.strip()
                continue
            value = values.find_value(schema, name, text, self._business.now)
            if value is not None and str(value) not in map(str, taken):
                errand.given[name] = value
                taken.append(value)

    def _offered(self, state: Dialogue, heard: Heard) -> Errand | None:
        """A message, where the caller was just asked whether they want to leave one."""
        if not heard.agrees or not _OFFERS_MESSAGE.search(state.talk.last_said):
            return None
        tool = next((each for each in self._tools if each["name"] == "take_message"), None)
        if tool is None:
            return None
        parameters = tool.get("parameters") or {}
        return Errand("take_message", str(tool.get("description") or ""), parameters)

    def _choose(self, heard: Heard) -> Errand | None:
        """The tool that the utterance is about: enough of its words, and more than of any other."""
        if heard.negated or (self.books and heard.intent is not None):
            return None
        said = _telling(heard.text)
        best: tuple[float, Errand] | None = None
        for tool in self._tools:
            errand = Errand(
                str(tool["name"]),
                str(tool.get("description") or ""),
                tool.get("parameters") or {},
            )
            if errand.name == KNOWLEDGE or not errand.possible:
                continue
            score = _score(said, errand, self.books)
            if score and (best is None or score > best[0]):
                best = score, errand
        return best[1] if best else self._look_up(heard)

    def _look_up(self, heard: Heard) -> Errand | None:
        """The search in what is written down, for a question that nothing else answers."""
        tool = next((each for each in self._tools if each["name"] == KNOWLEDGE), None)
        if tool is None or heard.intent is not None or not _QUESTION.search(heard.text):
            return None
        known = heard.question
        if known is not None and answers.answer(self._business, known) != answers.UNKNOWN:
            return None
        return Errand(KNOWLEDGE, str(tool.get("description") or ""), tool.get("parameters") or {})


def _score(said: set[str], errand: Errand, beside: bool) -> float:
    """How well the words match; 0 is not enough. A tool that only reads is preferred if equal."""
    name = _telling(errand.name.replace("_", " ").replace("-", " "))
    about = _telling(errand.description) - name
    hits = len(said & name)
    score = hits * _NAME_WEIGHT + len(said & about)
    whole = bool(name) and hits == len(name)
    if score < (_THRESHOLD_BESIDE if beside else _THRESHOLD) and not whole:
        return 0.0
    return score + (0.0 if errand.confirms else 0.5)


def _telling(text: str) -> set[str]:
    """The words that say what a text is about, without their endings."""
    return {_stem(word) for word in words(plain(text)) if word not in _EMPTY}


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word
