"""Token counts of a response: estimates, with the split and the cached prefix that bills need.

Text is counted at four characters a token, audio as documented (realtime costs guide): the
caller's at one token per 100 ms, the assistant's at one per 50 ms. Cached is the prefix that the
response shares with the one before it, in whole blocks of 64 tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from app.rehearsal.realtime_server.items import Item, message_text

_BLOCK = 64
USER_AUDIO_MS, ASSISTANT_AUDIO_MS = 100, 50


def text_tokens(text: str) -> int:
    """The estimate for a text."""
    return (len(text) + 3) // 4


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the context: its identity and what it costs."""

    key: tuple[object, ...]
    text: int
    audio: int = 0


def pieces(instructions: str, tools: list[Any], items: Iterable[Item]) -> list[Piece]:
    """The context of a response as pieces, in the order in which it is cached."""
    head = instructions + (orjson.dumps(tools).decode() if tools else "")
    result = [Piece((head,), text_tokens(head))]
    for item in items:
        wire = item.wire
        if wire["type"] == "message":
            words = "" if item.audio_ms else message_text(wire)
            per_token = USER_AUDIO_MS if wire["role"] == "user" else ASSISTANT_AUDIO_MS
            audio = -(-item.audio_ms // per_token)
        else:
            words = f"{wire.get('name', '')}{wire.get('arguments', '')}{wire.get('output', '')}"
            audio = 0
        result.append(Piece((item.id, words, item.audio_ms), text_tokens(words) + 3, audio))
    return result


class Meter:
    """Counts the responses of one session, remembering the last context for the cache."""

    def __init__(self) -> None:
        self._last: list[Piece] = []

    def usage(
        self, context: list[Piece], text_out: int, audio_out: int, *, remember: bool = True
    ) -> dict[str, Any]:
        """The `usage` object of one response; `remember` keeps its context for the next."""
        text_in = sum(piece.text for piece in context)
        audio_in = sum(piece.audio for piece in context)
        text_cached = audio_cached = 0
        for piece, before in zip(context, self._last, strict=False):
            if piece.key != before.key:
                break
            text_cached += piece.text
            audio_cached += piece.audio
        whole = (text_cached + audio_cached) // _BLOCK * _BLOCK
        audio_cached = min(audio_cached, whole)
        text_cached = whole - audio_cached
        if remember:
            self._last = context
        return {
            "total_tokens": text_in + audio_in + text_out + audio_out,
            "input_tokens": text_in + audio_in,
            "output_tokens": text_out + audio_out,
            "input_token_details": {
                "text_tokens": text_in,
                "audio_tokens": audio_in,
                "image_tokens": 0,
                "cached_tokens": whole,
                "cached_tokens_details": {
                    "text_tokens": text_cached,
                    "audio_tokens": audio_cached,
                    "image_tokens": 0,
                },
            },
            "output_token_details": {"text_tokens": text_out, "audio_tokens": audio_out},
        }
