"""`websockets`' sans-I/O protocol (15), with what RFC 6455 allows and it does not."""

from __future__ import annotations

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol


class CallerProtocol(ServerProtocol):
    """The server's side; Retell, Twilio or a page is the peer.

    A close frame may stand between the fragments of a message (section 5.4). `websockets` takes it
    for an error, and its peer would be answered 1002.
    """

    def recv_frame(self, frame: Frame) -> None:
        """As the library's."""
        if frame.opcode is Opcode.CLOSE:
            self.cur_size = None
        super().recv_frame(frame)
