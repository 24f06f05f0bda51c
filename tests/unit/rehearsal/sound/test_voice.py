from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.rehearsal.sound import pcm
from app.rehearsal.sound.spoken import RATES, Request, sentences
from app.rehearsal.sound.voice import Voice

FORMATS = ["audio/pcm", "audio/pcmu", "audio/pcma"]
HAS_ESPEAK = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="no espeak-ng here")


def request(text: str = "Good morning.", name: str = "audio/pcmu", speed: float = 1.0) -> Request:
    return Request(None, text, name, "marin", speed)


@pytest.mark.parametrize("name", FORMATS)
def test_tones_are_as_long_as_the_words_whatever_the_format(name: str) -> None:
    audio = Voice("tones").speak(request("four", name))
    milliseconds = len(audio) / RATES[name]
    assert milliseconds == pytest.approx(4 * 55 + 50, abs=1)
    assert len(audio) % RATES[name] == 0
    assert pcm.power(audio, name) > 1e6


def test_speed_shortens() -> None:
    voice = Voice("tones")
    assert len(voice.speak(request(speed=1.5))) < len(voice.speak(request(speed=1.0)))


def test_nothing_to_say_is_a_short_silence() -> None:
    audio = Voice("tones").speak(request(""))
    assert 0 < len(audio) <= 8 * 100
    assert pcm.power(audio, "audio/pcmu") == 0


@HAS_ESPEAK
@pytest.mark.parametrize("name", FORMATS)
def test_espeak_speaks(name: str) -> None:
    voice = Voice("espeak")
    assert voice.cached(request(name=name)) is None
    audio = voice.speak(request(name=name))
    assert 400 < len(audio) / RATES[name] < 3000
    assert pcm.power(audio, name) > 1e5
    assert voice.cached(request(name=name)) == audio


@HAS_ESPEAK
def test_a_text_is_no_command_line() -> None:
    assert Voice("espeak").speak(request("-w /nowhere; $(true) --version"))


def test_a_broken_espeak_is_replaced_by_tones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "espeak-ng"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Voice().speak(request()) == Voice("tones").speak(request())


def test_without_espeak_it_must_not_be_demanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="espeak-ng"):
        Voice("espeak")


@pytest.mark.parametrize(
    "text", ["One. Two? Three!", "no end", "", "  spaced.  out ", "3.30 is fine. Yes."]
)
def test_sentences_lose_nothing(text: str) -> None:
    assert "".join(sentences(text)).rstrip() == text.rstrip()


def test_sentences_end_where_people_pause() -> None:
    assert sentences("It is 3.30 now. Good?") == ["It is 3.30 now.", " Good?"]
