"""Sentences as they are said: numbers and short forms written out, no signs."""

import re
import unicodedata

from offline_models.training import words

Words = tuple[str, ...]

DIGITS = (
    *("nol", "satu", "dua", "tiga", "empat"),
    *("lima", "enam", "tujuh", "delapan", "sembilan"),
)
DIGIT_WORDS = (*DIGITS, "kosong")  # a zero has two names
_DIALLED = ("112", "110", "113", "119", "129", "1708")


def number_words(number: int) -> Words:
    """How a number below a thousand millions is said: 2026 -> dua ribu dua puluh enam."""
    for unit, name in ((10**6, "juta"), (1000, "ribu"), (100, "ratus")):
        if number >= unit:
            count, rest = divmod(number, unit)
            if count == 1 and unit < 10**6:
                said: Words = (f"se{name}",)
            else:
                said = (*number_words(count), name)
            return (*said, *(number_words(rest) if rest else ()))
    if number < 10:
        return (DIGITS[number],)
    if number < 20:
        return {10: ("sepuluh",), 11: ("sebelas",)}.get(number) or (DIGITS[number - 10], "belas")
    tens, ones = divmod(number, 10)
    return (DIGITS[tens], "puluh", *((DIGITS[ones],) if ones else ()))


def spoken(sentence: str) -> Words:
    """The words of a sentence as they are said: lower case, numbers and short forms written out.

    Signs are dropped, hyphens part words ("anak-anak" is two) except before an ending ("KTP-nya"
    is ktpnya).
    """
    sentence = unicodedata.normalize("NFKD", sentence.lower().replace("jum'at", "jumat"))
    sentence = "".join(sign for sign in sentence if not unicodedata.combining(sign))
    sentence = re.sub(r"rp\.?\s*([\d.]+)", r"\1 rupiah ", sentence)
    sentence = re.sub(r"\d{1,3}(?:\.\d{3})+\b", _amount_words, sentence).replace("%", " persen ")
    sentence = re.sub(r"(?<=[a-z])-(nya|nye|ne|ku|mu)\b", r"\1", sentence)
    sentence = re.sub(r"([a-z])\1{2,}", r"\1", sentence)  # tolonggg
    said: list[str] = []
    for token in re.findall(r"\d+|[a-z]+(?:['’][a-z]+)*", sentence):
        if token.isdigit():
            said += _digits_words(token, after=said[-1] if said else "")
        else:
            said += words.SHORTHAND.get(token.replace("’", "'").replace("'", ""), token).split()
    return tuple(word.replace("’", "").replace("'", "") for word in said)


def _amount_words(match: re.Match[str]) -> str:
    return f" {' '.join(number_words(int(match[0].replace('.', ''))))} "


def _digits_words(token: str, after: str) -> Words:
    if after in ("gara", "cair", "surat", "ibu", "jadi") and token == "2":
        return (after,)  # gara2: a word said twice
    if len(token) > 4 or token.startswith("0") or token in _DIALLED:
        return tuple(DIGITS[int(digit)] for digit in token)  # as telephone numbers are said
    return number_words(int(token))
