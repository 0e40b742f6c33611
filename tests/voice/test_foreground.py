"""The speaker stays, the hall in the pauses is turned down."""

import numpy as np
import pytest

from kiosk.domain.speech import Word
from kiosk.voice import foreground as module
from kiosk.voice.foreground import foreground, nearest, stands_out
from kiosk.voice.loudness import evened
from kiosk.voice.sound import FRAME_S, RATE_HZ

Sound = np.ndarray[tuple[int], np.dtype[np.float64]]


def syllables(seconds: float, loud: float, seed: int = 1) -> Sound:
    """Noise that swells four times a second, as speech does."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    swell = np.maximum(0.02, np.abs(np.sin(2 * np.pi * 2 * at)))
    return np.asarray(np.random.default_rng(seed).normal(0, loud, len(at)) * swell)


def pcm(*parts: Sound) -> bytes:
    return np.clip(np.concatenate(parts), -32768, 32767).astype("<i2").tobytes()


def loudness(sound: bytearray, begin_s: float, end_s: float) -> float:
    part = np.frombuffer(bytes(sound), "<i2")[round(begin_s * RATE_HZ) : round(end_s * RATE_HZ)]
    return float(np.sqrt(np.mean(part.astype(float) ** 2)))


HALL_DB = 12.0
HALL = 10 ** (-HALL_DB / 20)


def test_those_who_talk_in_the_pauses_are_turned_down() -> None:
    near = [syllables(1.5, 3000), syllables(1.5, 3000)]
    talk = syllables(6.5, 3000 * HALL, seed=2)
    said = np.concatenate([np.zeros(16000), near[0], np.zeros(24000), near[1], np.zeros(16000)])
    heard = foreground(pcm(said + talk))
    assert heard is not None
    start_s = heard.begin * FRAME_S
    assert 0.2 < start_s < 0.7, "the hall before the speech is cut off, but for a hiss"
    speech = loudness(heard.pcm, 1.0 - start_s, 2.5 - start_s)
    pause = loudness(heard.pcm, 3.0 - start_s, 3.5 - start_s)
    assert 20 * np.log10(speech / pause) > HALL_DB + 15


def test_nothing_of_speech_in_a_quiet_hall_is_turned_down() -> None:
    said = syllables(3, 3000)
    heard = foreground(pcm(np.zeros(8000), said, np.zeros(8000)))
    assert heard is not None
    before = np.abs(said).reshape(-1, 1600).mean(1)
    start = round((0.5 - heard.begin * FRAME_S) * RATE_HZ)
    after = np.frombuffer(bytes(heard.pcm), "<i2")[start : start + len(said)].astype(float)
    ratio = np.abs(after).reshape(-1, 1600).mean(1) / before
    assert ratio.max() / ratio.min() < 1.05


def test_over_a_loud_hum_all_is_kept() -> None:
    at = np.arange(4 * RATE_HZ) / RATE_HZ
    hum = 6000 * np.sin(2 * np.pi * 100 * at)
    heard = foreground(
        pcm(np.concatenate([np.zeros(16000), syllables(2, 2500), np.zeros(16000)]) + hum)
    )
    assert heard is not None
    assert heard.begin == 0
    assert heard.seconds == pytest.approx(4.0)


def test_who_speaks_in_the_moment_of_the_touch_gets_a_hall_around_it() -> None:
    quiet, said = np.zeros(16000), syllables(2, 3000)
    whole, cut = foreground(pcm(quiet, said, quiet)), foreground(pcm(said))
    assert whole is not None
    assert cut is not None
    assert cut.begin < 0
    assert cut.seconds > 2.4
    for heard in (whole, cut):
        start_s = (1.0 if heard is whole else 0.0) - heard.begin * FRAME_S
        assert loudness(heard.pcm, 0, 0.1) < 10
        assert loudness(heard.pcm, heard.seconds - 0.1, heard.seconds) < 10
        assert loudness(heard.pcm, start_s, start_s + 2) == pytest.approx(4100, rel=0.05)


def test_a_soft_word_without_a_pause_beside_it_is_no_hall() -> None:
    loud, soft = syllables(1, 3000), syllables(0.6, 3000 * 10 ** (-10 / 20))
    cut = foreground(pcm(loud, soft, loud))
    assert cut is not None
    start_s = 1.0 - cut.begin * FRAME_S
    beside = loudness(cut.pcm, start_s - 0.5, start_s) / loudness(cut.pcm, start_s, start_s + 0.5)
    assert 20 * np.log10(beside) == pytest.approx(10, abs=1)


@pytest.mark.parametrize(
    "nothing",
    [b"", b"\0", bytes(320), bytes(64000), pcm(np.full(32000, 900.0)),
     pcm(6000 * np.sin(np.arange(64000) / 5))],
)  # fmt: skip
def test_nobody_spoke(nothing: bytes) -> None:
    assert foreground(nothing) is None


def test_what_lay_between_the_recording_and_the_answer_is_wiped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    between: list[bytearray] = []

    def seen(sound: bytearray) -> bytearray:
        even = evened(sound)
        between.extend((sound, even))
        assert any(sound) and any(even)
        return even

    monkeypatch.setattr(module, "evened", seen)
    heard = foreground(pcm(np.zeros(16000), syllables(1.5, 3000), np.zeros(16000)))
    assert heard is not None and any(heard.pcm)
    assert len(between) == 2 and not any(map(any, between))


def test_the_recording_itself_is_not_changed() -> None:
    recording = pcm(np.zeros(8000), syllables(1, 3000), np.zeros(8000))
    before = bytes(recording)
    foreground(recording)
    assert recording == before


def word(start_s: float, end_s: float) -> Word:
    return Word("kata", start_s, end_s, 1.0)


@pytest.mark.parametrize(("over_db", "near"), [(0.0, False), (0.5, False), (3.0, True)])
def test_words_no_louder_than_the_rest_were_said_by_the_hall(over_db: float, near: bool) -> None:
    levels = [-30.0] * 500
    levels[100:200] = [-30.0 + over_db] * 100
    assert stands_out(levels, [word(1.0, 1.5), word(1.5, 2.0)]) is near


def test_words_that_fill_a_recording_must_be_as_short_as_words_are() -> None:
    levels = [-30.0] * 1000
    assert stands_out(levels, [word(at, at + 1.0) for at in range(10)])
    assert not stands_out(levels, [word(at, at + 2.5) for at in (0.0, 2.5, 5.0, 7.5)])


@pytest.mark.parametrize(("over_db", "near"), [(6.0, False), (13.0, True)])
def test_a_word_that_fills_a_recording_is_near_where_its_vowel_is(
    over_db: float, near: bool
) -> None:
    levels = [-30.0, -31.0] * 125
    levels[100:120] = [-30.0 + over_db] * 20
    assert stands_out(levels, [word(0.0, 2.5)]) is near


def test_without_words_there_is_nothing_to_doubt() -> None:
    assert stands_out([-30.0] * 100, [])


@pytest.mark.parametrize(
    ("hall_db", "second_db", "heard"),
    [(-32.0, -20.0, 2), (-32.0, -28.0, 1), (-32.0, -24.0, 2), (-60.0, -28.0, 2)],
)
def test_a_digit_as_faint_as_the_hall_is_nobodys(
    hall_db: float, second_db: float, heard: int
) -> None:
    """Faint digits of one who trails off in a quiet hall are theirs."""
    levels = [hall_db] * 500
    levels[100:200], levels[250:300] = [-20.0] * 100, [second_db] * 50
    said = [word(1.0, 2.0), word(2.5, 3.0)]
    assert nearest(levels, said) == said[:heard]


def test_a_faint_digit_in_a_quiet_hall_must_be_surely_heard() -> None:
    levels = [-60.0] * 500
    levels[100:200], levels[250:300] = [-20.0] * 100, [-28.0] * 50
    loud, sure = word(1.0, 2.0), word(2.5, 3.0)
    unsure = Word("kata", 2.5, 3.0, 0.9)
    assert nearest(levels, [loud, sure]) == [loud, sure]
    assert nearest(levels, [loud, unsure]) == [loud]
    assert nearest(levels, [Word("kata", 1.0, 2.0, 0.9), sure]) == [
        Word("kata", 1.0, 2.0, 0.9),
        sure,
    ]


def test_of_little_of_a_word_or_of_the_hall_nothing_is_concluded() -> None:
    levels = [-20.0] * 100 + [-30.0] * 400
    whole, end = word(0.0, 1.0), word(1.0, 1.2)
    assert nearest(levels, [whole, end]) == [whole, end]
    filled = [whole, word(1.0, 4.9)]
    assert nearest(levels, filled) == filled
    assert nearest(levels, []) == []
