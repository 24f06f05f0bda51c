"""A business's token: its id can be read, what is kept of it opens nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security import business_tokens

ID, SECRET = "0123456789ab", "s" * 43


def test_a_token_has_its_id_in_it() -> None:
    token = business_tokens.compose_token(ID, SECRET)
    assert business_tokens.read_id(token) == ID
    digest = business_tokens.digest_of(token)
    assert SECRET not in digest
    assert business_tokens.fits(token, digest)
    assert not business_tokens.fits(business_tokens.compose_token(ID, "t" * 43), digest)
    assert not business_tokens.fits(digest, digest)


@pytest.mark.parametrize(("token_id", "secret"), [("", SECRET), ("XYZ", SECRET), (ID, "short")])
def test_another_form_is_refused(token_id: str, secret: str) -> None:
    with pytest.raises(ValueError, match="12 hex digits"):
        business_tokens.compose_token(token_id, secret)


@given(st.text(max_size=80))
def test_no_other_text_is_a_token(text: str) -> None:
    assert business_tokens.read_id(text) is None
