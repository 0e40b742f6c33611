"""What may go wrong in a command and is no bug, and the exit code of each."""

from __future__ import annotations

from kiosk.config import SettingsProblem
from kiosk.display import NoDisplay
from kiosk.store.problems import DatabaseUnusable, TryLater
from kiosk.voice.model import ModelMissing

CHECK_FAILED, BAD_INPUT, TRY_LATER = 1, 2, 75


class BadInput(Exception):
    """One line: the file or argument, the key in it, what to do."""


class NotNow(Exception):
    """One line: what is not possible at the moment."""


EXPECTED = (BadInput, NotNow, SettingsProblem, NoDisplay, DatabaseUnusable, ModelMissing, TryLater)


def exit_code(error: BaseException) -> int:
    if isinstance(error, (TryLater, NotNow)):
        return TRY_LATER
    return CHECK_FAILED if isinstance(error, (DatabaseUnusable, ModelMissing)) else BAD_INPUT
