"""Results of tools that say why nothing was done."""

from __future__ import annotations

from typing import Any


def refuse(error: str, sentence: str, **more: Any) -> dict[str, Any]:
    """A result that says why nothing was done. `sentence` can be spoken as it is."""
    return {
        "ok": False,
        "output": {"error": error, "message": sentence, "say": sentence} | more,
        "say": sentence,
    }
