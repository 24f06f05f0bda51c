"""What the rules know about one utterance: refusals, corrections, completeness, plain requests.

All work on the token lists of `intent_features.normalise`. The linear model weighs words; these
rules settle what words in a bag cannot say: who is negated, what was taken back, what is missing.
"""

from __future__ import annotations

from app.core.language import agreement
from app.core.language.intent.features import COMMA, STOP, Utterance
from app.core.language.intent.vocabulary import ACTS, OBJECTS, PLAIN_ACTS, REFUSABLE
from app.core.language.text import vocabulary

OWN_OBJECTS = frozenset(("visit", "diary", "table", "doctor"))
"""Objects that are booked, moved and cancelled here."""

_CUES: tuple[tuple[str, ...], ...] = tuple(
    tuple(phrase.split())
    for phrase in vocabulary(
        "no wait|wait no|wait|scratch that|strike that|i mean|i meant|sorry|actually no|actually|"
        "no actually|or rather|rather|make that|on second thought|on second thoughts|correction|"
        "my mistake|no|instead|oops|hold on|hang on|never mind|nope",
        "|",
    )
)
_BEFORE_NOUN = frozenset(vocabulary("my the a an our your his their and or but because"))
"""No sentence ends with these, even where a recogniser has set a full stop."""
_OPEN_ENDS = _BEFORE_NOUN | frozenset(
    vocabulary(
        "to for with at from of so if i want need would like can could is are us let about under "
        "between into wanted was were will shall should had going trying calling"
    )
)
_QUESTION_ENDS = frozenset(vocabulary("to for with at from of about under i is are was were"))
_WANTS: tuple[tuple[str, ...], ...] = tuple(
    tuple(phrase.split())
    for phrase in vocabulary(
        "i want to|i need to|i would like to|i have to|can i|could i|can you|could you|may i|"
        "i am calling to|i must|i wish to|we need to|we want to|i would love to|i am trying to|"
        "i was hoping to|i wanted to|we have to|help me|i got to|can we|could we|i need you to|"
        "let us",
        "|",
    )
)


_IT = (("it",), ("this",), ("everything",))
_WHOLLY = (("altogether",), ("completely",), ("entirely",))
_BACK = ((), ("back",), ("forward",), ("off",), ("up",))
_NEAR = 4
"""An object so many words behind its act belongs to it."""


def sentences(tokens: list[str]) -> list[list[str]]:
    """The tokens of each sentence, empty ones left out."""
    out: list[list[str]] = [[]]
    for token in tokens:
        if token == STOP:
            if out[-1]:
                out.append([])
        else:
            out[-1].append(token)
    return out if out[-1] else out[:-1]


def after_correction(tokens: list[str]) -> tuple[list[str], bool]:
    """What stands when one act was taken back for another: "cancel, no wait, move my visit".

    Only a cue between two different acts that are both affirmed counts; all else is left as it is.
    """
    acts = Utterance(tokens).acts if _has_cue(tokens) else []
    kinds = {act for _, act, negated in acts if act in REFUSABLE and not negated}
    if len(kinds) < 2:
        return tokens, False
    for i in range(len(tokens) - 1, 0, -1):
        for cue in _CUES:
            if tuple(tokens[i : i + len(cue)]) != cue:
                continue
            before = {ACTS.get(token) for token in tokens[:i]} & set(REFUSABLE)
            rest = tokens[i + len(cue) :]
            after = {ACTS.get(token) for token in rest} & set(REFUSABLE)
            if before and after and before != after:
                return with_object(rest, tokens[:i]), True
    return tokens, False


def _has_cue(tokens: list[str]) -> bool:
    return any(token in _CUE_STARTS for token in tokens)


_CUE_STARTS = frozenset(cue[0] for cue in _CUES)


def with_object(tokens: list[str], before: list[str]) -> list[str]:
    """Name the object of an act that only says "it", when it was named before."""
    if any(OBJECTS.get(token) in OWN_OBJECTS for token in tokens):
        return tokens
    if any(OBJECTS.get(token) == "other" for token in (*before, *tokens)):
        return tokens
    return _put_object(tokens)


def _put_object(tokens: list[str]) -> list[str]:
    for i, token in enumerate(tokens):
        if token in ("it", "that", "this", "one") and i and tokens[i - 1] in ACTS:
            return [*tokens[:i], "my", "appointment", *tokens[i + 1 :]]
    for i, token in enumerate(tokens):
        if ACTS.get(token) in REFUSABLE:
            return [*tokens[: i + 1], "my", "appointment", *tokens[i + 1 :]]
    return tokens


