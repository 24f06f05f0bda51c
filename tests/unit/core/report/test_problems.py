"""What stands out in a call, by its story and by Retell's reason."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.report.problems import REASONS, problems

#: Every reason that Retell's SDK names (5.60.0).
KNOWN = """
user_hangup agent_hangup user_requested_dnc user_requested_callback call_transfer voicemail_reached
ivr_reached inactivity max_duration_reached concurrency_limit_reached no_concurrency_fallback
no_valid_payment credit_exhausted budget_reached scam_detected dial_busy dial_failed dial_no_answer
invalid_destination telephony_provider_permission_denied telephony_provider_unavailable
sip_routing_error marked_as_spam network_blocked user_declined error_llm_websocket_open
error_llm_websocket_lost_connection error_llm_websocket_runtime error_llm_websocket_corrupt_payload
error_no_audio_received error_asr error_retell error_unknown error_user_not_joined
registered_call_timeout transfer_bridged transfer_cancelled manual_stopped call_take_over
""".split()
FINE = {"user_hangup", "agent_hangup", "call_transfer", "voicemail_reached", "manual_stopped"}


def story(**fields: Any) -> dict[str, Any]:
    turn = {"response_id": 1, "first_ms": 200.0, "ended": "answered"}
    return {"status": "ended", "ended_at": 9.0, "fence": 1, "turns": [turn], **fields}


def told(**fields: Any) -> str:
    return "\n".join(f"{one.what} | {one.cure}" for one in problems(story(**fields)))


def test_a_good_call_has_nothing_to_explain() -> None:
    assert problems(story(disconnection_reason="user_hangup")) == []


@pytest.mark.parametrize("reason", KNOWN)
def test_every_reason_is_explained_or_is_nothing_to_explain(reason: str) -> None:
    found = problems(story(disconnection_reason=reason))
    assert len(found) == (1 if reason in REASONS else 0)
    assert all(reason in one.what for one in found)


def test_reasons_that_are_fine_are_not_problems() -> None:
    assert not FINE & set(REASONS)
    assert set(REASONS) <= set(KNOWN)


def test_a_reason_that_is_new_is_told_as_it_is() -> None:
    assert "Retell ended the call by error_of_tomorrow." in told(
        disconnection_reason="error_of_tomorrow"
    )
    assert "ended the call by robots. | the call in Retell's" in told(disconnection_reason="robots")


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"turns": []}, "nobody asked for an answer: the caller was silent or left."),
        ({"turns": [], "fence": None, "status": "ongoing", "ended_at": None}, ""),
        ({"turns": [{"response_id": 4, "first_ms": None, "ended": "failed"}]}, "to request 4."),
        ({"turns": [{"response_id": 4, "first_ms": None, "ended": "superseded"}]}, ""),
        ({"turns": [{"response_id": 2, "first_ms": 7000.0}]}, "nothing for 7.0 s (turn 2)"),
        ({"turns": [{"response_id": 2, "first_ms": 1600.0}]}, "1 of 1 answers began later"),
        ({"events": [{"kind": "gave_up"}]}, "no answer in all attempts"),
        ({"tool_calls": [{"tool": "book", "state": "failed", "error": "x"}]}, "book failed: x"),
        ({"tool_calls": [{"tool": "book", "state": "running"}]}, "book never ended"),
        ({"pending_action": "transfer", "disconnection_reason": "user_hangup"}, "transferred, but"),
        ({"lapsed": True}, "Nobody told the end"),
        ({"record_full": True}, "reached its bound"),
        ({"refused": "3 of 3 calls", "turns": []}, "refused: 3 of 3 calls."),
    ],
)
def test_what_stands_out(fields: dict[str, Any], what: str) -> None:
    found = told(**fields)
    assert (what in found) if what else found == ""


def test_a_call_known_by_webhooks_alone_is_odd_only_if_nobody_spoke() -> None:
    silent = {"status": "ended", "ended_at": 9.0}
    assert "No socket of this call" in problems(silent)[0].what
    assert problems({**silent, "transcript": [{"role": "user", "content": "Hi"}]}) == []


def test_tools_of_a_call_that_goes_on_may_run() -> None:
    going = story(status="ongoing", ended_at=None, tool_calls=[{"tool": "b", "state": "running"}])
    assert problems(going) == []
