"""Finds every mention of a day or a time in a text, in the order they were said."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from app.core.language.settings import TimePreferences
from app.core.language.text import vocabulary
from app.core.language.time.clock_grammar import Clock, read_clock, word_at
from app.core.language.time.clock_windows import (
    MOVES,
    Range,
    read_hour,
    read_moment,
    read_part,
    read_range,
)
from app.core.language.time.day_grammar import DayReader
from app.core.language.time.day_words import Day
from app.core.language.time.tokens import MARK, NUMBER, Token

DAY, TIME, PART = "day", "time", "part"

_BEFORE_HOUR = frozenset(vocabulary("at around about approximately roughly like say @ near"))
_FOR_A_TIME = frozenset(
    vocabulary("me it appointment meeting slot down schedule time us booked that him her them")
)
_FILLERS = frozenset(
    vocabulary(
        "um uh er erm hmm well so okay ok yes yeah please thanks the i said no not sorry oh maybe "
        "actually lets do say make it that how what about or but rather wait mean then is works "
        "work good fine great would be perfect for me exactly just and to let's it's its at around"
    )
)
_COUNTED = frozenset(vocabulary("party table group headcount guests people number size"))
_BIRTH = frozenset(vocabulary("born birthday birthdate dob"))
_NEW_CLAUSE = frozenset(vocabulary(". , ? ! ; and so but can could would"))
_BIRTH_REACH = 10
_BEFORE_TIMES = ("at", "around", "about", "by", ",", "say", "like", "approximately", "@")


@dataclass(frozen=True, slots=True)
class Mention:
    """kind: DAY, TIME or PART. value: a Day, a Clock or Range, or a part's name; its tokens."""

    kind: str
    value: Day | Clock | Range | str
    start: int
    end: int


def find(tokens: list[Token], now: dt.datetime, prefer: TimePreferences) -> list[Mention]:
    """All mentions. A moment ("in 45 minutes") is a day and a time at the same place."""
    reader = DayReader(tokens, now.date(), prefer)
    mentions: list[Mention] = []
    i = 0
    while i < len(tokens):
        if tokens[i].kind == MARK:
            i += 1
            continue
        end = _mention_at(tokens, i, now, reader, mentions)
        i = end if end > i else i + 1
    return [mention for mention in mentions if not _of_birth(tokens, mention)]


def _of_birth(tokens: list[Token], mention: Mention) -> bool:
    """Whether it is somebody's date of birth: "I was born on the fourth of May"."""
    for k in range(mention.start - 1, max(-1, mention.start - 1 - _BIRTH_REACH), -1):
        if tokens[k].text in _NEW_CLAUSE:
            break
        word = word_at(tokens, k)
        if word in _BIRTH or (word == "birth" and word_at(tokens, k - 1) == "of"):
            return True
    after = [token.text for token in tokens[mention.end : mention.end + 3]]
    return after[:1] == ["is"] and "birthday" in after


def _mention_at(
    tokens: list[Token],
    i: int,
    now: dt.datetime,
    reader: DayReader,
    mentions: list[Mention],
) -> int:
    """Add what starts at token i; the place after it, or i when nothing does."""
    moment = read_moment(tokens, i, now)
    if moment:
        at, end = moment
        mentions.append(Mention(DAY, Day(at.date()), i, end))
        clock = Clock(at.hour, at.minute, fixed=True)
        mentions.append(Mention(TIME, clock, i, end))
        return end
    span = read_range(tokens, i)
    if span:
        mentions.append(Mention(TIME, span[0], i, span[1]))
        return span[1]
    day = reader.read(i)
    if day:
        mentions.append(Mention(DAY, day[0], i, day[1]))
        if word_at(tokens, day[1] - 1) in ("tonight", "tonite"):
            mentions.append(Mention(PART, "tonight", day[1] - 1, day[1]))
        return day[1]
    clock_found = read_clock(tokens, i)
    if clock_found:
        mentions.append(Mention(TIME, clock_found[0], i, clock_found[1]))
        return clock_found[1]
    part = read_part(tokens, i)
    if part:
        return _part(tokens, i, part, mentions)
    if tokens[i].kind == NUMBER:
        hour = read_hour(tokens, i)
        if hour and _is_hour(tokens, i, hour[1], reader, mentions):
            mentions.append(Mention(TIME, hour[0], i, hour[1]))
            return hour[1]
    return i


