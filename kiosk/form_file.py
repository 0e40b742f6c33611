"""FORM.json, as `kiosk submit` and KIOSK_UI_START take it: its parts have the right types."""

from __future__ import annotations

import json
import sys
from typing import Any

from kiosk.domain.transaction import Draft
from kiosk.problems import BadInput
from kiosk.tables import decoded

FORM_MAX_BYTES = 256 * 1024


def read_form(name: str) -> Draft:
    """The draft in the file `name`, "-" for standard input; what its answers hold comes later.

    Raises BadInput with one line: the file, the key in it, what to do.
    """
    form = _object_in(name)
    form.setdefault("lang", "id")
    for key, kind in (("kind", str), ("service", str), ("answers", dict), ("lang", str)):
        if not isinstance(form.get(key, kind()), kind) or (key == "kind" and key not in form):
            word = "an object" if kind is dict else "text"
            raise BadInput(f"{name}: {key}: write {word}: see kiosk submit --example SERVICE")
    if unknown := sorted(set(form) - {"kind", "service", "answers", "lang"}):
        raise BadInput(f"{name}: {unknown[0][:40]!r}: no such key: take it out")
    if form["lang"] not in ("id", "en"):
        raise BadInput(f"{name}: lang: write id or en")
    return Draft(form["kind"], form.get("service", ""), form.get("answers", {}), form["lang"])


def _object_in(name: str) -> dict[str, Any]:
    try:
        with sys.stdin.buffer if name == "-" else open(name, "rb") as file:
            raw = file.read(FORM_MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{name}: {error.strerror}: give a readable FORM.json") from None
    if len(raw) > FORM_MAX_BYTES:
        raise BadInput(f"{name}: more than {FORM_MAX_BYTES} bytes: shorten it")
    try:
        form = json.loads(decoded(raw, name), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadInput(f"{name}: line {error.lineno}: not JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise BadInput(f"{name}: not plain JSON: see kiosk submit --example SERVICE") from None
    if not isinstance(form, dict):
        raise BadInput(f"{name}: write a JSON object: see kiosk submit --example SERVICE")
    return form


def _no_constant(name: str) -> None:
    raise ValueError(name)
