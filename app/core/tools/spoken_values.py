"""What a caller's words are worth for one argument of a tool, by the argument's JSON schema."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator

from app.core.language import agreement, corrections
from app.core.language.agreement import Sense
from app.core.language.names import read_name
from app.core.language.spoken_digits import digit_runs
from app.core.language.text import plain, words
from app.core.language.time import expressions

Schema = Mapping[str, Any]

_NAME_QUESTION = "What is your full name?"
_LEAD_IN = re.compile(
    r"\W*(?:(?:uh|um|er|well|so|okay|ok|sure|yes|yeah|oh|please|it'?s|it is|that'?s|that is"
    r"|that would be|this is|i think|just|(?:the|my|our|its?) (?:[a-z]+ ){1,3}(?:is|are|was)"
    r"|(?:i'?d|i would) (?:like|say)|i want|i need|say|put)\b[\s,:;-]*)+",
    re.IGNORECASE,
)
_ENDINGS = ("please", "thanks", "thank you")
_BETWEEN_ITEMS = re.compile(r"[,;&]|\b(?:and|plus)\b", re.IGNORECASE)
_DECIMAL = re.compile(r"-?\d+(?:[.,]\d+)?")
_POINT = re.compile(r"\b(?:point|dot)\b", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9][\w-]*")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_IS_CODE = re.compile(
    r"\b(?:number|no|id|code|reference|digits|zip|postcode|phone|sku|pin)\b", re.IGNORECASE
)
_IS_NAME = re.compile(r"\b(?:(?:full|first|last|caller'?s|customer'?s|your) name|who)\b", re.I)
#: A number of one digit may be a word of any sentence ("one question"); two digits are not.
_LEAST_DIGITS = 2


def resolved(schema: Any, root: Schema) -> Schema:
    """The schema that a value has to fit: a reference followed, null left out of a choice."""
    found = schema if isinstance(schema, Mapping) else {}
    reference = found.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        defined = (root.get("$defs") or {}).get(reference.removeprefix("#/$defs/"))
        return resolved(defined, root)
    for choice in found.get("anyOf") or found.get("oneOf") or ():
        if isinstance(choice, Mapping) and choice.get("type") != "null":
            rest = {name: value for name, value in found.items() if name not in ("anyOf", "oneOf")}
            return {**resolved(choice, root), **rest}
    return found


def type_of(schema: Schema) -> str:
    """The JSON type of a resolved schema; "string" if it names none."""
    named = schema.get("type")
    if isinstance(named, list):
        named = next((each for each in named if each != "null"), "string")
    return str(named or "string")


def can_be_asked(schema: Schema) -> bool:
    """Whether a caller can say such a value: no objects, no lists of them."""
    kind = type_of(schema)
    if kind == "array":
        items = schema.get("items")
        return type_of(items if isinstance(items, Mapping) else {}) not in ("object", "array")
    return kind != "object"


def read_value(schema: Schema, name: str, text: str, now: dt.datetime) -> Any:
    """The value that an answer to the question for the argument `name` gives; None if it gives
    none that fits the schema."""
    value = _read(schema, name, corrections.correct(text).kept, now)
    return value if value is not None and _fits(schema, value) else None


def find_value(schema: Schema, name: str, text: str, now: dt.datetime) -> Any:
    """The value that any sentence shows, for an argument nobody asked for yet; None if unsure."""
    kind = type_of(schema)
    if "enum" in schema or schema.get("format") in ("date", "date-time"):
        return read_value(schema, name, text, now)
    longest = max((len(run.lstrip("+")) for run in digit_runs(text)), default=0)
    if longest < _LEAST_DIGITS and not re.search(r"\d", text):
        return None
    if kind in ("integer", "number"):
        return read_value(schema, name, text, now)
    if kind == "string" and _is_code(schema, name):
        return read_value(schema, name, text, now)
    return None


def _read(schema: Schema, name: str, text: str, now: dt.datetime) -> Any:
    if "enum" in schema:
        return _one_of(schema["enum"], text)
    match type_of(schema):
        case "boolean":
            sense = agreement.answer(text)
            return sense is Sense.YES if sense in (Sense.YES, Sense.NO) else None
        case "integer":
            found = _number(text)
            return int(found) if found is not None and found == int(found) else None
        case "number":
            return _number(text)
        case "array":
            return _items(schema, name, text, now)
        case "string":
            return _string(schema, name, text, now)
    return None


def _fits(schema: Schema, value: Any) -> bool:
    return bool(Draft202012Validator(dict(schema)).is_valid(value))


def _one_of(choices: Sequence[Any], text: str) -> Any:
    """The one choice whose words are said; the longest where one holds another."""
    said = f" {' '.join(words(plain(text)))} "
    spoken = {}
    for choice in choices:
        phrase = " ".join(words(plain(str(choice).replace("_", " ").replace("-", " "))))
        if phrase and f" {phrase} " in said:
            spoken[phrase] = choice
    longest = sorted(spoken, key=len, reverse=True)
    if not longest or any(phrase not in longest[0] for phrase in longest):
        return None
    return spoken[longest[0]]


def _number(text: str) -> float | None:
    written = [found for found in _DECIMAL.findall(text) if found.strip("-.,")]
    if len(written) == 1 and not re.search(r"\d[\s-]+\d", text):
        return float(written[0].replace(",", "."))
    parts = _POINT.split(text)
    if len(parts) == 2:
        whole, rest = (max(digit_runs(part), key=len, default="") for part in parts)
        if whole and rest:
            return float(f"{whole}.{rest}")
    runs = digit_runs(text)
    return float(runs[0].lstrip("+")) if len(runs) == 1 and runs[0].lstrip("+") else None


def _items(schema: Schema, name: str, text: str, now: dt.datetime) -> list[Any] | None:
    inner = schema.get("items")
    item_schema = inner if isinstance(inner, Mapping) else {}
    values = []
    for piece in _BETWEEN_ITEMS.split(_bare(text)):
        if piece.strip():
            values.append(_read(item_schema, name, piece, now))
    return values if values and None not in values else None


def _string(schema: Schema, name: str, text: str, now: dt.datetime) -> str | None:
    form = schema.get("format")
    if form in ("date", "time", "date-time"):
        return _moment(str(form), text, now)
    if form == "email" or "email" in name.lower():
        return _email(text)
    if _is_code(schema, name):
        code = _code(text)
        in_capitals = code is not None and not _fits(schema, code) and _fits(schema, code.upper())
        return code.upper() if code is not None and in_capitals else code
    about = f"{name.replace('_', ' ')} {schema.get('description', '')}"
    if name == "name" or _IS_NAME.search(about):
        found = read_name(text, _NAME_QUESTION)
        if found is not None:
            return found.text
    return _bare(text) or None


def _moment(form: str, text: str, now: dt.datetime) -> str | None:
    spoken = expressions.resolve(text, now)
    if form == "date":
        return spoken.date.isoformat() if spoken.date else None
    if form == "time":
        return f"{spoken.time:%H:%M:%S}" if spoken.time else None
    if spoken.date is None or spoken.time is None:
        return None
    return dt.datetime.combine(spoken.date, spoken.time, now.tzinfo).isoformat()


def _email(text: str) -> str | None:
    """The address in a text, also as it is said: "dana at example dot com"."""
    spoken = " ".join(_bare(text).split())
    for said, written in ((" at ", "@"), (" dot ", "."), (" . ", ".")):
        spoken = spoken.replace(said, written)
    for token in (*text.split(), *spoken.lower().split()):
        if _EMAIL.fullmatch(token.strip(".,;!?")):
            return token.strip(".,;!?")
    return None


def _is_code(schema: Schema, name: str) -> bool:
    about = f"{name.replace('_', ' ')} {schema.get('description', '')}"
    return _IS_CODE.search(about) is not None


def _code(text: str) -> str | None:
    """A number or code as it is written: "A-1042", or the digits that were said."""
    tokens: list[str] = _TOKEN.findall(text)
    written = [token for token in tokens if any(map(str.isdigit, token))]
    if len(written) == 1 and not written[0].isdigit():
        return written[0]
    run = max(digit_runs(text), key=len, default="")
    if run:
        return run
    return written[0] if len(written) == 1 else None


def _bare(text: str) -> str:
    """The answer without the words around it: "it's a broken zip, please" is "a broken zip"."""
    lead_in = _LEAD_IN.match(text)
    rest = text[lead_in.end() :] if lead_in is not None else text
    bare = rest.strip(" \"',.!?")
    for ending in _ENDINGS:
        if bare.lower().endswith(f" {ending}"):
            bare = bare[: -len(ending)].strip(" ,")
    return bare if any(map(str.isalnum, bare)) else ""