def _part(tokens: list[Token], i: int, part: tuple[str, int, bool], mentions: list[Mention]) -> int:
    """Bind a part of the day to the time beside it, or keep it as a mention of its own."""
    name, end, articled = part
    at = end
    while at < len(tokens) and tokens[at].text in _BEFORE_TIMES:
        at += 1
    last = mentions[-1] if mentions else None
    follows_time = last is not None and last.kind == TIME and _only_glue(tokens, last.end, i)
    if at < len(tokens) and not (articled and follows_time):
        found = read_clock(tokens, at) or read_hour(tokens, at)
        if found and found[0].half is None:
            mentions.append(Mention(TIME, replace(found[0], part=name), i, found[1]))
            return found[1]
    if follows_time and last is not None:
        if isinstance(last.value, Clock) and last.value.part is None:
            mentions[-1] = replace(last, value=replace(last.value, part=name), end=end)
            return end
        if isinstance(last.value, Range) and last.value.end and not last.value.end.sure:
            bound = replace(last.value, end=replace(last.value.end, part=name))
            mentions[-1] = replace(last, value=bound, end=end)
            return end
    mentions.append(Mention(PART, name, i, end))
    return end


def _only_glue(tokens: list[Token], start: int, end: int) -> bool:
    return all(tokens[k].text in (",", "in", "the", "at") for k in range(start, end))


def _moves_to(tokens: list[Token], i: int) -> bool:
    """ "move it to four", where no party of four is meant."""
    said = {token.text for token in tokens[:i]}
    return bool(said & MOVES) and not said & _COUNTED


def _is_hour(
    tokens: list[Token], i: int, end: int, reader: DayReader, mentions: list[Mention]
) -> bool:
    """Whether the bare number at token i is a time of day by what stands around it."""
    part = read_part(tokens, end) if end < len(tokens) else None
    if end > i + 1 or (part and tokens[i].a <= 12):
        return True
    pronoun = tokens[i].spelled and tokens[i].a == 1 and len(tokens) > 3
    if pronoun and word_at(tokens, i - 1) not in _BEFORE_HOUR:
        return False
    before = word_at(tokens, i - 1)
    if before in _BEFORE_HOUR:
        return before not in ("like", "say") or not tokens[i].spelled or len(tokens) < 8
    if before == "for" and word_at(tokens, i - 2) in _FOR_A_TIME:
        return True
    if before == "to" and tokens[i].a <= 12 and _moves_to(tokens, i):
        return True
    if word_at(tokens, end) == "or" and end + 1 < len(tokens):
        if read_clock(tokens, end + 1):
            return True
        other = read_hour(tokens, end + 1)
        if other is None and tokens[end + 1].kind == NUMBER:
            return False  # "three or four people"
        if other and _is_hour(tokens, end + 1, other[1], reader, mentions):
            return True
    last = mentions[-1] if mentions else None
    if last is not None and last.end == i and last.kind in (DAY, PART):
        return tokens[i].a <= 24
    following = reader.read(end) if end < len(tokens) else None
    if following is not None and not following[0].unsure and tokens[i].a <= 12:
        return True
    if last is not None and last.kind == TIME:
        return all(token.text in _FILLERS or token.kind == MARK for token in tokens[last.end : i])
    return all(
        token.text in _FILLERS or token.kind == MARK or k == i for k, token in enumerate(tokens)
    )
