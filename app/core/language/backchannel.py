"""Is it a backchannel ("mhm", "oh okay") or an interruption? By phrase, fillers and the floor.

What counts: phrases that always interrupt ("stop", "wait", "no no") win; a text made of nothing
but backchannel phrases, listening sounds and short praise ("oh that's great") leaves the agent
talking; after a question the same words are an answer; all else interrupts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache

from app.core.language.backchannel_phrases import (
    BACKCHANNELS,
    HESITATIONS,
    INTERRUPTS,
    PRAISE,
    PRAISE_STARTS,
    SOFTENERS,
    SOUNDS,
)
from app.core.language.settings import BackchannelOptions, BackchannelSettings
from app.core.language.text import plain, words

DEFAULTS = BackchannelSettings()
_ECHO_WORDS = 3
"""A question this many words ago still gives the caller the floor: answers overlap."""
_QUESTION_OPENS = re.compile(
    r"^(?:and |so |okay |then |or )*(?:what|when|which|who|how|where|why|would|could|can|do|does"
    r"|did|is|are|will|shall|should|may|have you)\b"
)


class Floor(StrEnum):
    """Who has the right to speak when the caller is heard."""

    AGENT = "agent"
    """The agent is in the middle of saying something that is no question."""
    CALLER = "caller"
    """The agent is silent, or has just asked: whatever the caller says is an answer."""


class Kind(StrEnum):
    """What the caller's words are to a speaking agent."""

    NOTHING = "nothing"
    """No words (noise, punctuation, a cough)."""
    BACKCHANNEL = "backchannel"
    """The caller goes on listening; the agent goes on talking."""
    ANSWER = "answer"
    """A short answer to the agent's question."""
    INTERRUPTION = "interruption"
    """Real words: the agent stops and listens."""
    COMMAND = "command"
    """Stop, wait, no: the agent stops at once, whoever has the floor."""

    @property
    def stops_agent(self) -> bool:
        """Whether a speaking agent has to stop."""
        return self in (Kind.ANSWER, Kind.INTERRUPTION, Kind.COMMAND)


def floor_after(agent_said: str) -> Floor:
    """Who has the floor after what the agent has said so far in its turn (as it was heard).

    The caller, when the agent has said nothing, or when its last words are a question (a few words
    may already have followed it).
    """
    said = plain(agent_said).strip()
    if not said:
        return Floor.CALLER
    _, mark, after = said.rpartition("?")
    if mark and len(words(after)) <= _ECHO_WORDS:
        return Floor.CALLER
    if mark or said.endswith((".", "!")):
        return Floor.AGENT
    last = re.split(r"[.!]\s+", said)[-1]
    return Floor.CALLER if _QUESTION_OPENS.match(last) and len(last.split()) > 4 else Floor.AGENT


def classify(text: str, floor: Floor, lists: BackchannelOptions = DEFAULTS) -> Kind:
    """Say what `text`, heard while or right after the agent spoke, is. Never raises.

    floor: see `floor_after`. lists: the agent's own phrases, None for the language's.
    """
    said = [word for word in words(plain(text, 400)) if word not in _NOISE]
    if not said:
        return Kind.NOTHING
    quiet = _phrases(lists.backchannels, BACKCHANNELS)
    loud = _phrases(lists.interrupts, INTERRUPTS)
    if _NO_SOUNDS.search(text):
        return Kind.COMMAND
    whole = len(said)
    if _match(said, 0, loud) == whole:
        return Kind.COMMAND
    if _match(said, 0, quiet) != whole and _commands(said, loud, quiet):
        return Kind.COMMAND
    asks = len(said) == 1 and said[0] in _REPAIRS and text.rstrip().endswith("?")
    if asks or not _is_listening(said, quiet, own=lists.backchannels is not None):
        return Kind.INTERRUPTION
    if floor is Floor.AGENT:
        return Kind.BACKCHANNEL
    return Kind.BACKCHANNEL if all(word in HESITATIONS for word in said) else Kind.ANSWER


