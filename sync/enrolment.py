"""How a device and its city come to know each other, and how its key is changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import feed_signing, protocol, signing
from sync.outbox import Outbox
from sync.problems import DeviceStopped, EnrolRefused, NotEnrolled, Refused

if TYPE_CHECKING:
    from sync.transport import CityTransport

FEED_KEYS = "feed_keys"  # of the outbox's memory: the city's public keys by id, as JSON


def enrol(
    outbox: Outbox,
    home: Path,
    code: str,
    city_url: str,
    *,
    ca_file: Path | None = None,
    now: Callable[[], datetime] = signing.utc_now,
) -> str:
    """Registers this device; returns its id. Safe to repeat when the reply was lost.

    Raises BadCityUrl, KeyUnusable, EnrolRefused, Unreachable.
    """
    from sync.transport import CityTransport, checked_city_url  # the screens load no HTTP

    city_url = checked_city_url(city_url)
    if not protocol.plain_code(code):
        raise EnrolRefused("code: empty; ask the city for one (city enrol-code)")
    transport = CityTransport(city_url, signing.load_or_make_key(home), ca_file=ca_file, now=now)
    try:
        reply = transport.enrol(code)
    except DeviceStopped as stopped:
        raise EnrolRefused(
            f"the city refuses this device ({stopped.code}); ask the city's administrator"
        ) from stopped
    except Refused as refused:
        raise EnrolRefused(
            f"the city does not take this code ({refused.code}): wrong, used or expired; "
            "ask for a new one"
        ) from refused
    finally:
        transport.close()
    # The epoch is left to the first round: it must notice if this is another city than before.
    device = {"device": reply.device, "city_url": city_url, "enrolled_at": now().isoformat()}
    keys = {one.key: one.public_key for one in reply.feed_keys}
    outbox.note(
        {
            FEED_KEYS: json.dumps(keys, sort_keys=True),
            "stopped": "",
            "revoked": "",
            "key_since": reply.server_time,
        }
    )
    outbox.save_device(device)
    return reply.device


def transport_of(outbox: Outbox, home: Path, *, ca_file: Path | None = None) -> CityTransport:
    """The line to this device's city. Raises NotEnrolled, KeyUnusable, BadCityUrl."""
    device = outbox.device()
    if device is None:
        raise NotEnrolled("not enrolled: run kiosk enrol CODE --city URL")
    from sync.transport import CityTransport

    key = signing.load_key(home)
    return CityTransport(
        device["city_url"],
        key,
        device=device["device"],
        ca_file=ca_file,
        key_now=partial(signing.load_key, home),
    )


def rotate_key(
    outbox: Outbox,
    home: Path,
    *,
    ca_file: Path | None = None,
    sign_again: Callable[[Ed25519PrivateKey], None] = lambda key: None,
) -> str:
    """A new key in the place of the present one; the new public key. Safe to repeat at any point.

    The city takes the new key when it is first used; until then the present one is good. So the
    new one lies beside it, the city is told, what this device has signed for itself is signed
    again (`sign_again`), and only then it takes the other's place.
    Raises NotEnrolled, KeyUnusable, Unreachable, Refused, DeviceStopped.
    """
    transport = transport_of(outbox, home, ca_file=ca_file)
    try:
        fresh = signing.load_or_make_key(home, signing.NEXT_KEY_FILE)
        reply = transport.rotate(fresh)
    finally:
        transport.close()
    sign_again(fresh)
    signing.adopt_next_key(home)
    outbox.note({"key_since": reply.server_time})
    return signing.public_text(fresh)


def feed_keys(outbox: Outbox) -> dict[str, str]:
    """The keys under which the city publishes, public key by id."""
    try:
        told = json.loads(outbox.get(FEED_KEYS) or "{}")
    except ValueError:
        return {}
    return {str(key): str(public) for key, public in told.items()}


def learn_feed_keys(
    outbox: Outbox, told: Mapping[str, str], reply: protocol.StatusReply
) -> dict[str, str]:
    """Those known and those that one of them endorses; the city's retired ones stay known."""
    known = feed_signing.trusted_keys(told, reply.feed_keys)
    if known != told:
        outbox.note({FEED_KEYS: json.dumps(known, sort_keys=True)})
    return known
