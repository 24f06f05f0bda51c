"""What `python -m app webhook` would send, without sending it."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.cli import webhook
from app.errors import AppError
from app.rehearsal.webhook_samples import SAMPLES
from app.security import signatures


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    webhook.add_arguments(parser)
    return parser.parse_args(words)


def payload(*words: str) -> Any:
    return webhook.payload(arguments(*words))


@pytest.mark.parametrize("event", sorted(SAMPLES))
def test_every_event_has_a_new_id_each_time(event: str) -> None:
    assert orjson.dumps(payload(event)) != orjson.dumps(payload(event))
    assert b"mine" in orjson.dumps(payload(event, "--id", "mine"))


def test_words_and_fields_can_be_set() -> None:
    body = payload("transcript", "--id", "s-1", "--text", "Book it", "--partial")
    assert body == {
        "event": "transcript", "sessionId": "s-1", "transcript": "Book it", "isFinal": False,
    }  # fmt: skip
    body = payload("call_ended", "--set", "duration_ms=5", "--set", "call_status=error")
    assert (body["call"]["duration_ms"], body["call"]["call_status"]) == (5, "error")
    with pytest.raises(AppError, match="NAME=VALUE"):
        payload("call_ended", "--set", "nonsense")


def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text('{"event": "call_dreamed"}')
    assert payload(str(file)) == {"event": "call_dreamed"}
    with pytest.raises(AppError, match="unknown event"):
        payload(str(tmp_path / "nothing.json"))


@pytest.mark.parametrize(
    ("event", "base", "wanted"),
    [
        ("call_ended", "http://127.0.0.1:8080", "http://127.0.0.1:8080/webhook/retell"),
        ("call_ended", "https://x.example/", "https://x.example/webhook/retell"),
        ("call_inbound", "http://h:1", "http://h:1/webhook/retell/inbound"),
        ("call_ended", "http://h:1/other/path", "http://h:1/other/path"),
    ],
)
def test_where_it_goes(event: str, base: str, wanted: str) -> None:
    assert webhook.target(event, base) == wanted


def test_an_address_without_a_scheme_is_an_error() -> None:
    with pytest.raises(AppError, match="http"):
        webhook.target("call_ended", "localhost:8080")


def test_the_curl_line_holds_exactly_the_bytes_that_were_signed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETELL_API_KEY", "key_mine")
    args = arguments("transcript", "--text", 'I\'d like "ten" & $HOME', "--dry")
    assert webhook.run(args) == 0
    words = shlex.split(capsys.readouterr().out)
    body = words[words.index("--data-binary") + 1].encode()
    headers = [words[place + 1] for place, word in enumerate(words) if word == "-H"]
    signature = next(h for h in headers if h.startswith(signatures.HEADER)).split(": ")[1]
    at_ms = int(signature[2:].split(",")[0])
    assert signatures.verify(body, signature, ["key_mine"], at_ms)


def test_nobody_there(free_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AppError, match="no answer"):
        webhook.run(arguments("call_ended", "--url", f"http://127.0.0.1:{free_port}"))
    assert "curl" in capsys.readouterr().out


def test_production_without_a_key_cannot_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "OPENAI_API_KEY", "SOCKET_TOKEN", "ADMIN_TOKEN"):
        monkeypatch.setenv(name, "redis://x")
    monkeypatch.setenv("APP_ENV", "production")
    monkeypatch.delenv("RETELL_API_KEY", raising=False)
    with pytest.raises(AppError, match="RETELL_API_KEY"):
        webhook.run(arguments("call_ended", "--dry"))
