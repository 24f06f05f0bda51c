"""A CalDAV server that hands out whatever it was given, readable or not.

Real servers check what they are given; what they took over from elsewhere, or wrote themselves in
an older version, they hand out as it is.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from tests.support.local_http import Answer, LocalServer, Request

HOME = "/desk/main/"
EVENT = """\
BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//person//EN\r
BEGIN:VEVENT\r
UID:{uid}\r
DTSTAMP:20270101T000000Z\r
SUMMARY:Private\r
{lines}\r
END:VEVENT\r
END:VCALENDAR\r
"""


def event(uid: str, *lines: str) -> str:
    """A calendar object with one event."""
    return EVENT.format(uid=uid, lines="\r\n".join(lines))


class CalDavServer:
    """One calendar; `entries` are its bodies by name, `status` what every request is answered."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.status = 0
        self.refuse_changes = 0
        """The status of every answer to a change."""
        self.server = LocalServer(self._answer)
        self.url = f"caldav+http://desk:pass%20word@127.0.0.1:{self.server.port}{HOME}"

    def clear(self) -> None:
        self.entries.clear()
        self.status = self.refuse_changes = 0
        self.server.seen.clear()

    def _answer(self, request: Request) -> Answer:
        if self.status:
            return self.status, b"no"
        if request.method == "REPORT":
            return 207, self._entries()
        if request.method == "PROPFIND":
            kind = '<D:collection/><C:calendar xmlns:C="urn:ietf:params:xml:ns:caldav"/>'
            return 207, _multistatus(_response(HOME, f"<D:resourcetype>{kind}</D:resourcetype>"))
        name = request.path.removeprefix(HOME)
        if self.refuse_changes and request.method in ("PUT", "DELETE"):
            return self.refuse_changes, b"no"
        if request.method == "PUT":
            if name in self.entries and request.headers.get("if-none-match") == "*":
                return 412, b""
            self.entries[name] = request.body.decode()
            return 201, b""
        if name not in self.entries:
            return 404, b""
        if request.method == "DELETE":
            del self.entries[name]
            return 204, b""
        return 200, self.entries[name].encode()

    def _entries(self) -> bytes:
        return _multistatus(
            *(
                _response(
                    HOME + name,
                    f"<D:getetag>{number}</D:getetag>"
                    f'<C:calendar-data xmlns:C="urn:ietf:params:xml:ns:caldav">'
                    f"{escape(text)}</C:calendar-data>",
                )
                for number, (name, text) in enumerate(self.entries.items())
            )
        )


def _response(href: str, properties: str) -> str:
    return (
        f"<D:response><D:href>{href}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )


def _multistatus(*responses: str) -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?><D:multistatus xmlns:D="DAV:">'
    return f"{head}{''.join(responses)}</D:multistatus>".encode()
