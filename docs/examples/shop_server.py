"""A shop's backend for the agent in app/agents/shop.yaml, with nothing but the standard library.

    python docs/examples/shop_server.py --port 8790

It shows what a backend of HTTP tools does: a look-up by path, and a write that happens once for one
``Idempotency-Key``. Orders are kept in memory.
"""

from __future__ import annotations

import argparse
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

ORDERS = {
    "1042": {"status": "on its way", "arrives": "on Monday"},
    "1043": {"status": "being packed", "arrives": "in three days"},
}


class Shop(BaseHTTPRequestHandler):
    """Answers requests; what was taken back is kept for all of them."""

    protocol_version = "HTTP/1.1"
    returns: ClassVar[dict[str, dict[str, Any]]] = {}
    lock = threading.Lock()

    def do_GET(self) -> None:
        """An order by its number."""
        number = self.path.rpartition("/")[2]
        if self.path.startswith("/orders/") and number in ORDERS:
            self._answer(200, {"order_id": number, **ORDERS[number]})
        else:
            self._answer(404, {"message": f"There is no order {number}."})

    def do_POST(self) -> None:
        """Take an order back: the same key again gets the same return."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            given = json.loads(body)
            number, reason = str(given["order_id"]), str(given["reason"])
        except (ValueError, KeyError, TypeError):
            self._answer(400, {"message": "order_id and reason are needed."})
            return
        if self.path != "/returns" or number not in ORDERS:
            self._answer(404, {"message": f"There is no order {number}."})
            return
        key = self.headers.get("Idempotency-Key") or number
        with self.lock:
            made = {"return_id": f"R{len(self.returns) + 1}", "order_id": number, "reason": reason}
            answer = self.returns.setdefault(key, made)
        self._answer(201, answer)

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8790)
    port = parser.parse_args().port
    with ThreadingHTTPServer(("127.0.0.1", port), Shop) as server:
        print(f"The shop listens on 127.0.0.1:{server.server_address[1]}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