def contrasted(utterance: Utterance) -> list[str] | None:
    """ "not cancel, move it": the affirmed act with its object named, or None.

    One act refused and another one wanted, both of the kind done to bookings, is about a booking
    even when the booking is not named. So is "I can't make it, can we reschedule".
    """
    if utterance.misses and not utterance.objects:
        plain = [p for p, act, no in utterance.acts if not no and act in ("cancel", "move")]
        return _put_object(utterance.words[plain[-1] :]) if plain else None
    wanted = _wanted_instead(utterance)
    if wanted is None or any(kind == "other" for _, kind in utterance.objects):
        return None
    later = [at for at, act, no in utterance.acts if no and at > wanted]
    rest = utterance.words[wanted : later[0] if later else None]
    if any(OBJECTS.get(word) in OWN_OBJECTS for word in rest):
        return rest
    return _put_object(rest)


def _wanted_instead(utterance: Utterance) -> int | None:
    """The place of the last act that is wanted, where another one is refused."""
    refused = {REFUSABLE[act] for _, act, no in utterance.acts if no and act in REFUSABLE}
    wanted = [
        (place, REFUSABLE[act])
        for place, act, no in utterance.acts
        if not no and act in REFUSABLE and _says_by_itself(utterance, place, act)
    ]
    if not refused or {intent for _, intent in wanted} <= refused:
        return None
    return wanted[-1][0]


def _says_by_itself(utterance: Utterance, place: int, act: str) -> bool:
    if utterance.words[place] in PLAIN_ACTS:
        return True
    own = (at for at, kind in utterance.objects if kind in OWN_OBJECTS)
    return act == "book" and any(0 < at - place <= _NEAR for at in own)


def refused(utterance: Utterance, intent: str) -> bool:
    """Whether every act that could mean `intent` is negated."""
    own = [negated for _, act, negated in utterance.acts if REFUSABLE.get(act) == intent]
    if own:
        return all(own)
    others = [negated for _, act, negated in utterance.acts if act in REFUSABLE]
    return bool(others) and all(others) and intent != "cancel_meeting"


def takes_back(parts: list[list[str]]) -> bool:
    """Whether the last sentence withdraws what was asked before it ("never mind", "no, don't"), or
    puts it off ("let me ask my wife first") without asking for anything itself."""
    words = [token for token in parts[-1] if token not in (COMMA, STOP)]
    if agreement.is_withdrawal(words):
        return True
    if not agreement.is_postponed(words) or _asks(words):
        return False
    return any(_asks(part) for part in parts[:-1])


def _asks(words: list[str]) -> bool:
    return any(ACTS.get(word) in REFUSABLE for word in words)


def breaks_off(tokens: list[str], *, ended: bool, asks: bool) -> bool:
    """Whether the last sentence is not finished: "I want to cancel my".

    ended: it has its full stop. asks: it is a question, which may well end in "for" or "with".
    """
    last = next((token for token in reversed(tokens) if token != COMMA), "")
    if last in _BEFORE_NOUN:
        return True
    return last in _OPEN_ENDS and not ended and not (asks and last in _QUESTION_ENDS)


def waiting_request(utterance: Utterance) -> str | None:
    """The intent of a request whose object is still to come, or is only an "it".

    "I'd like to cancel my", "let's postpone it", "cancel it altogether". "Cancel that" and a bare
    "cancel" are not requests about a booking.
    """
    words = tuple(utterance.words)
    acts = [(place, act) for place, act, negated in utterance.acts if not negated]
    named = any(kind != "time" for _, kind in utterance.objects)
    if utterance.misses or len(acts) != 1 or named:
        return None
    place, act = acts[0]
    if act not in ("cancel", "move"):
        return None
    rest = words[place + 1 :]
    wanted = any(words[place - len(want) : place] == want for want in _WANTS if place >= len(want))
    open_end = bool(rest) and rest[-1] in _OPEN_ENDS and len(rest) <= 2
    whole = rest[:1] in _IT and rest[1:] in _WHOLLY
    only_it = wanted and (not rest or (rest[:1] in _IT and rest[1:] in _BACK))
    return REFUSABLE[act] if open_end or whole or only_it else None


def has_object(utterance: Utterance) -> bool:
    """Whether the text names what it is about: a booking, or its day or time."""
    return any(kind in OWN_OBJECTS for _, kind in utterance.objects) or any(
        word[0] == "<" or word in _OBJECTS_TOO for word in utterance.words
    )


_OBJECTS_TOO = frozenset(vocabulary("today tomorrow tonight plans party day date time spot"))
