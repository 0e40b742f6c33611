"""`kiosk desk`: the pages over TLS on the office network, until it is told to stop."""

from __future__ import annotations

import logging
from collections.abc import Callable

import uvicorn

from kiosk.desk.app import build_app
from kiosk.desk.certificate import Certificate
from kiosk.desk.desk import Desk
from kiosk.desk.services import DeskServices

PORT = 8443
CONNECTIONS_MAX = 200
STOP_WITHIN_S = 3
BEATS_EVERY_S = 2


def serve(
    services: DeskServices,
    certificate: Certificate,
    host: str,
    port: int,
    beat: Callable[[], None] = lambda: None,
) -> None:
    """Returns when the process is asked to stop. `beat` is called by the loop that answers
    browsers, every few seconds, from when it listens."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)

    async def alive() -> None:
        beat()

    config = uvicorn.Config(
        build_app(Desk(services, certificate)),
        host=host,
        port=port,
        loop="asyncio",  # what the package carries, wherever we run
        http="h11",
        ssl_certfile=str(certificate.certificate),
        ssl_keyfile=str(certificate.key),
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        lifespan="on",
        callback_notify=alive,
        timeout_notify=BEATS_EVERY_S,
    )
    uvicorn.Server(config).run()
