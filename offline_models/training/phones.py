"""The sounds the model tells apart, in the order of its phone ids.

Silence and the garbage phone come first. The garbage phone stands for anything that is no listed
word; the loop of phones that Kaldi's recipes use instead makes Vosk's lattices explode.
"""

SILENCE = "SIL"
GARBAGE = "SPN"
VOWELS = ("a", "i", "u", "e", "@", "o")
CONSONANTS = (
    *("b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "ny", "ng"),
    *("p", "r", "s", "sy", "t", "w", "y", "z", "kh", "q"),
)  # q is the glottal stop; v is said as f

PHONES: tuple[str, ...] = (SILENCE, GARBAGE, *VOWELS, *CONSONANTS)
PHONE_ID: dict[str, int] = {phone: number for number, phone in enumerate(PHONES, start=1)}
PDF_COUNT = 2 * len(PHONES)


def forward_pdf(phone_id: int) -> int:
    """The network's output that stands for entering phone `phone_id` (ids start at 1)."""
    return 2 * (phone_id - 1)


def loop_pdf(phone_id: int) -> int:
    """The network's output that stands for staying in phone `phone_id`."""
    return 2 * (phone_id - 1) + 1
