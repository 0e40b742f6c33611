"""Who is in danger is heard beside an errand, in words of an errand, and told what fits."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from kiosk.lookup.alarm import UNKNOWN, Dangers
from kiosk.lookup.keeping import understanding
from kiosk.lookup.lessons import sentences_of
from kiosk.lookup.normalise import errand_of, load_speech, split, spoken_to_written
from kiosk.store.catalogue import load_catalogue

ASSETS = Path(__file__).parents[2] / "assets"
CATALOGUE = load_catalogue(ASSETS)
SPEECH = load_speech()
DANGERS = Dangers(SPEECH)
TEXTS = tomllib.loads((ASSETS / "lookup" / "emergency.toml").read_text())
find = understanding(CATALOGUE.services.values(), Path("/nonexistent"), ASSETS).find

# Each kind of help and how people tell what it is for; every kind has some.
KINDS = {
    "kebakaran": ["gudang kobong", "kios kebakar orang masih di dalem", "asep item tebel di dapur"],
    "gas": ["tabung melon bocor di dapur", "bau gas nyengat di kontrakan", "selang gas copot"],
    "listrik": ["tukang kesetrum di atap", "kabel tiang putus di jalan", "ibu kesetrum mesin cuci"],
    "banjir": ["air udah sedada di rumah", "kebanjiran tolong", "kali meluap ke rumah warga"],
    "tenggelam": ["bocah kecebur empang", "mobil nyemplung kali orang masih di dalem"],
    "hewan": ["ula mlebu omah", "oray asup ka dapur", "sapi ngamuk di pasar", "tawon nyerang"],
    "terjebak": ["kejebak di lift rusun"],
    "kecelakaan": ["motor nabrak tiang berdarah", "jatuh dari genteng kakinya patah"],
    "medis": [
        "embah semaput", "gula darahnya drop lemes", "istri hamil keluar darah",
        "kaki saya digigit ular", "bapak saya ambruk", "udah pembukaan lima",
    ],
    "kekerasan": [
        "bapak nampar ibu", "suami ngancem mau bakar rumah", "anak disiksa ibu tiri badannya biru",
        "bojoku ngantem aku", "ditabok laki aye", "suami saya bawa golok",
    ],
    "krisis": [
        "mau gantung diri pintunya dikunci", "mau bunuh diri bawa pisau", "anak saya nyilet tangan",
        "kulo mboten kiat urip", "ayah mau bakar diri",
    ],
    "kriminal": ["dibacok begal", "dikeroyok di pasar", "diancem debt collector mau dibunuh"],
    "hilang": ["anak saya hilang", "cucu diculik", "kakek pikun belum pulang", "aku ga nemu mama"],
    "bencana": ["plafon kantor ambruk", "rumah longsor ketimbun", "gempa kenceng", "pohon tumbang"],
    UNKNOWN: ["tolong", "darurat"],
}  # fmt: skip


def kind(text: str) -> str:
    return DANGERS.kind(spoken_to_written(errand_of(split(text), SPEECH), SPEECH))


@pytest.mark.parametrize(
    ("wanted", "text"), [(one, text) for one, texts in KINDS.items() for text in texts]
)
def test_what_is_said_shows_its_kind_of_help(wanted: str, text: str) -> None:
    assert kind(text) == wanted


def test_every_kind_of_help_has_fixed_words_in_both_languages_and_an_example() -> None:
    shown = {*SPEECH.danger, UNKNOWN, *(one.kind for one in SPEECH.narrower)}
    assert shown == TEXTS["kind"].keys() == KINDS.keys()
    for one in TEXTS["kind"].values():
        assert set(one["say"]) == {"id", "en"}
        assert all(0 < len(text) <= 130 for text in one["say"].values())
        assert "112" in one["say"]["id"] and "112" in one["say"]["en"]
    for number in TEXTS["number"].values():
        assert number["evidence"] in ("T", "K") and bool(number["sources"]) == (
            number["evidence"] == "T"
        )


def test_what_could_kill_is_said_first() -> None:
    said = {kind: text["say"]["id"] for kind, text in TEXTS["kind"].items()}
    assert said["listrik"].startswith("Jangan sentuh")
    assert said["gas"].startswith("Jangan nyalakan")
    assert said["tenggelam"].startswith("Jangan ikut terjun")


def test_help_narrows_to_kinds_that_are_there() -> None:
    for one in SPEECH.narrower:
        assert one.of <= {*SPEECH.danger, UNKNOWN}


def test_of_the_lessons_few_have_no_kind_of_their_own() -> None:
    listed = [text for one, text in sentences_of(ASSETS).emergency if one != UNKNOWN]
    assert sum(kind(text) == UNKNOWN for text in listed) <= 0.22 * len(listed)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("lagi cap jempol kk eh bapak di belakang saya kejang", "medis"),
        ("nomor antrean 23 semaput", "medis"),
        ("ambil surat pindah tiba tiba istri saya pendarahan nih", "medis"),
        ("bayi umur empat bulan kejang", "medis"),
        ("kk saya kejang", "medis"),
        ("napas nenek saya satu satu", "medis"),
        ("mau melahirkan gimana ini bu", "medis"),
        ("istri mau lahiran ga keburu ke bidan", "medis"),
        ("ga bs nfs", "medis"),
        ("stroke", "medis"),
        ("adik minum porstex", "medis"),
        ("adik saya hilang", "hilang"),
        ("bocah umur lima taun belum pulang dari pagi", "hilang"),
        ("siapin tali buat saya", "krisis"),
        ("cara mati yang ga sakit gimana", "krisis"),
        ("obat yang bikin mati tenang apa", "krisis"),
        ("pengen ngilang dari bumi", "krisis"),
        ("bos maksa saya tidur di hotel", "kekerasan"),
        ("gempa", "bencana"),
        ("kali meluap ke rumah", "banjir"),
        ("tukang kesetrum pas masang antena", "listrik"),
    ],
)
def test_a_danger_is_told_with_its_kind(text: str, wanted: str) -> None:
    meaning = find(text)
    assert (meaning.outcome, meaning.emergency_kind) == ("emergency", wanted)


@pytest.mark.parametrize(
    "text",
    [
        "foto bugil saya mau disebar",
        "om suka cium cium anak saya",
        "pacar maksa gituan terus",
        "dunia lebih baik tanpa saya",
        "akta kematian buat saya sendiri",
        "kalo saya mati anak saya gimana, racun udah siap",
        "suami tidak pulang tiga hari",
        "ibu pingsan di loket mau ambil ktp",
    ],
)
def test_what_is_near_a_danger_gets_help_offered_at_least(text: str) -> None:
    meaning = find(text)
    assert meaning.outcome == "emergency" or meaning.perhaps_urgent


@pytest.mark.parametrize(
    "text",
    [
        "anak saya hilang ktpnya",
        "akta anak saya hilang",
        "dompet anak saya hilang",
        "istri mau lahiran bulan depan pakai bpjs",
        "antre sampe mau pingsan",
        "dulu kesetrum sekarang takut colokan",
        "pernah kecopetan jadi takut naik bus",
        "lebih cepet yang mana",
        "cepetan dong mesinnya",
        "santunan anak saya tenggelam",
        "klaim asuransi suami saya jatuh dari tangga bulan lalu",
        "obat stroke",
        "ramalan gempa",
    ],
)
def test_what_only_sounds_like_a_danger_raises_no_alarm(text: str) -> None:
    assert find(text).outcome != "emergency"


def test_a_brother_is_no_family_card() -> None:
    assert "kakak" in spoken_to_written(split("kk saya pingsan"), SPEECH)
    assert "kk" in spoken_to_written(split("kk saya hilang"), SPEECH)


@pytest.mark.parametrize(
    "text",
    ["laki aye udah kagak ada", "bini saya udah ga ada pak", "my mother died last night"],
)
def test_a_death_that_was_is_no_alarm(text: str) -> None:
    meaning = find(text)
    assert meaning.outcome != "emergency"
    assert meaning.perhaps_urgent


@pytest.mark.parametrize(
    "text", ["bapak saya udah ga ada napasnya", "nenek udah ga ada denyut nadinya"]
)
def test_who_may_be_dying_now_is(text: str) -> None:
    assert find(text).emergency_kind == "medis"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("our curtains caught fire", "kebakaran"),
        ("the LPG hose is leaking", "gas"),
        ("my cousin touched a live cable", "listrik"),
        ("water keeps rising in our kitchen", "banjir"),
        ("a toddler fell into the pond", "tenggelam"),
        ("there is a cobra in the bathroom", "hewan"),
        ("we are stuck in the lift", "terjebak"),
        ("a van just hit an old man", "kecelakaan"),
        ("my aunt fainted near the counter", "medis"),
        ("the man next door beats his daughter", "kekerasan"),
        ("my friend says she wants to die", "krisis"),
        ("somebody is breaking into the shop", "kriminal"),
        ("I can't find my little girl", "hilang"),
        ("the ceiling collapsed", "bencana"),
        ("help help please", UNKNOWN),
    ],
)
def test_a_danger_told_in_english_gets_its_own_words(text: str, wanted: str) -> None:
    meaning = find(text)
    assert (meaning.outcome, meaning.emergency_kind) == ("emergency", wanted)


@pytest.mark.parametrize(
    "text",
    [
        "he is my stepfather's nephew",
        "our father left us the house",
        "is she too old to marry",
        "the children are with their mother",
        "mertua saya masa nggak boleh tanda tangan",
        "dia kan kakak saya kok nggak bisa ambil",
        "suami saya belum pulang dari taiwan",
        "mantu saya lahiran semalem di puskesmas",
        "neneknya sakit nggak bisa datang jadi saya yang urus",
    ],
)
def test_family_words_alone_raise_no_alarm_and_offer_none(text: str) -> None:
    meaning = find(text)
    assert meaning.outcome != "emergency"
    assert not meaning.perhaps_urgent


@pytest.mark.parametrize(
    "text",
    [
        "I lost my son's school card",
        "my motorbike papers burned in a fire last year",
        "my uncle died from a heart attack, which letter do I need",
        "help me fill this form",
        "bisa pinjem ambulan kelurahan buat kontrol",
        "kartu pelajar anak saya hilang di sekolah mau bikin lagi",
    ],
)
def test_papers_the_past_and_services_raise_no_alarm(text: str) -> None:
    assert find(text).outcome != "emergency"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("kebakaran disamping masjid", "kebakaran"),
        ("kecelakaan diperempatan depan", "kecelakaan"),
        ("kemalingan dirumah barusan", "kriminal"),
        ("orang kejang diparkiran", "medis"),
        ("uler masuk kekamar", "hewan"),
    ],
)
def test_a_place_written_in_one_word_hides_no_danger(text: str, wanted: str) -> None:
    meaning = find(text)
    assert (meaning.outcome, meaning.emergency_kind) == ("emergency", wanted)
