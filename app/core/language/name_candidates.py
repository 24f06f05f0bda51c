"""Everything in an utterance that is given as a name: behind cues, before them, or bare."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from app.core.language.name_cues import BEHIND, CUES, Asked, Cue, Part, about_others
from app.core.language.name_fold import Candidate, plain_word
from app.core.language.name_runs import Run, accepts, is_season, read_run
from app.core.language.name_tokens import HESITATION, Token, is_initial
from app.core.language.name_words import FILLERS, KIN, MOODS, REPLIES, SHORT, TITLES, kind_of
from app.core.language.spelled_words import Spelled, find_spelled
from app.core.language.text import vocabulary

_CORRECTION = re.compile(
    r"\b(?:sorry|i mean|i meant|no(?! (?:joke|kidding|relation|problem))|nope|wait|actually|rather"
    r"|correction|scratch that|oops|not"
    r"|make (?:that|it)|or|it should be|my mistake|almost)\b"
)
_SPELLED_PART: dict[Part, re.Pattern[str]] = {
    "family": re.compile(r"(?:last|family|sur) ?name(?:'s| is|,|:)? *(?:it's|is)? *$"),
    "given": re.compile(r"(?:first|given) ?name(?:'s| is|,|:)? *(?:it's|is)? *$"),
}
_INTRODUCES = re.compile(r"\b(?:that's me|i'm an? |i am an? |it's me)\b")
_GREETING = re.compile(
    r"\b(?:hi|hello|hey|yo|hiya|howdy|good (?:morning|afternoon|evening)|yes|yeah)\b[^.?!]*$"
)
_GREETINGS = frozenset(("hi", "hello", "hey", "good"))
_NOT_MINE = frozenset(
    vocabulary("not no never his her their your who what where when why how ask see saw tell told")
)
_FIRST_PERSON = frozenset(("i", "i'm", "i'd", "i've", "i'll", "calling", "from", "about"))
_TURNS = frozenset(("mean", "meant", "sorry", "no", "wait", "actually", "rather", "correction"))
_ONLY_ASKED = next(cue.pattern for cue in CUES if cue.pattern.fullmatch("should be"))
_ASKED_BACK = re.compile(r"(?:[ ,]*(?:right|correct|yes|isn't it|is it|aren't you|then))?[ ,]*\?")
_OF_KIN = re.compile(
    r"\b(?:for )?(?:my|our) (?:son|daughter|wife|husband|mother|father|mom|mum|dad|partner|brother"
    r"|sister|child|kid|friend|boss)\b"
)
_QUESTION_OF_AGENT = re.compile(r"\b(?:am i|are you|is this|is that|do i|was i|who|where) *$")


def _without(tokens: list[Token], spelled: Sequence[Spelled]) -> list[Token]:
    """The tokens with what was spelled blanked as a break between sentences."""
    out = list(tokens)
    for word in spelled:
        for i in range(word.start, word.end):
            t = out[i]
            out[i] = Token(";", ";", t.start, t.end, mark=True)
        if word.end < len(out) and not out[word.end].mark:
            t = out[word.end]
            out[word.end] = Token(t.text, t.low, t.start, t.end, t.mark, first=True)
    return out


def candidates_in(low: str, tokens: list[Token], asked: Asked) -> list[Candidate]:
    """All that is given as a name, in order. `low` is the text of the tokens in small letters."""
    spelled = find_spelled([token.low for token in tokens])
    tokens = _without(tokens, spelled)
    found: dict[int, Candidate] = {}

    def add(run: Run, cue: Cue) -> None:
        at = run.words[0].start
        if at not in found or found[at].strength != "sure":
            found[at] = _candidate(run, cue, low)

    for cue in CUES:
        for match in cue.pattern.finditer(low):
            run = _behind(cue, match, low, tokens, asked)
            if run is not None:
                add(run, cue)
    for cue in BEHIND:
        for match in cue.pattern.finditer(low):
            run = _before(cue, match, tokens, asked)
            if run is not None:
                add(run, cue)
    for run in _bare_runs(low, tokens, asked, found):
        if run.words[0].start not in found:
            part = asked if asked in ("given", "family") else "full"
            found[run.words[0].start] = _candidate(run, Cue(_CORRECTION, part, "bare"), low)
    if not found:
        for one in _answers(tokens, low, asked):
            found[one.start] = one
    for group in spelled:
        start, end = tokens[group.start].start, tokens[group.end - 1].end
        cued: list[Part] = [p for p, cue in _SPELLED_PART.items() if cue.search(low[:start])]
        whose = cued[0] if cued else "full"
        found[start] = Candidate(group.words, whose, "sure", start, end, spelled=not cued)
    ordered = [found[at] for at in sorted(found)]
    return [
        _placed(one, before, low) for one, before in zip(ordered, [None, *ordered], strict=False)
    ]


def _behind(
    cue: Cue, match: re.Match[str], low: str, tokens: list[Token], asked: Asked
) -> Run | None:
    """The name behind a cue."""
    before = low[: match.start()]
    if _QUESTION_OF_AGENT.search(before) and match[0] not in ("i'm", "i am"):
        return None
    others = asked != "for" and about_others(low, match.end())
    if asked == "full" and _OF_KIN.search(low[: match.end()]):
        others = False
    if cue.strength == "sure" and cue.part == "full" and others:
        return None
    if re.search(r"\bnot $|(?:'s|\bis) (?:my |the )?$", before) and match[0][:1] != "u":
        return None
    at = next((i for i, token in enumerate(tokens) if token.start >= match.end()), len(tokens))
    pauses = (",", ":", "-", ".", "\u2026") if cue.strength == "sure" else (",", ":", "-")
    while at < len(tokens) and (tokens[at].low in pauses or _is_filler(tokens[at])):
        at += 1
    run = read_run(tokens, at, bare=bool(asked) and asked != "other")
    if run is None:
        return None
    wanted = asked not in ("", "other")
    if cue.pattern is _ONLY_ASKED and not wanted:
        return None
    if cue.part == "nick" and not _called(run, tokens):
        return None
    if match[0].endswith((" for", "said", " as")) and not (wanted or _certain(run)):
        return None
    asked_back = _ASKED_BACK.match(low, run.words[-1].end)
    if not wanted and cue.strength == "likely" and asked_back:
        return None
    if asked == "other" and cue.strength == "likely" and not _certain(run):
        return None
    opens = match[0].startswith(("this", "i'm", "i am")) or match[0].endswith("under")
    greeted = opens or cue.part == "nick" or bool(_GREETING.search(before))
    if run.core and is_season(run.core[-1].low) and len(run.core) == 1 and not wanted:
        mine = match[0].startswith("i") and not match[0].startswith("it")
        if (mine or _GREETING.search(before)) and run.core[0].upper and _closed(run, tokens):
            return run
    if (_hello_from(run, match[0], before) and _closed(run, tokens)) or _said_again(run, tokens):
        return run
    fits = accepts(run, cue.strength, tokens, asked=wanted, greeted=greeted)
    return run if fits else None


def _hello_from(run: Run, cue: str, before: str) -> bool:
    """ "hi, i'm grace": a word that is a given name as well, in small letters, after a greeting."""
    greets = re.search(r"\b(?:hi|hello|hey)\W+$", before)
    word = run.words[0].low
    alone = len(run.words) == 1 and kind_of(word) == "either" and word not in MOODS
    return bool(greets) and alone and cue in ("i'm", "i am", "this is", "it's")


def _before(cue: Cue, match: re.Match[str], tokens: list[Token], asked: Asked) -> Run | None:
    """The name before a cue: "Ana Diaz here", "Choi is my last name"."""
    ends = [i for i, token in enumerate(tokens) if token.end <= match.start() or "'s" in match[0]]
    end = max((i for i in ends if tokens[i].start < match.start()), default=-1) + 1
    if not end:
        return None
    first = end
    while first and end - first < 6 and not _breaks(tokens, first - 1):
        first -= 1
    for at in range(first, end):
        if _is_filler(tokens[at]):
            continue
        run = read_run(tokens[:end], at, bare=True)
        if run is None or run.end != end:
            continue
        run = Run(run.words, run.start, run.end, run.suffix)
        if cue.strength == "likely":
            opens = all(_is_filler(t) or t.mark for t in tokens[first:at])
            after = tokens[end + 1] if end + 1 < len(tokens) else None
            if not opens or (after is not None and not after.mark and after.low in ("is", "at")):
                return None
            alone = len(run.core) == 1 and accepts(
                run, "likely", tokens[:end], asked=False, greeted=True
            )
            return run if alone or _certain(run) or asked not in ("", "other") else None
        return run if accepts(run, "sure", tokens[:end], asked=True) else None
    return None


def _breaks(tokens: list[Token], at: int) -> bool:
    """Whether a token ends what comes before it; the full stop of an initial does not."""
    return tokens[at].mark and not (tokens[at].low == "." and at and is_initial(tokens[at - 1]))


def _bare_runs(
    low: str, tokens: list[Token], asked: Asked, found: dict[int, Candidate]
) -> list[Run]:
    """Names without any words around them, at the beginnings of clauses."""
    runs: list[Run] = []
    wanted = asked not in ("", "other")
    end = 0
    for at in _clause_starts(tokens):
        if at < end:
            continue
        run = read_run(tokens, at, bare=True)
        if run is None or not accepts(run, "bare", tokens, asked=wanted):
            continue
        start = run.words[0].start
        end = run.end
        known = [one for place, one in found.items() if place < start] + [
            _candidate(one, Cue(_CORRECTION, "full", "bare"), low) for one in runs
        ]
        last = max(known, key=lambda one: one.end, default=None)
        corrects = last is not None and bool(_CORRECTION.search(low, last.end, start))
        if last is not None and (corrects or _repeats(run, last)):
            if corrects and not wanted and not _certain(run):
                continue
            runs.append(run)
        elif not wanted:
            introduced = _INTRODUCES.search(low) and kind_of(run.core[0].low) == "given"
            stated = introduced and _certain(run) and _closed(run, tokens) and not run.titled
            if (
                _says_twice(run, tokens)
                or _greets(run, tokens)
                or (not asked and (stated or _lone(run, tokens)))
            ):
                runs.append(run)
        elif last is not None and len(last.words) > 1:
            continue
        elif len(run.words) > 1 or asked != "readback" or _contradicts(run, low):
            runs.append(run)
    return runs


def _contradicts(run: Run, low: str) -> bool:
    """Whether a single word answers a name that was read back with another one."""
    before, after = low[: run.words[0].start], low[run.words[-1].end :]
    if not before.strip() or re.match(r"\W*(?:not|actually)\b", after):
        return True
    return bool(re.search(r"\b(?:no|not|almost|actually|with)\b", before))


def _plain_answer(tokens: list[Token]) -> list[Run]:
    """A full name behind a few words of grammar, where one was asked for: "You have Ana Diaz"."""
    for at, token in enumerate(tokens[:4]):
        if token.mark or token.low in _NOT_MINE:
            break
        run = read_run(tokens, at)
        if run is None:
            continue
        fits = _certain(run) and _closed(run, tokens) and all(w.upper for w in run.core)
        return [run] if fits and not run.possessive else []
    return []


def _answers(tokens: list[Token], low: str, asked: Asked) -> list[Candidate]:
    """What can only be a name because one was asked for."""
    if asked in ("", "other", "readback"):
        return []
    if asked == "family" and (alone := _surname_alone(tokens)):
        (word,) = alone
        return [Candidate((word.text,), "family", "bare", word.start, word.end)]
    cue = Cue(_CORRECTION, "full", "bare")
    return [_candidate(run, cue, low) for run in _plain_answer(tokens)]


def _surname_alone(tokens: list[Token]) -> list[Token]:
    """An ordinary word as the whole answer to "And your last name?": "Early", "Day"."""
    words = [token for token in tokens if not token.mark and not _is_filler(token)]
    if len(words) == 2 and words[0].low in ("it's", "that's", "its"):
        words = words[1:]
    if len(words) != 1 or words[0].low in REPLIES:
        return []
    return words if kind_of(words[0].low) in ("ordinary", "day") else []


def _says_twice(run: Run, tokens: list[Token]) -> bool:
    """ "Bond, James Bond": the surname, and the whole name."""
    surname = len(run.words) > 1 and run.words[-1].low == tokens[0].low and tokens[0].upper
    return surname and run.start == 2 and tokens[1].mark and _closed(run, tokens)


def _said_again(run: Run, tokens: list[Token]) -> bool:
    """ "It's Tran, Minh Tran": the surname behind a cue, and the whole name."""
    if len(run.words) > 1 or not _closed(run, tokens) or run.end + 1 >= len(tokens):
        return False
    whole = read_run(tokens, run.end + 1, bare=True)
    return whole is not None and len(whole.words) > 1 and whole.words[-1].low == run.words[0].low


def _closed(run: Run, tokens: list[Token]) -> bool:
    return run.end >= len(tokens) or tokens[run.end].mark


def _lone(run: Run, tokens: list[Token]) -> bool:
    """A sentence that is nothing but a given name and a surname."""
    opens = not run.start or (tokens[run.start - 1].mark and tokens[run.start].first)
    closes = run.end >= len(tokens) or tokens[run.end].low == "."
    known = kind_of(run.core[0].low) == "given" and len(run.core) == 2
    return opens and closes and known and not run.titled and all(w.upper for w in run.core)


def _clause_starts(tokens: list[Token]) -> list[int]:
    """Where a bare name can begin: at the text's start and behind marks, past fillers and kin."""
    starts = []
    fresh = True
    for i, token in enumerate(tokens):
        if token.mark or token.low in _TURNS:
            fresh = True
        elif fresh and token.low == "the" and _low(tokens, i + 1) in TITLES:
            starts.append(i)
            fresh = False
        elif fresh and token.low in SHORT and token.upper and _named_short(tokens, i):
            starts.append(i)
        elif fresh and token.low == "i" and _low(tokens, i + 1) in ("mean", "meant"):
            continue
        elif fresh and not _is_filler(token):
            starts.append(i)
            fresh = token.low in KIN
    return starts


