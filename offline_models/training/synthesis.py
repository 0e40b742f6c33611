"""Synthetic speech for what nobody recorded: every sentence and word the kiosk should understand.

    python -m offline_models.training.synthesis --work DIR [--text DIR] [--passes N]

Each pass says all sentences once, every one in another voice, pitch and speed: eSpeak NG's
Indonesian and Malay with its variants, and, for a part, Flite's four voices given Indonesian sounds
in their nearest English ones. Abbreviations, and a third of the sentences altogether, are said by a
drawn reading of our own lexicon. Writes DIR/corpora/synthetic-*.{i16,tsv}; a pass that is there
stays. What held_out.tsv lists, and its voices, are left out.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import soxr

from offline_models.training import text
from offline_models.training.held_out import PITCH_RANGES, RATES_WPM, VARIANTS, held_out
from offline_models.training.lexicon import is_abbreviation, pronunciations
from offline_models.training.phones import PHONE_ID
from offline_models.training.recordings import RATE_HZ, Clip, Samples, read_audio, write_corpus
from offline_models.training.spoken import DIGIT_WORDS, spoken
from offline_models.training.words import SAID

WORDS_MAX = 16  # longer sentences are cut: nobody says more to a kiosk in one breath
DIGIT_GROUPS = 1500
WORD_ROWS = 5000  # rows of words without a sentence, so that each word is said
FLITE_SHARE = 0.12
STOPS_MOST = 20  # of eSpeak NG in one pass: more is no accident
OWN_READING = 0.33  # share of sentences said by the lexicon's sounds, not eSpeak's rules
ESPEAK_VARIANTS = tuple(
    variant
    for variant in (
        *("", "Alex", "Alicia", "Andrea", "Andy", "Annie", "Denis", "Diogo", "Gene", "Gene2"),
        *("Henrique", "Hugo", "Jacky", "Lee", "Marco", "Mario", "Michael", "Mike", "Nguyen"),
        *("RicishayMax", "RicishayMax2", "RicishayMax3", "Storm", "adam", "anika", "antonio"),
        *("aunty", "belinda", "benjamin", "boris", "caleb", "croak", "david", "ed", "edward"),
        *("edward2", "f1", "f2", "f3", "f4", "f5", "grandma", "grandpa", "gustave", "iven"),
        *("iven2", "iven3", "iven4", "john", "kaukovalta", "klatt", "klatt2", "klatt3", "linda"),
        *("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "marcelo", "max", "michel", "miguel"),
        *("norbert", "pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby"),
        *("steph", "steph2", "steph3", "travis", "victor", "whisper", "zac"),
    )
    if variant not in VARIANTS
)
FLITE_VOICES = ("kal16", "awb", "rms", "slt")

# Our sounds as eSpeak's mnemonics, and what eSpeak says it said as our sounds.
TO_ESPEAK = {
    **{phone: phone for phone in "aiue@obdfghklmnpstwz"},
    **{"c": "tS", "j": "dZ", "ny": "n^", "ng": "N", "r": "R", "y": "j", "sy": "S"},
    **{"kh": "x", "q": "?"},
}
FROM_ESPEAK = {
    **{mnemonic: (phone,) for phone, mnemonic in TO_ESPEAK.items()},
    **{"E": ("e",), "E2": ("e",), "O": ("o",), "R2": ("r",), "r": ("r",), "C": ("sy",)},
    **{"v": ("f",), "I": ("i",), "U": ("u",), "_": ("SIL",), "_:": ("SIL",), "_|": ()},
    **{"aI": ("a", "i"), "aU": ("a", "u"), "oI": ("o", "i"), "OI": ("o", "i"), "eI": ("e", "i")},
}
TO_FLITE = {
    **{phone: phone for phone in (*"bdfgklmnprstwyz", "ng")},
    **{"a": "aa", "i": "iy", "u": "uw", "e": "eh", "@": "ax", "o": "ow", "c": "ch", "j": "jh"},
    **{"h": "hh", "ny": "n y", "sy": "sh", "kh": "hh", "q": "t"},
}


def sentences(text_folder: Path | None, seed: int = 1) -> list[tuple[str, ...]]:
    """All that is to be said, as spoken words, without the sentences kept back for the test."""
    draw = random.Random(seed)
    kept_back = {spoken(question) for _, question in held_out()}
    assets = text.CHECKOUT / "assets"
    said = {
        *text.errand_sentences(assets),
        *text.typed_questions(assets),
        *text.numbers(),
        *text.general_sentences(text_folder),
    }
    found = [_cut(words, draw) for words in sorted(said) if words and words not in kept_back]
    for _ in range(DIGIT_GROUPS):
        found.append(
            tuple(draw.choice(DIGIT_WORDS) for _ in range(draw.choice((1, 2, 3, 4, 4, 4, 6, 8))))
        )
    vocabulary = sorted({word for words in said for word in words})
    for _ in range(WORD_ROWS):
        found.append(tuple(draw.choice(vocabulary) for _ in range(draw.randint(1, 4))))
    return [words for words in found if all(map(_sayable, words))]


def _cut(words: Sequence[str], draw: random.Random) -> tuple[str, ...]:
    start = draw.randint(0, max(0, len(words) - WORDS_MAX))
    return tuple(words[start : start + WORDS_MAX])


def _sayable(word: str) -> bool:
    try:
        return bool(pronunciations(word))
    except ValueError:
        return False


@dataclass(frozen=True)
class Wish:
    """How eSpeak is to say something."""

    voice: str
    rate_wpm: int
    pitch: int
    range: int


def drawn_wish(draw: random.Random) -> Wish:
    """Any voice but those kept back."""
    variant = draw.choice(ESPEAK_VARIANTS)
    language = "ms" if draw.random() < 0.2 else "id"
    while True:
        rate, pitch = draw.randint(105, 240), draw.randint(10, 90)
        if RATES_WPM[0] <= rate <= RATES_WPM[1]:
            continue
        if not any(low <= pitch <= high for low, high in PITCH_RANGES):
            voice = f"{language}+{variant}" if variant else language
            return Wish(voice, rate, pitch, draw.randint(15, 95))


def espeak_text(words: Sequence[str], draw: random.Random) -> str:
    """What to hand to eSpeak: words, or [[mnemonics]] where our own reading is wanted."""
    own = draw.random() < OWN_READING
    pieces = []
    for word in words:
        if own or is_abbreviation(word) or word in SAID:
            pieces.append(f"[[{_mnemonics(draw.choice(pronunciations(word)))}]]")
        else:
            pieces.append(word)
        if draw.random() < 0.04:
            pieces.append(",")
    return " ".join(pieces) + draw.choice((".", ".", "?", "", "!"))


def _mnemonics(phones: Sequence[str]) -> str:
    """Stress on the last syllable but one, as is usual, unless that is an ê."""
    vowels = [index for index, phone in enumerate(phones) if phone in "aiue@o"]
    stressed = vowels[-1] if vowels else -1
    if len(vowels) > 1 and phones[vowels[-2]] != "@":
        stressed = vowels[-2]
    said = [("'" if i == stressed else "") + TO_ESPEAK[p] for i, p in enumerate(phones)]
    return "".join(said)


def phone_times(phonemes: Sequence[Sequence[Any]]) -> str:
    """eSpeak's phonemes as our own with their starts ("SIL:0 a:80"); empty if one is foreign."""
    times = ["SIL:0"]
    for index, (mnemonic, at_ms) in enumerate(phonemes):
        phones = FROM_ESPEAK.get(mnemonic)
        if phones is None:
            return ""
        after = phonemes[index + 1][1] if index + 1 < len(phonemes) else at_ms
        for part, phone in enumerate(phones):
            times.append(f"{phone}:{at_ms + (after - at_ms) * part // len(phones)}")
    return " ".join(times)


