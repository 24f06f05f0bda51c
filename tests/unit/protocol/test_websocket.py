"""The short cut reads and writes exactly what `websockets`' own parser and serializer do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from app.protocol.websocket import SHORT, leading_messages, short_frame

MAX = 2000
MASK = b"\x00\x9a\xff\x31"


def receiver(masked: bool) -> Protocol:
    if masked:
        return ServerProtocol(state=State.OPEN, max_size=MAX)
    return ClientProtocol(parse_uri("ws://x/"), state=State.OPEN, max_size=MAX)


def frames_of(protocol: Protocol, data: bytes) -> list[tuple[bool, bytes]]:
    protocol.receive_data(data)
    return [
        (event.opcode is Opcode.TEXT, bytes(event.data))
        for event in protocol.events_received()
        if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY)
    ]


plain = st.builds(
    lambda text, size, fill: (text, bytes([fill]) * size),
    st.booleans(),
    st.sampled_from([0, 1, 124, 125, 126, 127, 300, 1999, 2000]),
    st.integers(0, 255),
)


@given(st.lists(plain, max_size=5), st.booleans(), st.integers(0, 3000))
def test_plain_frames_are_read_as_the_parser_reads_them(
    messages: list[tuple[bool, bytes]], masked: bool, cut: int
) -> None:
    wire = b"".join(
        short_frame(data, text=text, mask=MASK if masked else b"") for text, data in messages
    )
    assert frames_of(receiver(masked), wire) == messages
    found, taken = leading_messages(wire, masked=masked, max_size=MAX)
    assert (found, taken) == (messages, len(wire))
    # In two pieces: what the short cut leaves, the parser goes on with.
    first, rest = wire[:cut], wire[cut:]
    found, taken = leading_messages(first, masked=masked, max_size=MAX)
    assert found + frames_of(receiver(masked), first[taken:] + rest) == messages


@given(st.binary(max_size=400), st.booleans())
def test_whatever_comes_the_parser_gets_the_same_in_the_end(data: bytes, masked: bool) -> None:
    whole, rest = receiver(masked), receiver(masked)
    expected = frames_of(whole, data)
    found, taken = leading_messages(data, masked=masked, max_size=MAX)
    assert found + frames_of(rest, data[taken:]) == expected
    assert type(rest.parser_exc) is type(whole.parser_exc)
    assert rest.close_sent == whole.close_sent


def test_what_is_not_plain_is_left_alone() -> None:
    text = short_frame(b"hello", text=True, mask=MASK)
    for other in (
        b"\x01\x85maskhello",  # a fragment
        b"\x89\x80mask",  # a ping
        b"\x81\x05hello",  # not masked
        b"\xc1\x85maskhello",  # a reserved bit
        b"\x81\xff" + (5).to_bytes(8, "big") + b"maskhello",  # the long form
        b"\x81\xfe\x07\xd1mask" + b"x" * 2001,  # too long
        b"\x81",
        b"\x81\xfe\x01",
        b"",
    ):
        found, taken = leading_messages(text + other, masked=True, max_size=MAX)
        assert found == [(True, b"hello")]
        assert taken == len(text)


def test_frames_up_to_the_short_form_are_written() -> None:
    for size in (0, 125, 126, SHORT):
        for masked in (False, True):
            protocol = receiver(masked)
            protocol.max_size = None
            wire = short_frame(b"x" * size, text=False, mask=MASK if masked else b"")
            assert frames_of(protocol, wire) == [(False, b"x" * size)]
