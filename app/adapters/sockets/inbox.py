"""Messages that have come and wait to be received."""

from __future__ import annotations

from websockets.frames import Frame, Opcode


class Inbox:
    """Whole messages, in order. `waiting` is seldom longer than one: a deque takes 760 bytes.

    `received` counts the messages so far. Made with ``decode=False``, text stays bytes.
    """

    def __init__(self, *, decode: bool) -> None:
        self.waiting: list[str | bytes] = []
        self.received = 0
        self._decode = decode
        self._parts: list[bytes] = []
        self._is_text = True

    def add(self, data: bytes, *, text: bool) -> None:
        """A whole message. Raises `UnicodeDecodeError` if text is not UTF-8."""
        self.received += 1
        self.waiting.append(data.decode() if text and self._decode else data)

    def add_frame(self, frame: Frame) -> None:
        """A data frame, which may be a part of a message. Other frames are ignored.

        Raises `UnicodeDecodeError` as `add` does.
        """
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            text = opcode is Opcode.TEXT
            if frame.fin:
                self.add(bytes(frame.data), text=text)
            else:
                self._parts, self._is_text = [bytes(frame.data)], text
        elif opcode is Opcode.CONT:
            self._parts.append(bytes(frame.data))
            if frame.fin:
                whole, self._parts = b"".join(self._parts), []
                self.add(whole, text=self._is_text)