class Espeak:
    """The program of espeak.py, kept running."""

    def __init__(self) -> None:
        self._stops = 0
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "offline_models.training.espeak"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin and self._process.stdout
        self._wishes: IO[bytes] = self._process.stdin
        self._answers: IO[bytes] = self._process.stdout

    def say(self, said: str, wish: Wish) -> tuple[Samples, str]:
        """16 kHz samples and their phone times; none of either where the library breaks down.

        Some voices end it on some words ("daftr , skrining." by id+rob): one sentence lost of tens
        of thousands, and a new start. Raises RuntimeError when that happens STOPS_MOST times.
        """
        with suppress(BrokenPipeError):
            self._wishes.write(json.dumps({"text": said, **vars(wish)}).encode() + b"\n")
            self._wishes.flush()
        line = self._answers.readline()
        if not line:
            self._stops += 1
            if self._stops >= STOPS_MOST:
                raise RuntimeError(f"eSpeak NG has stopped {self._stops} times, now at {said!r}")
            self.close()
            self._start()
            return np.zeros(0, np.int16), ""
        head = json.loads(line)
        raw = np.frombuffer(self._answers.read(2 * head["samples"]), "<i2").astype(np.float32)
        sound = soxr.resample(raw, head["rate_hz"], RATE_HZ)
        return np.clip(sound, -32768, 32767).astype(np.int16), phone_times(head["phonemes"])

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self._wishes.close()
        self._answers.close()
        self._process.wait(timeout=10)


