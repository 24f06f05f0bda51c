"""The plain case of the WebSocket protocol (RFC 6455, section 5.2): whole data frames.

Nearly all frames of a call are single, complete and short. They are read and written here in a
fraction of the time that `websockets`' parser takes; everything else (fragments, control frames,
long or broken frames, frames that are not there in full) is left to that parser.
"""

from __future__ import annotations

try:
    from websockets.speedups import apply_mask
except ImportError:  # built without a C compiler
    from websockets.utils import apply_mask

TEXT, BINARY = 0x81, 0x82
#: Longest payload whose length fits the short forms, in bytes.
SHORT = 0xFFFF


def leading_messages(
    data: bytes, *, masked: bool, max_size: int | None = None
) -> tuple[list[tuple[bool, bytes]], int]:
    """The whole messages that `data` begins with, and how many bytes they take.

    A message is (is it text, payload). Reading stops before the first frame that is not plain,
    longer than `max_size`, or not `masked` as it should be.
    """
    found: list[tuple[bool, bytes]] = []
    at, end = 0, len(data)
    while end - at > 1:
        head, length = data[at], data[at + 1]
        if (head != TEXT and head != BINARY) or (length > 0x7F) is not masked:
            break
        length &= 0x7F
        start = at + 2
        if length > 125:
            if length == 127 or end - at < 4:
                break
            length = data[at + 2] << 8 | data[at + 3]
            start = at + 4
        if masked:
            start += 4
        stop = start + length
        if stop > end or (max_size is not None and length > max_size):
            break
        payload = data[start:stop]
        if masked:
            payload = apply_mask(payload, data[start - 4 : start])
        found.append((head == TEXT, payload))
        at = stop
    return found, at


def short_frame(payload: bytes, *, text: bool, mask: bytes = b"") -> bytes:
    """One whole data frame around a payload of at most `SHORT` bytes.

    `mask` is four random bytes for each frame of a client's, and empty for a server's.
    """
    length = len(payload)
    head = TEXT if text else BINARY
    mask_bit = 0x80 if mask else 0
    if length < 126:
        start = bytes((head, mask_bit | length))
    else:
        start = bytes((head, mask_bit | 126, length >> 8, length & 0xFF))
    return start + mask + apply_mask(payload, mask) if mask else start + payload