_NOISE = frozenset(("inaudible", "unintelligible", "noise", "cough", "laughter"))
_NO_SOUNDS = re.compile(r"\b(?:uh|huh|nuh|unh)-uh\b", re.IGNORECASE)
"""Sounds that mean no; without the hyphen they are hesitation."""
_REPAIRS = ("huh", "hm", "hmm", "eh")
_SHORT = 5

_Phrases = dict[str, tuple[tuple[str, ...], ...]]
"""First word -> the phrases that begin with it, longest first."""


def _phrases(own: Iterable[str] | None, default: tuple[str, ...]) -> _Phrases:
    return _compiled(tuple(own) if own is not None else default)


@lru_cache(maxsize=256)
def _compiled(phrases: tuple[str, ...]) -> _Phrases:
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in sorted({tuple(words(plain(phrase))) for phrase in phrases} - {()}):
        found.setdefault(phrase[0], []).append(phrase)
    return {first: tuple(sorted(some, key=len, reverse=True)) for first, some in found.items()}


def _match(said: list[str], i: int, phrases: _Phrases) -> int:
    """The length of the longest phrase at word i, 0 if there is none."""
    for phrase in phrases.get(said[i], ()):
        if tuple(said[i : i + len(phrase)]) == phrase:
            return len(phrase)
    return 0


def _commands(said: list[str], loud: _Phrases, quiet: _Phrases) -> bool:
    """Whether the text begins with an interrupting phrase, or is short and holds one.

    A longer quiet phrase covers it: "no problem" is no "no".
    """
    i = 0
    while i < len(said):
        covered, found = _match(said, i, quiet), _match(said, i, loud)
        if found and found >= covered:
            return i == 0 or len(said) <= _SHORT
        i += covered or 1
    return False


def _is_listening(said: list[str], quiet: _Phrases, *, own: bool) -> bool:
    """Whether the text is made of backchannel phrases, sounds and praise only.

    own: the phrases are the agent's, so that only they and hesitation count.
    """
    sounds = HESITATIONS if own else SOUNDS
    # Phrases overlap ("i suppose so, i hear"), so every way to part the words counts.
    reached = [True] + [False] * len(said)
    for i in range(len(said)):
        if not reached[i]:
            continue
        if said[i] in sounds:
            reached[i + 1] = True
        for phrase in quiet.get(said[i], ()):
            if tuple(said[i : i + len(phrase)]) == phrase:
                reached[i + len(phrase)] = True
        praise = 0 if own else _praise(said, i)
        if praise:
            reached[i + praise] = True
    return reached[-1]


def _praise(said: list[str], i: int) -> int:
    """The length of "that's really great" and its like at word i, 0 if there is none."""
    for start in PRAISE_STARTS:
        if tuple(said[i : i + len(start)]) == start:
            at = i + len(start)
            while at < len(said) and said[at] in SOFTENERS:
                at += 1
            if at < len(said) and said[at] in PRAISE:
                return at + 1 - i
    return 0


def whole_sentences(said: Sequence[tuple[str, str]]) -> list[tuple[int, str, str]]:
    """Utterances `("agent" | "user", words)` with sentences of the agent's whole again in which the
    caller only hummed along: "Tuesday, January" / "mhm" / "twelfth". Each as the place where it
    began, its role and words."""
    out: list[tuple[int, str, str]] = []
    for place, (role, text) in enumerate(said):
        if role == "agent" and [one[1] for one in out[-2:]] == ["agent", "user"]:
            (begun_at, _, begun), (_, _, hum) = out[-2:]
            if _breaks_off(begun) and classify(hum, Floor.AGENT) in _HUMS:
                out[-2:] = [(begun_at, role, f"{begun.rstrip()} {text.lstrip()}")]
                continue
        out.append((place, role, text))
    return out


def _breaks_off(said: str) -> bool:
    text = said.rstrip()
    return bool(text) and not text.rstrip("\"'”’)").endswith((".", "!", "?", "…"))


_HUMS = (Kind.BACKCHANNEL, Kind.NOTHING)
