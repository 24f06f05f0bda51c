"""G.711 in tables: known values, both ways, and the nearest code for every sample."""

from __future__ import annotations

import pytest

from app.protocol import g711

LAWS = [(g711.MU_LAW, g711.MU_LAW_CODES), (g711.A_LAW, g711.A_LAW_CODES)]


def test_known_values() -> None:
    assert (g711.MU_LAW[0xFF], g711.MU_LAW[0x7F], g711.MU_LAW[0x00], g711.MU_LAW[0x80]) == (
        *(0, 0),
        *(-32124, 32124),
    )
    assert (g711.A_LAW[0xD5], g711.A_LAW[0x55], g711.A_LAW[0x2A]) == (8, -8, -32256)


@pytest.mark.parametrize(("values", "codes"), LAWS)
def test_each_code_comes_back_with_its_value(values: tuple[int, ...], codes: bytes) -> None:
    assert len(codes) == 65_536
    assert [values[codes[value + 32_768]] for value in values] == list(values)


@pytest.mark.parametrize(("values", "codes"), LAWS)
def test_every_sample_gets_the_nearest_code(values: tuple[int, ...], codes: bytes) -> None:
    for sample in range(-32_768, 32_768, 37):
        nearest = min(abs(value - sample) for value in values)
        assert abs(values[codes[sample + 32_768]] - sample) == nearest


def test_a_sample_beyond_full_scale_is_clipped() -> None:
    assert g711.mu_law(99_999) == g711.mu_law(32_767)
    assert g711.mu_law(-99_999) == g711.mu_law(-32_768)
