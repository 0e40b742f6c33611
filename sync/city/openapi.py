"""The API as OpenAPI 3.1, written by hand: what is read and answered is `sync.protocol`'s, not a
framework's. Tests hold the running server against it.
"""

from __future__ import annotations

from typing import Any

from sync import protocol

Schema = dict[str, Any]

_PROBLEM_STATUS = {400: "malformed", 401: "signature", 403: "revoked", 404: "not-found"} | {
    413: "too-large",
    429: "too-many",
    500: "internal",
    503: "busy",
}


def document() -> Schema:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kiosk city API",
            "version": "1",
            "description": "The wire between a kiosk and its city: see sync/PROTOCOL.md. Every "
            "request is signed (RFC 9421, Ed25519, tag kiosk-sync-v1); bodies travel as gzip.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            protocol.ENROL_PATH: {"post": _enrol()},
            protocol.ROTATE_PATH: {"post": _rotate()},
            protocol.PUSH_PATH: {"post": _push()},
            protocol.STATUS_PATH: {"get": _status()},
            protocol.PULL_PATH: {"get": _pull()},
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "httpSignature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Signature",
                    "description": "RFC 9421 with Signature-Input, as PROTOCOL.md says.",
                }
            },
        },
        "security": [{"httpSignature": []}],
    }


# --- operations -----------------------------------------------------------------------------------
def _enrol() -> Schema:
    return _operation(
        "enrol",
        "A new device brings its public key and a one-time code.",
        _body("EnrolRequest"),
        _ok("EnrolReply", {"Status": _link("status"), "Catalogue": _feed_link("catalogue")}),
        (400, 401, 403, 413, 429),
    )


def _rotate() -> Schema:
    return _operation(
        "rotateKey",
        "A device asks for a new key; the old one is valid until the new one is first used.",
        _body("RotateRequest"),
        _ok("RotateReply", {"Status": _link("status")}),
        (400, 401, 403, 413),
    )


def _push() -> Schema:
    return _operation(
        "push",
        "Transactions, stored in one commit and answered one by one.",
        _body("PushRequest"),
        _ok("PushReply", {"Status": _link("status"), "Statuses": _feed_link("statuses")}),
        (400, 401, 403, 413),
    )


def _status() -> Schema:
    links = {name.title(): _feed_link(name) for name in protocol.FEEDS}
    unchanged = {"parameters": {"header.If-None-Match": "$response.header.ETag"}}
    links["Unchanged"] = {"operationId": "status", **unchanged}
    return _operation(
        "status",
        "How far the city has this device's transactions, and the version of every feed.",
        {"parameters": [_if_none_match()]},
        _ok("StatusReply", links, conditional=True),
        (401, 403),
    )


def _pull() -> Schema:
    word = {"type": "string", "maxLength": protocol.CURSOR_MAX}
    named: dict[str, Schema] = {
        "feed": {"type": "string", "enum": list(protocol.FEEDS)},
        "cursor": word,
        "form": {"type": "string", "enum": ["", protocol.BYTES_FORM]},
    }
    parameters: list[Schema] = [
        {"name": name, "in": "query", "required": name == "feed", "schema": schema}
        for name, schema in named.items()
    ]
    onward = {
        "feed": "$response.body#/feed",
        "cursor": "$response.body#/cursor",
        "form": protocol.BYTES_FORM,
    }
    links = {
        "NextPage": {"operationId": "pull", "parameters": onward},
        "Unchanged": {
            "operationId": "pull",
            "parameters": onward | {"header.If-None-Match": "$response.header.ETag"},
        },
    }
    return _operation(
        "pull",
        "A page of a feed after a cursor.",
        {"parameters": [*parameters, _if_none_match()]},
        _ok("PullPage", links, conditional=True),
        (401, 403, 404),
    )


