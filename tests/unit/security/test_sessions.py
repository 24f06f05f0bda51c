"""A signed-in browser's cookie: made by the admin token, for some hours, for nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.security import sessions

SECRET, NONCE, NOW = "admin-secret", "nonce_0123456789", 1_795_300_000.5


def test_a_cookie_stands_for_its_session_for_some_hours() -> None:
    cookie = sessions.begin(SECRET, nonce=NONCE, now_s=NOW)
    assert sessions.nonce_of(cookie, SECRET, now_s=NOW) == NONCE
    assert sessions.nonce_of(cookie, SECRET, now_s=NOW + sessions.VALID_S - 1) == NONCE
    assert sessions.nonce_of(cookie, SECRET, now_s=NOW + sessions.VALID_S + 1) is None
    assert sessions.nonce_of(cookie, SECRET, now_s=NOW - 2 * sessions.AHEAD_S) is None


def test_another_admin_token_signs_everybody_out() -> None:
    cookie = sessions.begin(SECRET, nonce=NONCE, now_s=NOW)
    assert sessions.nonce_of(cookie, "another", now_s=NOW) is None
    assert sessions.nonce_of(cookie, "", now_s=NOW) is None


@given(st.text(max_size=80))
def test_no_text_is_a_session(text: str) -> None:
    assert sessions.nonce_of(text, SECRET, now_s=NOW) is None


def test_a_forms_token_is_its_sessions() -> None:
    token = sessions.form_token(NONCE, SECRET)
    assert token == sessions.form_token(NONCE, SECRET)
    assert token != sessions.form_token("another", SECRET)
    assert token != sessions.form_token(NONCE, "another")


def test_a_cookie_of_a_businesss_token_names_it() -> None:
    cookie = sessions.begin("digest", nonce=NONCE, now_s=NOW, token_id="0123456789ab")
    assert sessions.token_id_of(cookie) == "0123456789ab"
    assert sessions.nonce_of(cookie, "digest", now_s=NOW) == NONCE
    assert sessions.nonce_of(cookie, SECRET, now_s=NOW) is None
    assert sessions.token_id_of(sessions.begin(SECRET, nonce=NONCE, now_s=NOW)) == ""
