"""Messages as they come, whole or in parts."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from app.adapters.sockets.inbox import Inbox


def test_parts_make_one_message() -> None:
    inbox = Inbox(decode=True)
    whole = "für Sie".encode()
    inbox.add_frame(Frame(Opcode.TEXT, whole[:2], fin=False))
    inbox.add_frame(Frame(Opcode.PING, b"between"))
    inbox.add_frame(Frame(Opcode.CONT, whole[2:4], fin=False))
    assert (inbox.waiting, inbox.received) == ([], 0)
    inbox.add_frame(Frame(Opcode.CONT, whole[4:]))
    assert (inbox.waiting, inbox.received) == (["für Sie"], 1)


def test_binary_messages_stay_bytes() -> None:
    inbox = Inbox(decode=True)
    inbox.add_frame(Frame(Opcode.BINARY, b"\xff", fin=False))
    inbox.add_frame(Frame(Opcode.CONT, b"\xfe"))
    inbox.add(b"\xfd", text=False)
    assert inbox.waiting == [b"\xff\xfe", b"\xfd"]


def test_text_is_decoded_only_if_wanted() -> None:
    as_bytes = Inbox(decode=False)
    as_bytes.add(b"\xff", text=True)
    assert as_bytes.waiting == [b"\xff"]
    with pytest.raises(UnicodeDecodeError):
        Inbox(decode=True).add(b"\xff", text=True)
