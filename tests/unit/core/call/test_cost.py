"""Usage by modality to money, with figures worked out by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.agents import prices as price_file
from app.core.agent.definition import Budget
from app.core.call.cost import CostMeter, Tokens, read, tokens_of
from app.errors import SettingsError

DAY = date(2026, 11, 21)
USAGE: dict[str, Any] = {
    "total_tokens": 1760,
    "input_tokens": 1400,
    "output_tokens": 360,
    "input_token_details": {
        "text_tokens": 900,
        "audio_tokens": 500,
        "cached_tokens": 800,
        "cached_tokens_details": {"text_tokens": 600, "audio_tokens": 200},
    },
    "output_token_details": {"text_tokens": 60, "audio_tokens": 300},
}


def ledger(model: str = "gpt-realtime-2.1", **budget: float) -> CostMeter:
    return CostMeter(model, price_file.load().on(DAY), Budget(**budget))


def test_cost_of_one_response() -> None:
    book = ledger()
    # text 300 new x 4.00 + 600 cached x 0.40 + 60 out x 24.00, audio 300 x 32 + 200 x 0.40
    # + 300 x 64, per million tokens.
    by_hand = 300 * 4 + 600 * 0.4 + 60 * 24 + 300 * 32 + 200 * 0.4 + 300 * 64
    assert book.response(USAGE) == round(by_hand * 1000)
    assert book.usd == pytest.approx(by_hand / 1e6, abs=1e-12)
    assert book.as_json()["tokens"] == {
        "text": {"input": 900, "cached": 600, "output": 60},
        "audio": {"input": 500, "cached": 200, "output": 300},
    }
    assert book.as_json()["complete"]


def test_a_minute_of_talk_costs_what_the_guide_says() -> None:
    """User audio is a token per 100 ms, the agent's one per 50 ms."""
    heard, spoken = ledger(), ledger()
    heard.response({"input_tokens": 600, "input_token_details": {"audio_tokens": 600}})
    spoken.response({"output_tokens": 1200, "output_token_details": {"audio_tokens": 1200}})
    assert heard.usd == pytest.approx(0.0192)
    assert spoken.usd == pytest.approx(0.0768)
    mini = ledger("gpt-realtime-2.1-mini")
    mini.response({"output_tokens": 1200, "output_token_details": {"audio_tokens": 1200}})
    assert mini.usd == pytest.approx(0.024)


def test_transcription_is_charged_by_time() -> None:
    book = ledger()
    book.transcription("gpt-transcribe", {"type": "duration", "seconds": 60}, 3.0)
    assert book.usd == pytest.approx(0.0045)
    book.transcription("gpt-transcribe", {}, 30.0)
    assert book.usd == pytest.approx(0.00675)
    assert book.transcribed_s == 90


def test_a_date_in_the_name_does_not_matter() -> None:
    book = ledger("gpt-realtime-2.1-2026-07-09")
    book.response(USAGE)
    assert book.nano > 0
    assert not book.unpriced


def test_what_has_no_price_is_counted_and_said() -> None:
    book = ledger("some-local-model")
    assert book.response(USAGE) == 0
    book.transcription("someone-else", {}, 5.0)
    assert book.unpriced
    assert book.as_json()["complete"] is False
    assert book.as_json()["tokens"]["audio"]["output"] == 300


def test_totals_without_details_are_text() -> None:
    tokens = tokens_of({"input_tokens": 10, "output_tokens": 5})
    assert tokens["text"] == Tokens(10, 0, 5)
    assert tokens["audio"] == Tokens()


def test_reasoning_is_charged_as_text() -> None:
    tokens = tokens_of(
        {"output_tokens": 100, "output_token_details": {"audio_tokens": 40, "text_tokens": 10}}
    )
    assert tokens["text"].output == 60


ODD = st.one_of(
    st.none(), st.integers(-5, 5), st.text(max_size=3), st.booleans(), st.lists(st.integers())
)


@given(
    st.dictionaries(
        st.sampled_from(["input_tokens", "output_tokens", "input_token_details"]),
        ODD | st.dictionaries(st.sampled_from(["audio_tokens", "cached_tokens_details"]), ODD),
    )
)
def test_odd_usage_never_crashes_and_never_costs_less_than_nothing(usage: dict[str, Any]) -> None:
    assert ledger().response(usage) >= 0


def test_budget_warns_once_then_ends_once() -> None:
    book = ledger(warn_usd=0.03, end_usd=0.08)
    alarms = []
    for _ in range(5):
        book.response(USAGE)
        alarms.append(book.alarm())
    assert alarms == ["warn", None, "end", None, None]
    assert book.usd > 0.08


def test_a_jump_over_both_limits_ends() -> None:
    book = ledger(warn_usd=0.001, end_usd=0.002)
    book.response(USAGE)
    assert book.alarm() == "end"
    assert book.alarm() is None


def test_no_budget_no_alarm() -> None:
    book = ledger()
    book.response(USAGE)
    assert book.alarm() is None


def test_counting_goes_on_in_another_process() -> None:
    book, other = ledger(warn_usd=0.01), ledger(warn_usd=0.01)
    book.response(USAGE)
    assert book.alarm() == "warn"
    other.restore(book.to_state())
    assert other.as_json() == book.as_json()
    assert other.alarm() is None


def table(since: str, price: object = 1.0) -> dict[str, Any]:
    return {"from": date.fromisoformat(since), "per_million": {"m": {"text": [price, 0, 1]}}}


def test_the_table_of_the_day_is_used() -> None:
    prices = read({"tables": [table("2026-07-01", 2), table("2026-01-01")]})
    assert prices.on(date(2026, 6, 30)).models["m"]["text"].input == 1000
    assert prices.on(date(2026, 7, 1)).models["m"]["text"].input == 2000
    assert prices.on(date(2020, 1, 1)).since == date(2026, 1, 1)


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"tables": []},
        {"tables": [{"from": "soon", "per_million": {}}]},
        {"tables": [table("2026-01-01", -1)]},
        {"tables": [table("2026-01-01", "free")]},
        {"tables": [{"from": date(2026, 1, 1), "per_million": {"m": {"text": [1, 2]}}}]},
    ],
)
def test_malformed_tables_are_refused(document: Any) -> None:
    with pytest.raises(SettingsError):
        read(document)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        price_file.load(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("tables: [")
    with pytest.raises(SettingsError):
        price_file.load(tmp_path / "bad.yaml")