def _operation(
    name: str, summary: str, asked: Schema, answered: Schema, problems: tuple[int, ...]
) -> Schema:
    answers = {str(code): _problem(code) for code in (*problems, 500, 503)}
    return {"operationId": name, "summary": summary, **asked, "responses": answered | answers}


def _body(schema: str) -> Schema:
    content = {protocol.JSON_TYPE: {"schema": _ref(schema)}}
    encoding = {
        "name": "Content-Encoding",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "const": "gzip"},
    }
    return {"parameters": [encoding], "requestBody": {"required": True, "content": content}}


def _ok(schema: str, links: Schema, *, conditional: bool = False) -> Schema:
    headers: Schema = {protocol.NONCE_HEADER: _nonce(required=True)}
    if conditional:
        headers["ETag"] = {"required": True, **_header("ETag")}
    answers: Schema = {
        "200": {
            "description": "The city's word.",
            "headers": headers,
            "content": {protocol.JSON_TYPE: {"schema": _ref(schema)}},
            "links": links,
        }
    }
    if conditional:
        answers["304"] = {"description": "Nothing new.", "headers": headers}
    return answers


def _problem(status: int) -> Schema:
    headers: Schema = {protocol.NONCE_HEADER: _nonce(required=False)}
    if status in (429, 503):
        headers["Retry-After"] = {"required": True, **_header("Retry-After")}
    return {
        "description": f"For instance {protocol.PROBLEM_PREFIX}{_PROBLEM_STATUS[status]}",
        "headers": headers,
        "content": {protocol.PROBLEM_TYPE: {"schema": _ref("Problem")}},
    }


def _nonce(*, required: bool) -> Schema:
    return {"required": required, "schema": _pattern(protocol.NONCE_PATTERN.pattern)}


def _header(name: str) -> Schema:
    kind = {"type": "integer", "minimum": 0} if name == "Retry-After" else {"type": "string"}
    return {"schema": kind}


def _if_none_match() -> Schema:
    schema = {"type": "string", "pattern": "^[ -~]{0,80}$"}
    return {"name": "If-None-Match", "in": "header", "required": False, "schema": schema}


def _link(operation: str) -> Schema:
    return {"operationId": operation}


def _feed_link(feed: str) -> Schema:
    return {"operationId": "pull", "parameters": {"feed": feed, "form": protocol.BYTES_FORM}}


