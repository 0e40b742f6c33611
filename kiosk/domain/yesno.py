"""Yes and no, as they are said at a counter in Tangerang."""

from __future__ import annotations

YES, NO = "ya", "tidak"
SAID = {
    **dict.fromkeys(
        ("ya", "iya", "yak", "iye", "ya betul", "iya betul", "betul", "benar", "bener", "oke",
         "boleh", "setuju", "mau", "sudah benar", "sudah betul", "ya benar", "iya benar",
         "muhun", "leres", "inggih", "nggih"), YES
    ),
    **dict.fromkeys(
        ("tidak", "nggak", "enggak", "gak", "ndak", "kagak", "bukan", "salah", "belum", "jangan",
         "tidak mau", "nggak mau", "tidak usah", "nggak usah", "tidak betul", "tidak benar",
         "belum benar", "bukan itu", "henteu", "teu", "mboten", "ora"), NO
    ),
}  # fmt: skip


def value_of(text: str) -> str | None:
    """ "ya" or "tidak"; None where neither was said, or both were."""
    if text in SAID:
        return SAID[text]
    meant = {SAID.get(word) for word in text.split()}
    return meant.pop() if len(meant) == 1 else None
