"""The words and limits on the wire; PROTOCOL.md explains each. Pure."""

from __future__ import annotations

import re
from typing import Literal, get_args

VERSION = 1

# --- limits: whatever can grow has a number here ------------------------------------------------
BATCH_MAX_ITEMS = 100  # of a push to a city that tells no other number
BATCH_MAX_BYTES = 128 * 1024  # bodies of one batch together; one larger item travels alone
BATCH_TOLD_MAX_ITEMS = 1000  # the most that a city may tell instead
BATCH_TOLD_MAX_BYTES = 960 * 1024  # less than a request, should they not compress at all
ITEM_MAX_BYTES = 256 * 1024  # one body; a larger one is quarantined
REQUEST_MAX_BYTES = 1024 * 1024  # a request as it travels (compressed)
INFLATED_MAX_BYTES = 4 * 1024 * 1024  # a request after decompression
REPLY_MAX_BYTES = 4 * 1024 * 1024
PULL_PAGE_ITEMS = 50
PULL_MAX_PAGES = 100
FEED_ITEM_MAX_BYTES = 64 * 1024
STREAMS_MAX_ITEMS = 1000  # install epochs of one device
KEYS_MAX_ITEMS = 16  # catalogue keys of a city
CURSOR_MAX = 64
REVOKED_KEPT_ITEMS = 20_000  # what the city still takes from one revoked device, into quarantine
NOTE_TEXT_MAX = 200  # characters of a status's note, each language
PROBLEM_TEXT_MAX = 200
CLOCK_SKEW_MAX_S = 300  # how far a signature's `created` may be from the city's clock
NONCE_KEPT_S = 900  # longer than a signature can stay valid (2 x CLOCK_SKEW_MAX_S)
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 20.0  # silence on the line
REQUEST_DEADLINE_S = 60.0  # one request and its reply together, however slowly they drip
ENROL_CODE_HOURS = 24

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"
NONCE_HEADER = "Kiosk-Nonce"  # every reply of the city echoes the nonce of the request

ENROL_PATH = "/v1/enrol"
PUSH_PATH = "/v1/sync/push"
STATUS_PATH = "/v1/sync/status"
PULL_PATH = "/v1/sync/pull"
ROTATE_PATH = "/v1/rotate-key"

PUBLISHED_FEEDS = ("catalogue", "announcements", "holidays")  # whole and signed by the city
RUNNING_FEEDS = ("statuses",)  # what changed since the cursor, for this device alone
FEEDS = PUBLISHED_FEEDS + RUNNING_FEEDS
BYTES_FORM = "bytes"  # ?form=bytes: items as the exact bytes that were signed

KINDS = ("application", "ticket", "complaint", "survey", "act")
SCHEMAS = (1,)

OutcomeWord = Literal["stored", "duplicate", "conflict", "quarantined"]
OUTCOMES: tuple[str, ...] = get_args(OutcomeWord)
ACKNOWLEDGED: tuple[str, ...] = ("stored", "duplicate")

# Where an application stands. The errand is closed with the last two.
StatusState = Literal["received", "in-process", "needs-citizen", "ready", "done", "refused"]
STATUS_STATES: tuple[str, ...] = get_args(StatusState)
CLOSED_STATES: tuple[str, ...] = ("done", "refused")

# --- problems (RFC 9457): the last word of the type URI says what to do next --------------------
PROBLEM_PREFIX = "urn:kiosk-sync:problem:"
ProblemCode = Literal[
    "malformed",  # 400: the request itself cannot be read; bisect
    "version",  # 400: a protocol that is not spoken here; `supported` says which are
    "too-large",  # 413: bisect
    "signature",  # 401: unsigned, wrongly signed or signed over something else
    "replayed",  # 401: this nonce was used before
    "clock",  # 401: `created` too far from `server_time`; sign again with that time
    "unknown-device",  # 401: never enrolled here; stop
    "revoked",  # 403: stop
    "enrol-code",  # 403: wrong, used or expired
    "not-found",  # 404
    "too-many",  # 429: too many enrol attempts; try again after Retry-After
    "busy",  # 503: try again after Retry-After
    "internal",  # 500
]
PROBLEMS: tuple[str, ...] = get_args(ProblemCode)
STOPPING: tuple[str, ...] = ("revoked", "unknown-device")

UUID_PATTERN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SHA256_PATTERN = re.compile(r"[0-9a-f]{64}")
WORD_PATTERN = re.compile(r"[A-Za-z0-9._:-]{1,64}")
NONCE_PATTERN = re.compile(r"[A-Za-z0-9_-]{16,64}")
PUBLIC_KEY_PATTERN = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of 32 bytes, no padding
SIGNATURE_PATTERN = re.compile(r"[A-Za-z0-9_-]{86}")  # base64url of 64 bytes, no padding
CODE_ALPHABET = "23456789ACEFHJKLMPRTWXY"  # nothing that looks or sounds like its neighbour
CODE_LENGTH = 12
DSEQ_MAX = 2**53 - 1
