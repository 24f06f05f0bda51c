"""The recorded sound of calls: GET /api/calls/<id>/recording.wav, both sides as a WAV file (the
caller left, the agent right); DELETE /api/calls/<id>/recording; and the picture of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
from flask import Blueprint, Response, request

from app import logs
from app.adapters.calls.sound import SoundStore
from app.bridges.services import services
from app.core.record.sound import RATE, Peaks, SoundChunk
from app.errors import NotFound
from app.protocol import wav
from app.protocol.twilio import SILENCE
from app.web.guard import access

#: Stretches of a picture at most, and the shortest one in samples.
MOST_PEAKS, LEAST_STEP = 1200, RATE // 20

bp = Blueprint("sound", __name__, url_prefix="/api/calls")
log = logs.get(__name__)


def store() -> SoundStore:
    """The recordings."""
    return SoundStore(services().redis, services().settings)


@bp.get("/<call_id>/recording.wav")
@access.scoped
def recording(call_id: str) -> Response:
    """The sound, or the part of it that `Range` asks for; of a call that goes on, what is there."""
    kept = store()
    samples = _length(kept, call_id)
    total = wav.HEADER_BYTES + samples * wav.FRAME_BYTES
    wanted = request.range.range_for_length(total) if request.range else None
    first, last = wanted or (0, total)
    answer = Response(_file(kept, call_id, samples, first, last), mimetype="audio/wav")
    answer.content_length = last - first
    if wanted:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {first}-{last - 1}/{total}"
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Disposition"] = 'inline; filename="call.wav"'
    return answer


@bp.get("/<call_id>/recording")
@access.scoped
def picture(call_id: str) -> dict[str, Any]:
    """How long the recording is, and for each stretch of `step` seconds how loud each side was at
    most, 0 to 100."""
    kept = store()
    samples = _length(kept, call_id)
    peaks = Peaks(samples, max(LEAST_STEP, -(-samples // MOST_PEAKS)))
    for chunk in kept.chunks(call_id):
        peaks.add(chunk)
        gevent.sleep(0)  # others are on the telephone meanwhile
    return {
        "seconds": round(samples / RATE, 3),
        "step": peaks.step / RATE,
        **{side: list(heights) for side, heights in peaks.sides.items()},
    }


@bp.delete("/<call_id>/recording")
@access.scoped
def forget(call_id: str) -> tuple[str, int]:
    """Remove the recording for good."""
    if not store().forget(call_id):
        raise NotFound("no recording of this call", code="no_recording")
    log.info("a recording was removed", extra={"call_id": call_id, "by": access.who()})
    return "", 204


def _length(kept: SoundStore, call_id: str) -> int:
    samples = kept.length(call_id)
    if not samples:
        raise NotFound("no recording of this call", code="no_recording")
    return samples


def _file(kept: SoundStore, call_id: str, samples: int, first: int, last: int) -> Iterator[bytes]:
    """The bytes of the file from `first` to `last`."""
    head = wav.header(samples)
    if first < len(head):
        yield head[first:last]
    begin = max(0, first - len(head)) // wav.FRAME_BYTES
    end = min(samples, -(-max(0, last - len(head)) // wav.FRAME_BYTES))
    skipped = max(0, first - len(head)) - begin * wav.FRAME_BYTES
    left = last - max(first, len(head))
    for part in _samples(kept, call_id, begin, end):
        piece = part[skipped : skipped + left]
        skipped, left = max(0, skipped - len(part)), left - len(piece)
        if piece:
            yield piece


def _samples(kept: SoundStore, call_id: str, begin: int, end: int) -> Iterator[bytes]:
    """Both sides from sample `begin` to `end`; where nothing was kept, silence."""
    at = begin
    if begin >= end:
        return
    for chunk in kept.chunks(call_id, begin, end):
        if chunk.begin > at:
            yield from _silence(min(chunk.begin, end) - at)
            at = chunk.begin
        yield _part(chunk, at, end)
        at = max(at, min(chunk.end, end))
    yield from _silence(end - at)


def _part(chunk: SoundChunk, begin: int, end: int) -> bytes:
    wanted = slice(max(0, begin - chunk.begin), end - chunk.begin)
    return wav.stereo(chunk.side("caller")[wanted], chunk.side("agent")[wanted])


def _silence(samples: int) -> Iterator[bytes]:
    """Silence in pieces: a gap may be long."""
    while samples > 0:
        size = min(samples, 10 * RATE)
        yield wav.stereo(SILENCE * size, SILENCE * size)
        samples -= size
