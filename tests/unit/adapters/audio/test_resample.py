"""Resampling, measured with tones and noise: what comes out is what went in, and nothing else."""

from __future__ import annotations

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from app.adapters.audio.resample import (
    Downsampler,
    PcmCodec,
    Upsampler,
    from_mulaw,
    to_mulaw,
)

Floats = NDArray[np.float64]


def sine(frequency: float, rate: int, seconds: float = 1.0, amplitude: float = 8000) -> Floats:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


def level(samples: Floats, frequency: float, rate: int) -> float:
    """Amplitude of one frequency in the samples."""
    n = np.arange(len(samples))
    window = np.hanning(len(samples))
    return float(
        2
        * abs(np.sum(samples * window * np.exp(-2j * np.pi * frequency * n / rate)))
        / window.sum()
    )


def db(ratio: float) -> float:
    return 20 * float(np.log10(max(ratio, 1e-9)))


def pieces(data: bytes, seed: int) -> list[bytes]:
    rng, out, at = random.Random(seed), [], 0
    while at < len(data):
        size = rng.choice([1, 2, 3, 159, 160, 480, 1000, 4801])
        out.append(data[at : at + size])
        at += size
    return out


def up(audio: bytes, seed: int = 1) -> Floats:
    converter = Upsampler()
    data = b"".join(converter.convert(piece) for piece in pieces(audio, seed))
    return np.frombuffer(data, dtype="<i2").astype(np.float64)


def down(samples: Floats, seed: int = 1) -> Floats:
    converter = Downsampler()
    raw = samples.astype("<i2").tobytes()
    data = b"".join(converter.convert(piece) for piece in pieces(raw, seed))
    data += converter.convert(b"", last=True)
    return from_mulaw(data).astype(np.float64)


def test_mulaw_is_the_standard_one() -> None:
    table = from_mulaw(bytes(range(256)))
    assert table[0xFF] == table[0x7F] == 0
    assert (table[0x00], table[0x80]) == (-32124, 32124)
    assert (table[0xF0], table[0x70]) == (120, -120)
    for sample in range(-32768, 32768, 7):
        code = to_mulaw(np.array([sample], dtype=np.int16))[0]
        error = abs(int(table[code]) - sample)
        assert error <= max(4, abs(sample) // 16 + 1, 32768 - 32124 if abs(sample) > 32000 else 0)


@pytest.mark.parametrize("frequency", [300, 440, 1000, 2000, 3000, 3400])
def test_tones_of_the_telephone_band_pass_upwards(frequency: int) -> None:
    out = up(to_mulaw(sine(frequency, 8000).astype(np.int16)))[2400:-2400]
    assert abs(db(level(out, frequency, 24_000) / 8000)) < 1.0
    for image in (8000 - frequency, 8000 + frequency):
        assert db(level(out, image, 24_000) / 8000) < -40, "an image of the tone is heard"


@pytest.mark.parametrize("frequency", [300, 440, 1000, 2000, 3000, 3400])
def test_tones_of_the_telephone_band_pass_downwards(frequency: int) -> None:
    out = down(sine(frequency, 24_000))[800:-800]
    assert abs(db(level(out, frequency, 8000) / 8000)) < 1.0


@pytest.mark.parametrize("frequency", [5000, 6000, 7000, 9000, 11_000])
def test_what_the_telephone_cannot_carry_does_not_fold_back(frequency: int) -> None:
    out = down(sine(frequency, 24_000))[800:-800]
    alias = abs(frequency - 8000 * round(frequency / 8000))
    assert db(level(out, alias, 8000) / 8000) < -40
    assert db(float(np.sqrt(np.mean(out**2))) / 5657) < -38


def test_noise_keeps_its_power_in_the_band_and_loses_the_rest() -> None:
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 3000, 24_000 * 4)
    out = down(noise)
    spectrum = np.abs(np.fft.rfft(out[: 8000 * 3])) ** 2
    frequencies = np.fft.rfftfreq(8000 * 3, 1 / 8000)
    kept = spectrum[(frequencies > 300) & (frequencies < 3200)].mean()
    edge = spectrum[frequencies > 3950].mean()
    # White noise of this power has the same density at any sample rate.
    wanted = 3000**2 / 3 * 8000 * 3
    assert abs(db(float(np.sqrt(kept / wanted)))) < 1.0
    assert edge < kept / 4


def test_there_and_back_is_the_same_sound() -> None:
    original = sine(700, 8000, 1.0) * 0.5 + sine(1900, 8000, 1.0) * 0.3
    coded = to_mulaw(original.astype(np.int16))
    back = down(up(coded))
    best = max(
        float(np.corrcoef(original[1000:6000], back[1000 + shift : 6000 + shift])[0, 1])
        for shift in range(-400, 400)
        if 1000 + shift >= 0 and 6000 + shift <= len(back)
    )
    assert best > 0.995


def test_streams_do_not_depend_on_how_they_are_cut() -> None:
    samples = sine(500, 24_000, 0.5)
    # soxr dithers its 16 bit output: a sample may fall into the neighbouring mu-law step.
    assert np.abs(down(samples, 1) - down(samples, 2)).max() <= 256
    coded = to_mulaw(sine(500, 8000, 0.5).astype(np.int16))
    first, second = up(coded, 1), up(coded, 2)
    shorter = min(len(first), len(second))
    assert np.abs(first[:shorter] - second[:shorter]).max() <= 2


def test_an_item_keeps_its_length() -> None:
    codec = PcmCodec()
    raw = sine(500, 24_000, 1.0).astype("<i2").tobytes()
    out = b"".join(codec.down("a", piece) for piece in pieces(raw, 3)) + codec.end("a")
    assert abs(len(out) - 8000) <= 2
    assert codec.end("a") == b""


def test_items_do_not_mix() -> None:
    codec = PcmCodec()
    loud = sine(500, 24_000, 0.5).astype("<i2").tobytes()
    silent = bytes(len(loud))
    out = b""
    for at in range(0, len(loud), 4800):
        codec.down("loud", loud[at : at + 4800])
        out += codec.down("silent", silent[at : at + 4800])
    assert np.abs(from_mulaw(out)).max() == 0


def test_delay_is_short() -> None:
    """The caller's voice reaches the model at most 40 ms late."""
    out = up(to_mulaw(sine(440, 8000, 1.0).astype(np.int16)))
    assert 24_000 - len(out) <= 0.040 * 24_000