def _named_short(tokens: list[Token], at: int) -> bool:
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    return following is not None and following.upper and kind_of(following.low) == "unknown"


def _greets(run: Run, tokens: list[Token]) -> bool:
    """ "Mark Twombly, hi.": a full name and a greeting, and nothing else."""
    rest = [token.low for token in tokens[run.end :] if not token.mark]
    before = [token.low for token in tokens[: run.start] if not token.mark]
    behind = all(word in FILLERS for word in rest) and rest[:1] and rest[0] in _GREETINGS
    ahead = all(word in FILLERS for word in before) and _GREETINGS & set(before)
    closed = run.end >= len(tokens) or tokens[run.end].mark
    own = rest[:1] and rest[0] in _FIRST_PERSON and tokens[run.end].low == ","
    return _certain(run) and closed and bool((not before and (behind or own)) or ahead)


def _certain(run: Run) -> bool:
    """A name by its words alone: a given name and a surname, written as names are."""
    kinds = [kind_of(word.low) for word in run.core]
    if len(kinds) < 2 or kinds[0] == "ordinary" or kinds[1] == "grammar":
        return False
    if kinds[0] == "given":
        return True
    return kinds[1] in ("unknown", "given", "either") and all(w.upper for w in run.core)


def _called(run: Run, tokens: list[Token]) -> bool:
    """Whether "call me …" gives a name: a known one, or a capital, with nothing behind it."""
    after = tokens[run.end] if run.end < len(tokens) else None
    kind = kind_of(run.words[0].low)
    closed = after is None or after.mark or after.low in ("please", "but", "and")
    return closed and (kind in ("given",) or (kind in ("unknown", "either") and run.words[0].upper))


def _repeats(run: Run, last: Candidate) -> bool:
    said = {plain_word(word) for word in last.words}
    return any(plain_word(word.text) in said for word in run.words)


def _is_filler(token: Token) -> bool:
    return token.low in FILLERS or bool(HESITATION.fullmatch(token.low))


def _low(tokens: list[Token], at: int) -> str:
    return tokens[at].low if at < len(tokens) else ""


def _candidate(run: Run, cue: Cue, low: str) -> Candidate:
    words = tuple(
        f"{word.text.upper()}." if is_initial(word) and len(word.low) == 1 else word.text
        for word in run.words
    )
    return Candidate(
        words, cue.part, cue.strength, run.words[0].start, run.words[-1].end, run.suffix
    )


def _placed(one: Candidate, before: Candidate | None, low: str) -> Candidate:
    """The candidate with what stands between it and the one before."""
    if before is None:
        return one
    between = low[before.end : one.start]
    return replace(one, corrects=bool(_CORRECTION.search(between)), comma=between.strip() == ",")
