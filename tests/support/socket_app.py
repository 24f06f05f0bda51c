"""A small application with one socket route per behaviour, served by the product's gunicorn."""

from __future__ import annotations

import os
from types import SimpleNamespace

import gevent
from flask import Flask, Response, jsonify

from app import logs
from app.bridges.drain import Drain
from app.bridges.socket import Connection, Sock
from app.errors import AppError, Forbidden

logs.setup("INFO")
app = Flask(__name__)
app.config["SOCK_SERVER_OPTIONS"] = {
    "max_frame": 4096,
    "max_queued": 64_000_000,
    "ping_interval": float(os.environ.get("TEST_PING_INTERVAL", "20")),
}
drain = Drain(limit_s=float(os.environ.get("TEST_DRAIN_S", "5")))
follower = SimpleNamespace(start=lambda: None, reread=lambda: None)
app.extensions["services"] = SimpleNamespace(
    drain=drain, agent_desk=SimpleNamespace(follower=follower)
)
sock = Sock()
last: dict[str, object] = {}


@app.errorhandler(AppError)
def app_error(error: AppError) -> tuple[Response, int]:
    return jsonify(error.as_json()), error.status


@sock.route("/echo")
def echo(ws: Connection) -> None:
    while (message := ws.receive()) is not None:
        if isinstance(message, str):
            ws.send(message)
        else:
            ws.send_binary(message)
    last.update(code=ws.close_code, gone=ws.peer_gone)


@sock.route("/guarded/<token>")
def guarded(ws: Connection, token: str) -> None:
    if token != "right":
        raise Forbidden("wrong token")
    ws.send("welcome")
    ws.receive()


@sock.route("/flood/<int:count>/<int:size>")
def flood(ws: Connection, count: int, size: int) -> None:
    """Send `count` numbered messages without ever waiting, then say so."""
    for number in range(count):
        if not ws.send(f"{number}:" + chr(97 + number % 26) * size):
            break
    ws.send("done")
    ws.receive()
    last.update(code=ws.close_code, gone=ws.peer_gone)


@sock.route("/two-senders/<int:count>")
def two_senders(ws: Connection, count: int) -> None:
    def sender(name: str) -> None:
        for number in range(count):
            ws.send(f"{name}{number}:" + name * 3000)
            if number % 7 == 0:
                gevent.sleep(0)

    ws.accept()
    gevent.joinall([gevent.spawn(sender, name) for name in "ab"])
    ws.send("done")
    ws.receive()


@sock.route("/fails")
def fails(ws: Connection) -> None:
    ws.send("so far so good")
    raise RuntimeError("a bug")


@sock.route("/closes/<int:code>")
def closes(ws: Connection, code: int) -> None:
    ws.send("bye")
    ws.close(code, "as asked")


@sock.route("/aborts")
def aborts(ws: Connection) -> None:
    ws.send("last words")
    ws.abort()


@sock.route("/sleeps/<float:seconds>")
def sleeps(ws: Connection, seconds: float) -> None:
    """A handler that does not read for a while, then counts what there is."""
    ws.accept()
    gevent.sleep(seconds)
    count = 0
    while (message := ws.receive()) is not None:
        count += 1
        if message == "end":
            ws.send(str(count))


@sock.route("/drained/<float:seconds>")
def drained(ws: Connection, seconds: float) -> None:
    """A call whose turn takes `seconds` to finish when draining."""

    def finish(limit: float) -> None:
        gevent.sleep(seconds)
        ws.send(f"last words, {limit:.0f} s")

    with drain.call(ws, finish):
        ws.send("hello")
        while ws.receive() is not None:
            pass


@app.get("/last")
def last_end() -> Response:
    return jsonify({**last, "live": drain.live, "draining": drain.draining})


app.register_blueprint(sock._own_blueprint())
