"""Tokens fit what they were minted for and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security import tokens

SECRET, NONCE, NOW = "s3cret-value", "nonce_0123456789", 1_795_300_000


def mint(**changes: object) -> str:
    given = {"purpose": "socket", "expires_s": NOW + 60, "nonce": NONCE, "call_id": "call_1"}
    return tokens.mint(SECRET, **{**given, **changes})  # type: ignore[arg-type]


def check(token: str, **changes: object) -> tokens.Token | None:
    given = {"purpose": "socket", "call_id": "call_1", "now_s": NOW}
    secrets = changes.pop("secrets", [SECRET])
    return tokens.check(token, secrets, **{**given, **changes})  # type: ignore[arg-type]


def test_a_token_opens_its_own_call() -> None:
    assert check(mint()) == tokens.Token(NONCE, NOW + 60, bound=True)


def test_a_token_is_safe_in_a_url_path() -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]+", mint())


def test_a_token_for_another_call_purpose_or_secret_is_refused() -> None:
    token = mint()
    assert check(token, call_id="call_2") is None
    assert check(token, purpose="media") is None
    assert check(token, secrets=["other"]) is None
    assert check(token, secrets=[""]) is None
    assert check(token, secrets=[]) is None


def test_a_lapsed_token_is_refused() -> None:
    assert check(mint(), now_s=NOW + 60) is not None
    assert check(mint(), now_s=NOW + 60.5) is None


def test_a_token_minted_before_the_id_is_known_fits_any_call_and_says_so() -> None:
    token = mint(call_id=None)
    for call_id in ("call_1", "call_2"):
        found = check(token, call_id=call_id)
        assert found is not None
        assert not found.bound
        assert found.nonce == NONCE


def test_an_open_token_cannot_be_made_a_bound_one_or_the_reverse() -> None:
    assert check("c" + mint(call_id=None)[1:]) is None
    assert check("f" + mint()[1:]) is None


def test_secrets_rotate() -> None:
    assert check(mint(), secrets=["new", SECRET]) is not None


@given(place=st.integers(0, 90), letter=st.characters())
def test_no_changed_letter_is_accepted(place: int, letter: str) -> None:
    token = mint()
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]
    assert (check(changed) is not None) == (changed == token)


@given(st.text(max_size=100))
def test_no_text_raises(text: str) -> None:
    assert check(text) is None


@pytest.mark.parametrize("changes", [{"nonce": "short"}, {"nonce": "has/slash/in"}, {"nonce": ""}])
def test_a_bad_nonce_is_an_error(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="nonce"):
        mint(**changes)


def test_a_blank_secret_is_an_error() -> None:
    with pytest.raises(ValueError, match="secret"):
        tokens.mint("", purpose="socket", expires_s=NOW, nonce=NONCE)


def test_same() -> None:
    assert tokens.same("abc", "abc")
    assert not tokens.same("abc", "abd")
    assert not tokens.same("", "")
    assert not tokens.same(None, "abc")
    assert not tokens.same("\ud800", "abc")


def test_tokens_of_the_deploy_before_are_still_read() -> None:
    head = mint().rpartition(".")[0]
    made = f"{head}.{tokens._mac(SECRET, 'socket', head, 'call_1')}"
    found = check(made)
    assert found is not None
    assert (found.nonce, found.bound) == (NONCE, True)
    assert check(made, call_id="call_2") is None
    assert check(made[:-1] + ("A" if made[-1] != "A" else "B")) is None
