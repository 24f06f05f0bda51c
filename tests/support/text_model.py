"""A local server of the Chat Completions form that plays a text model: well, badly, late, away."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


class TextModel:
    """Answers every question with `opinion` (JSON, or a text as it is, or what a function of the
    question's body gives), after `delay_s` seconds, with `status`. `questions` are the bodies that
    came."""

    def __init__(self, opinion: Any = None) -> None:
        self.questions: list[dict[str, Any]] = []
        self.opinion = opinion
        self.status = 200
        self.delay_s = 0.0
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                model.questions.append(orjson.loads(raw))
                time.sleep(model.delay_s)
                body = model.answer(model.questions[-1])
                self.send_response(model.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    return  # the client's patience ended

            def log_message(self, *_: object) -> None:
                """No lines."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def answer(self, question: dict[str, Any]) -> bytes:
        """The body of an answer."""
        content = self.opinion(question) if callable(self.opinion) else self.opinion
        if not isinstance(content, str):
            content = orjson.dumps(content).decode()
        message = {"role": "assistant", "content": content}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        about = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
        used = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        return orjson.dumps({**about, "choices": [choice], "usage": used})

    def stop(self) -> None:
        """End it."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
