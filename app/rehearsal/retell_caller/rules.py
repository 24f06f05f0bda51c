"""When Retell connects again and how it names the end of a call: the exact numbers.

Source: Retell's guides "Setup WebSocket server" and "Troubleshooting custom LLM".
"""

from __future__ import annotations

from dataclasses import dataclass

OPEN_ATTEMPTS = 3
OPEN_TIMEOUT_S = 7.0
OPEN_GAP_S = 3.0
PING_EVERY_S = 2.0
PING_LOST_S = 5.0
RECONNECTS_AFTER_1006 = 4
RECONNECTS_AFTER_LOST_KEEPALIVE = 2

NORMAL = 1000
NO_CODE = 1005
ABNORMAL = 1006
CORRUPT = 1007

AGENT_HANGUP = "agent_hangup"
USER_HANGUP = "user_hangup"
TRANSFER = "call_transfer"
INACTIVITY = "inactivity"
ERROR_OPEN = "error_llm_websocket_open"
ERROR_LOST = "error_llm_websocket_lost_connection"
ERROR_RUNTIME = "error_llm_websocket_runtime"
ERROR_CORRUPT = "error_llm_websocket_corrupt_payload"


@dataclass(slots=True)
class Connections:
    """Counts what happened to the socket of one call and decides what follows.

    Each method returns None where Retell connects (again), else the `disconnection_reason`.
    """

    refused: int = 0
    abnormal: int = 0
    keepalive: int = 0
    opened: bool = False

    def accepted(self) -> None:
        """The handshake went through."""
        self.opened = True
        self.refused = 0

    def failed_to_open(self) -> str | None:
        """A connection attempt was refused or timed out."""
        self.refused += 1
        if self.refused < OPEN_ATTEMPTS:
            return None
        return ERROR_RUNTIME if self.opened else ERROR_OPEN

    def closed(self, code: int) -> str | None:
        """The server's end closed with `code`; 1006 is a connection that vanished."""
        if code == NORMAL:
            return AGENT_HANGUP
        if code == NO_CODE:
            return ERROR_OPEN
        if code != ABNORMAL:
            return ERROR_RUNTIME
        self.abnormal += 1
        return None if self.abnormal <= RECONNECTS_AFTER_1006 else ERROR_RUNTIME

    def keepalive_lost(self) -> str | None:
        """No echo came for 5 s."""
        self.keepalive += 1
        return None if self.keepalive <= RECONNECTS_AFTER_LOST_KEEPALIVE else ERROR_LOST
