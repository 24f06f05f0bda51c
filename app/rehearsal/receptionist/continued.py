"""What a caller went on saying: a sentence that breaks off and the item after it are one remark.

Retell may ask in the middle of a sentence; the rest of it comes as an item of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.rehearsal.realtime_server.protocol.items import message_text

_ENDS = (".", "!", "?", "…", ")")


def whole_remarks(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items, with the caller's broken-off sentences joined to what follows them."""
    out: list[dict[str, Any]] = []
    for item in items:
        if out and _is_users(item) and _is_users(out[-1]):
            begun = message_text(out[-1]).strip()
            if begun and not begun.endswith(_ENDS):
                text = f"{begun} {message_text(item).strip()}"
                content = [{"type": "input_text", "text": text}]
                out[-1] = {"type": "message", "role": "user", "content": content}
                continue
        out.append(item)
    return out


def _is_users(item: dict[str, Any]) -> bool:
    return item.get("type") == "message" and item.get("role") == "user"