def flite(words: Sequence[str], draw: random.Random) -> tuple[Samples, str]:
    """Flite saying Indonesian sounds by English ones; returns samples and the voice."""
    voice = draw.choice(FLITE_VOICES)
    phones = ["pau"]
    for word in words:
        phones += [TO_FLITE[phone] for phone in draw.choice(pronunciations(word))]
        if draw.random() < 0.15:
            phones.append("pau")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        stretch = f"duration_stretch={draw.uniform(0.8, 1.25):.2f}"
        pitch = f"int_f0_target_mean={draw.uniform(85, 230):.0f}"
        command = ["flite", "-voice", voice, "--setf", stretch, "--setf", pitch]
        command += ["-p", " ".join([*phones, "pau"]), "-o", str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        return read_audio(path), voice


def said_once(all_words: Sequence[Sequence[str]], seed: int) -> Iterator[tuple[Samples, Clip]]:
    """Every sentence once, in a voice drawn for it."""
    draw = random.Random(seed)
    espeak = Espeak()
    for words in all_words:
        transcript = " ".join(words)
        if draw.random() < FLITE_SHARE:
            samples, voice = flite(words, draw)
            phones = ""
        else:
            wish = drawn_wish(draw)
            samples, phones = espeak.say(espeak_text(words, draw), wish)
            voice = f"{wish.voice}-{wish.pitch // 20}"
        if len(samples) > RATE_HZ // 10:
            yield samples, Clip(0, 0, voice, "synthetic", "train", transcript, phones)
    espeak.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".training"))
    parser.add_argument("--text", type=Path, help="folder of *.txt with general sentences")
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--limit", type=int, help="sentences in a pass, for a trial")
    wish = parser.parse_args()
    all_words = sentences(wish.text)
    random.Random(3).shuffle(all_words)
    for number in range(wish.passes):
        prefix = wish.work / "corpora" / f"synthetic-{number}"
        if prefix.with_suffix(".tsv").is_file():
            continue
        hours = write_corpus(prefix, said_once(all_words[: wish.limit], seed=100 + number))
        print(f"synthetic speech, pass {number}: {hours:.2f} h", flush=True)


assert set(TO_ESPEAK) == set(TO_FLITE) == set(PHONE_ID) - {"SIL", "SPN"}

if __name__ == "__main__":
    main()
