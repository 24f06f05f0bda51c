"""Tools in words: the question for an argument, names and values, and what a result says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.language import speech
from app.core.tools import spoken_values as values
from app.rehearsal.receptionist import answers
from app.rehearsal.receptionist.dialogue import Outcome

_MOST_MEMBERS, _MOST_CHARS = 6, 400
_ARTICLE = re.compile(r"(?:the|a|an|your|their|its|one|any)\b", re.IGNORECASE)


def words_of(outcome: Outcome) -> str:
    """A tool's result in words: its own sentence, else what it holds."""
    if outcome.say:
        return outcome.say
    data = outcome.data
    message = data.get("message")
    if outcome.error is not None:
        why = message if isinstance(message, str) and message else outcome.error.replace("_", " ")
        return f"I am sorry, that did not work. {_sentence(why)}"
    for name in ("message", "result", "text", "answer"):
        if isinstance(data.get(name), str) and data[name].strip():
            return _sentence(str(data[name])[:_MOST_CHARS])
    passages = data.get("passages")
    if isinstance(passages, list):
        if not passages:
            return answers.UNKNOWN
        first = passages[0] if isinstance(passages[0], Mapping) else {"text": passages[0]}
        return _sentence(str(first.get("text", ""))[:_MOST_CHARS])
    told = [
        f"{spoken(name)}: {spoken(value)}"
        for name, value in data.items()
        if name not in ("ok", "say") and value not in (None, "", [], {})
    ]
    return f"Here is what I have. {_sentence(', '.join(told[:_MOST_MEMBERS]))}" if told else "Done."


def question_for(name: str, schema: values.Schema) -> str:
    """The question for one argument, from its description."""
    about = " ".join(str(schema.get("description") or "").split()).rstrip(".!")
    about = about.partition(". ")[0]
    choices = [spoken(choice) for choice in schema.get("enum") or ()]
    options = f" It can be {speech.say_list(choices, 'or')}." if choices else ""
    if about.endswith("?"):
        return f"{about}{options}"
    if values.type_of(schema) == "boolean":
        fact = re.sub(r"^whether (?:or not )?", "", about, flags=re.IGNORECASE) or spoken(name)
        return f"{fact[:1].upper()}{fact[1:]}: yes or no?"
    if _ARTICLE.match(about):
        return f"What is {about[:1].lower()}{about[1:]}?{options}"
    hint = f" {_sentence(about)}" if about and about.lower() != spoken(name) else ""
    return f"What is the {spoken(name)}?{hint}{options}"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def spoken(value: Any) -> str:
    """A name or value as it is said."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{spoken(name)} {spoken(item)}" for name, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return speech.say_list([spoken(item) for item in value], "and")
    return str(value).replace("_", " ")