# --- schemas --------------------------------------------------------------------------------------
def _schemas() -> Schema:
    word = _pattern(protocol.WORD_PATTERN.pattern)
    uuid = _pattern(protocol.UUID_PATTERN.pattern)
    sha256 = _pattern(protocol.SHA256_PATTERN.pattern)
    public_key = _pattern(protocol.PUBLIC_KEY_PATTERN.pattern)
    signature = _pattern(protocol.SIGNATURE_PATTERN.pattern)
    nonce = _pattern(protocol.NONCE_PATTERN.pattern)
    text: Schema = {"type": "string"}
    moment: Schema = {"type": "string", "format": "date-time"}
    dseq = {"type": "integer", "minimum": 1, "maximum": protocol.DSEQ_MAX}
    count = dseq | {"minimum": 0}
    asked = {"protocol": {"type": "integer", "const": protocol.VERSION}}
    echoed = {"nonce": nonce, "digest": text}
    city = {"server_epoch": word, "server_time": moment}
    feed_keys = _list(_ref("FeedKey"), protocol.KEYS_MAX_ITEMS)
    streams = _list(_ref("Stream"), protocol.STREAMS_MAX_ITEMS)
    return {
        "EnrolRequest": _object(asked | {"code": text, "public_key": public_key}),
        "EnrolReply": _object(echoed | {"device": word} | city | {"feed_keys": feed_keys}),
        "RotateRequest": _object(asked | {"public_key": public_key, "proof": signature}),
        "RotateReply": _object(echoed | {"device": word} | city),
        "PushRequest": _object(
            asked
            | {
                "items": _list(_ref("Item"), protocol.BATCH_TOLD_MAX_ITEMS),
                "damaged": _list(_ref("Damaged"), protocol.BATCH_TOLD_MAX_ITEMS),
            },
            optional=("damaged",),
        ),
        # Only the id is demanded: an entry that is otherwise odd is answered, not refused.
        "Item": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": uuid,
                "epoch": word,
                "dseq": dseq,
                "kind": {"type": "string", "examples": list(protocol.KINDS)},
                "schema": {"type": "integer", "minimum": 0, "maximum": 10_000},
                "sha256": sha256,
                "body": {
                    "type": "string",
                    "description": f"At most {protocol.ITEM_MAX_BYTES} bytes as UTF-8.",
                },
            },
        },
        "Damaged": _object({"id": uuid, "epoch": word, "dseq": dseq}),
        "PushReply": _object(
            echoed
            | city
            | {
                "streams": streams,
                "outcomes": _list(_ref("Outcome"), protocol.BATCH_TOLD_MAX_ITEMS),
                "batch": _ref("Batch"),
            }
        ),
        "Batch": _object(
            {
                "items": dseq | {"maximum": protocol.BATCH_TOLD_MAX_ITEMS},
                "bytes": dseq | {"maximum": protocol.BATCH_TOLD_MAX_BYTES},
            }
        ),
        "Outcome": _object(
            {
                "id": uuid,
                "outcome": {"type": "string", "enum": list(protocol.OUTCOMES)},
                "sha256": text,
                "server_seq": {"type": ["integer", "null"], "minimum": 1},
                "problem": {"type": ["string", "null"]},
            }
        ),
        "Stream": _object({"epoch": word, "contiguous_through": count, "backup_watermark": count}),
        "StatusReply": _object(
            {"nonce": nonce}
            | city
            | {
                "streams": streams,
                "feeds": _object(dict.fromkeys(protocol.FEEDS, text)),
                "feed_keys": feed_keys,
            }
        ),
        "FeedKey": _object(
            {
                "key": word,
                "public_key": public_key,
                "endorsed_by": {"type": ["string", "null"]},
                "endorsement": {"type": ["string", "null"]},
            }
        ),
        "PullPage": _object(
            {
                "nonce": nonce,
                "feed": {"type": "string", "enum": list(protocol.FEEDS)},
                "reset": {"type": "boolean"},
                "more": {"type": "boolean"},
                "cursor": {"type": "string", "maxLength": protocol.CURSOR_MAX},
                "items": _list(_feed_item(word), protocol.PULL_PAGE_ITEMS),
            }
        ),
        "FeedSignature": _object(
            {
                "key": word,
                "edition": {"type": "integer", "minimum": 1},
                "of": {"type": "integer", "minimum": 1},
                "value": signature,
            }
        ),
        "Problem": _object(
            {
                "type": {
                    "type": "string",
                    "enum": [protocol.PROBLEM_PREFIX + code for code in protocol.PROBLEMS],
                },
                "title": {"type": "string", "maxLength": protocol.PROBLEM_TEXT_MAX},
                "status": {"type": "integer", "enum": sorted(_PROBLEM_STATUS)},
                "server_time": moment,
                "supported": {"type": "array", "items": {"type": "integer"}},
            },
            optional=("supported",),
        ),
    }


def _feed_item(word: Schema) -> Schema:
    signature = {"oneOf": [_ref("FeedSignature"), {"type": "null"}]}
    body = {"type": "string", "maxLength": protocol.FEED_ITEM_MAX_BYTES}
    return {
        "oneOf": [
            _object({"id": word, "body": body, "signature": signature}),
            _object({"id": word, "gone": {"type": "boolean", "const": True}}),
            _object({"id": word, "content": {"type": "object"}}),
        ]
    }


def _object(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def _list(items: Schema, most: int) -> Schema:
    return {"type": "array", "items": items, "maxItems": most}


def _pattern(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^{pattern}$"}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
