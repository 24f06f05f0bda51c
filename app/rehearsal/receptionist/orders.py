"""What the notes of the program want said: a sentence word for word, or why a caller is back."""

from __future__ import annotations

import re

_VERBATIM = re.compile(
    r"\b(?:say|reply|answer|respond|speak)\b[^\"“]{0,80}[\"“](?P<words>[^\"”]{2,})[\"”]",
    re.IGNORECASE,
)
_BACK = re.compile(r"^\[The caller is back: (?P<why>[^.]+)\. Say so, and (?P<offer>[^.]+)\.")


def words_of(note: str) -> str | None:
    """What a note wants said; None if it wants nothing said."""
    verbatim = _VERBATIM.search(note)
    if verbatim is not None:
        return verbatim["words"]
    back = _BACK.search(note)
    if back is None:
        return None
    offer = "leave a message?" if "message" in back["offer"] else "try something else?"
    return f"I am sorry, {back['why']}. Would you like to {offer}"
