"""The commands about the device's key and about facts that this office says itself."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from kiosk.bootstrap import Store, now, shown_of
from kiosk.config import Settings
from kiosk.domain.local_fact import (
    Choice,
    Laid,
    LocalFact,
    NotSayable,
    check,
    fact_digest,
)
from kiosk.domain.service import Catalogue, Text
from kiosk.layers import holds_by, published, signer_of, signer_with
from kiosk.problems import BadInput, NotNow
from kiosk.store.catalogue import load_catalogue

FACT_FILE_MAX_BYTES = 64 * 1024


def rotated(settings: Settings, store: Store) -> str:
    """A new key for this device; what it signed for itself is signed again."""
    from sync.agent import NotEnrolled, rotate_key
    from sync.problems import BadCityUrl, DeviceStopped, Refused, Unreachable
    from sync.signing import KeyUnusable

    facts, holds = store.local_facts, holds_by(settings.home)
    try:
        return rotate_key(
            store.outbox,
            settings.home,
            ca_file=settings.ca_file,
            sign_again=lambda key: facts.sign_again(holds, signer_with(key)),
        )
    except (NotEnrolled, KeyUnusable, BadCityUrl) as error:
        raise BadInput(str(error)) from None
    except DeviceStopped as error:
        raise BadInput(f"the city no longer serves this device ({error.code})") from None
    except (Unreachable, Refused) as error:
        raise NotNow(
            f"the city did not take a new key, the old one is still good: {error}"
        ) from None


# --- facts of this office -------------------------------------------------------------------------
def laid_lines(settings: Settings) -> Iterator[tuple[dict[str, Any], str]]:
    """Each local fact and where it stands; both versions of one that is to be decided upon."""
    for one in shown_of(settings).laid:
        yield (line := as_line(one)), _in_words(line)


def as_line(one: Laid) -> dict[str, Any]:
    beneath = one.beneath
    return {
        "service": one.local.service,
        "fact": one.local.fact,
        "place": one.place,
        "local": [line.id for line in one.local.lines],
        "city": None if beneath is None else [line.id for line in beneath.lines],
        "role": one.local.role,
        "person": one.local.person,
        "day": one.local.day.isoformat(),
        "source": one.local.source,
    }


def _in_words(line: dict[str, Any]) -> str:
    words = f"{line['service']}.{line['fact']}: disahkan {line['role']}, {line['day']}"
    if line["place"] == "shown":
        return f"{words}: {'; '.join(line['local'])}"
    city = "; ".join(line["city"] or ["(nothing)"])
    if line["place"] == "city":
        return f"{line['service']}.{line['fact']}: the city's: {city}"
    return f"{words}: {'; '.join(line['local'])} | the city has a newer one: {city} | decide"


def say(args: argparse.Namespace, settings: Settings, store: Store) -> None:
    """FACT.json: service, fact, lines [{id, en}], source, and valid_until if it ends."""
    path = Path(args.fact or "")
    try:
        raw = path.read_bytes()[: FACT_FILE_MAX_BYTES + 1]
        told = json.loads(raw)
        lines = tuple(Text(str(line["id"]), str(line["en"])) for line in told["lines"])
        until = told.get("valid_until")
        one = LocalFact(
            service=str(told["service"]),
            fact=str(told["fact"]),
            lines=lines,
            role=str(args.role),
            person=str(args.person or ""),
            day=now().date(),
            source=str(told["source"]),
            over="",
            valid_until=None if until is None else date.fromisoformat(until),
        )
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}: give a file FACT.json") from None
    except KeyError as error:
        raise BadInput(f"{path}: {error.args[0]}: is missing") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: {error}: see kiosk catalogue --help") from None
    if not lines:
        raise BadInput(f"{path}: lines: is empty; kiosk catalogue decide takes a fact back")
    say_locally(one, settings, store)


def decide(args: argparse.Namespace, settings: Settings, store: Store) -> None:
    service, _, fact = (args.fact or "").partition(".")
    if not (service and fact and args.choice):
        raise BadInput("say which: kiosk catalogue decide SERVICE.FACT local|city --person NAME")
    decide_fact(service, fact, args.choice, args.role, args.person or "", settings, store)


def say_locally(one: LocalFact, settings: Settings, store: Store) -> None:
    """Lays it over the fact as it is now; a newer one of the city's then asks to be decided upon.

    Raises BadInput with the key that is wrong.
    """
    beneath = beneath_catalogue(settings, store)
    try:
        check(one, beneath)
    except NotSayable as error:
        raise BadInput(str(error)) from None
    fact = beneath.services[one.service].fact(one.fact)
    store.local_facts.say(replace(one, over=fact_digest(fact)), signer_of(settings.home))


def decide_fact(
    service: str,
    fact: str,
    choice: Choice,
    role: str,
    person: str,
    settings: Settings,
    store: Store,
) -> None:
    """`local`: what was said here stands over the city's present one as well; `city`: it is taken
    back. By the desk, too. Raises BadInput."""
    said, _ = store.local_facts.newest(holds_by(settings.home))
    found = [one for one in said if (one.service, one.fact) == (service, fact)]
    if not found:
        raise BadInput(f"{service}.{fact}: nothing was said about it here")
    (one,) = found
    lines = one.lines if choice == "local" else ()
    if choice == "local" and not lines:
        raise BadInput(f"{service}.{fact}: was taken back; say it anew with kiosk catalogue say")
    say_locally(
        replace(one, lines=lines, role=role, person=person, day=now().date()), settings, store
    )


def beneath_catalogue(settings: Settings, store: Store) -> Catalogue:
    """Without what was said here."""
    city, _ = published(store.outbox, "catalogue")
    return load_catalogue(settings.assets, city)
