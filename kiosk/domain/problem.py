"""What is wrong with an answer, as a code the screen turns into a sentence.

Every code is a key of `assets/locales` (`error.<code>`, `caution.<code>`); `params` fill the
sentence's braces. A param never holds more of the answer than one sign, because an error text may
end up in a log. `sign` is a printable character, or "U+0007" when it has no shape.

Problems (the answer cannot be taken):

    nik_empty, nik_not_digits {sign}, nik_length {need, have}, nik_all_same,
    nik_day, nik_month, nik_serial
    name_empty, name_too_long {max, have}, name_digits, name_emoji, name_alphabet {sign},
    name_signs {sign}
    date_empty, date_letters {sign}, date_emoji, date_short_year, date_not_a_date,
    date_future, date_past, date_too_old {year}, date_too_far {year}
    address_empty, address_unknown_part {name},
    address_street_empty, address_street_too_long {max, have}, address_street_emoji,
    address_street_alphabet {sign}, address_street_signs {sign},
    address_rt, address_rw (1 to 3 digits), address_kecamatan, address_kelurahan (not chosen, or
    no such code), address_kelurahan_elsewhere {kelurahan, kecamatan}
    phone_empty, phone_not_digits {sign}, phone_start, phone_length {min, max, have}
    choice_empty, choice_unknown
    text_empty, text_too_long {max, have}, text_emoji, text_alphabet {sign}, text_signs {sign}
    rupiah_empty, rupiah_not_a_number, rupiah_too_big {max}
    number_empty, number_not_a_number, number_zero, number_too_big {max}
    not_text (a JSON value of another type), unknown_field {name}

Cautions (the answer is taken; the citizen is asked to look again):

    nik_other_region, nik_impossible_date, nik_birth_date_differs, nik_gender_differs
"""

from __future__ import annotations

from dataclasses import dataclass, field

Params = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    params: Params = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caution:
    code: str
    params: Params = field(default_factory=dict)
