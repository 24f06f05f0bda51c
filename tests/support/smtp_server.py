"""A local SMTP server (RFC 5321) in a thread that keeps what it is given."""

from __future__ import annotations

import base64
import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage


class SmtpServer:
    """Wants AUTH PLAIN with `user` and `password`; refuses recipients of ``refused.example``."""

    user, password = "desk@example.com", "p@ss:word"

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.say("220 local ESMTP")
                signed_in = False
                while line := self.rfile.readline().decode().rstrip("\r\n"):
                    verb = line.split(" ")[0].upper()
                    if verb == "EHLO":
                        self.say("250-local", "250 AUTH PLAIN")
                    elif verb == "AUTH":
                        given = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                        signed_in = given == ["", outer.user, outer.password]
                        self.say("235 ok" if signed_in else "535 no")
                    elif verb == "RCPT" and "refused.example" in line:
                        self.say("550 no such user")
                    elif verb in ("MAIL", "RCPT"):
                        self.say("250 ok" if signed_in else "530 authentication required")
                        if verb == "RCPT":
                            outer.recipients.append(line.partition(":")[2].strip("<> "))
                    elif verb == "DATA":
                        self.say("354 go on")
                        self.take()
                        self.say("250 taken")
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok" if verb in ("RSET", "NOOP") else "502 no")

            def take(self) -> None:
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line.startswith(b".") else line)
                policy = email.policy.default
                message = email.message_from_bytes(b"".join(lines), policy=policy)
                assert isinstance(message, EmailMessage)
                outer.messages.append(message)

            def say(self, *lines: str) -> None:
                self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
