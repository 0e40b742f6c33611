"""Settings: defaults written once, every wrong key named."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config import SettingsProblem, home_folder, load_settings
from kiosk.domain.code import is_prefix


def test_an_absent_home_is_made_with_a_prefix_of_its_own(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "a" / "home")
    assert is_prefix(settings.office.kiosk_prefix)
    assert settings.home.stat().st_mode & 0o077 == 0
    assert load_settings(settings.home) == settings
    assert (settings.info_s, settings.form_s, settings.warning_s) == (120, 180, 45)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "kiosk.toml").write_text(
        '[office]\nname = "Kelurahan Contoh"\nkecamatan = "Neglasari"\nkiosk_prefix = "KH"\n'
        'queue_prefix = "C"\nkeep_days = 30\nhours = { id = "Senin", en = "Monday" }\n'
        "[idle]\ninfo_s = 60.5\n"
    )
    settings = load_settings(tmp_path)
    assert settings.office.name == "Kelurahan Contoh"
    assert settings.office.queue_prefix == "C"
    assert settings.office.keep_days == 30
    assert settings.office.hours is not None
    assert settings.office.hours.en == "Monday"
    assert settings.info_s == 60.5


GOOD = '[office]\nname = "X"\nkiosk_prefix = "KH"\n'


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[office", "not TOML"),
        ("", "office.name"),
        ("office = 1", "office"),
        ('[office]\nname = "X"', "office.kiosk_prefix"),
        ('[office]\nname = "X"\nkiosk_prefix = "O0"', "office.kiosk_prefix"),
        (GOOD + 'queue_prefix = "AB"', "office.queue_prefix"),
        (GOOD + "counter = 3", "office.counter"),
        (GOOD + 'city = "a\\nb"', "office.city"),
        (GOOD + 'nmae = "X"', "office.nmae"),
        (GOOD + "keep_days = 0", "office.keep_days"),
        (GOOD + 'hours = "always"', "office.hours"),
        (GOOD + "[idle]\ninfo_s = 0", "idle.info_s"),
        (GOOD + '[idle]\nform_s = "long"', "idle.form_s"),
        (GOOD + "[idle]\nwarning_s = nan", "idle.warning_s"),
        (GOOD + "[colour]", "colour"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, key: str) -> None:
    (tmp_path / "kiosk.toml").write_text(text)
    with pytest.raises(SettingsProblem) as caught:
        load_settings(tmp_path)
    assert str(tmp_path / "kiosk.toml") in str(caught.value)
    assert key in str(caught.value)


def test_the_home_is_chosen_by_argument_then_environment() -> None:
    environment = {"KIOSK_HOME": "/env", "XDG_DATA_HOME": "/data"}
    assert home_folder("/given", environment) == Path("/given")
    assert home_folder(None, environment) == Path("/env")
    assert home_folder(None, {"XDG_DATA_HOME": "/data"}) == Path("/data/kiosk")
