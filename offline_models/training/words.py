"""Words whose spelling does not say how they sound: letters, abbreviations, loanwords.

In a respelling é is always é (meja), ê always ê (besar), e is either; a space changes no sound.
"""

LETTERS = {
    "a": "a", "b": "bé", "c": "cé", "d": "dé", "e": "é", "f": "éf", "g": "gé", "h": "ha",
    "i": "i", "j": "jé", "k": "ka", "l": "él", "m": "ém", "n": "én", "o": "o", "p": "pé",
    "q": "ki", "r": "ér", "s": "és", "t": "té", "u": "u", "v": "fé", "w": "wé", "x": "éks",
    "y": "yé", "z": "zét",
}  # fmt: skip

# Abbreviations with a vowel in them that are nonetheless said by their letters.
# Those without a vowel need no entry.
SPELT = frozenset(
    """
    bpjs kia kua ikd nib pirt skai atm pns asn sim umkm oss siup iumk uhc uld ukt tki tkw hiv tni
    ac ajb apbd apbn api bca bri bni bsi ibu ipk imb itas ktu kua kur odgj ojt osis pbi pju ptk
    ptsl rsia rsud ruu uu sku sma smu smea stia tpa tpu tpq tpi ugd igd uin upt usg wa wna wni
    ui itb ugm ipb usb ios ig ads au pu ap cpns pkwt ptsp uptd dpmptsp skpwni sspd hpv emis
    """.split()
) - {"ibu", "emis", "sim", "pirt", "skai", "au", "api"}

# Word -> how it is said, the usual way first, when rules or letters alone would miss it.
SAID: dict[str, tuple[str, ...]] = {}


def _said(table: str) -> None:
    """Lines of `word: respelling | respelling`; `*` among them stands for the names of letters."""
    for line in table.strip().splitlines():
        word, _, ways = line.partition(":")
        letters = " ".join(LETTERS.get(letter, "") for letter in word.strip())
        SAID[word.strip()] = tuple(way.strip().replace("*", letters) for way in ways.split("|"))


_said(
    """
    ktp: * | ka tê pê
    nik: nik | *
    kia: * | kia
    kua: * | kua
    nib: nib | *
    sim: sim
    kip: kip | *
    pip: pip | *
    kis: kis | *
    sip: sip | *
    pin: pin
    kir: kir | *
    """
)
