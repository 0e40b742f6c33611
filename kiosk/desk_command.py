"""What `kiosk desk` does: the first administrator, and serving the pages."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

from kiosk.bootstrap import Store, build_desk
from kiosk.config import Settings
from kiosk.desk.certificate import CertificateProblem, certificate_in
from kiosk.desk.passwords import first_password, hashed
from kiosk.problems import BadInput
from kiosk.store.connection import writing


def add_admin(settings: Settings, name: str) -> dict[str, str]:
    """A new administrator, or a new password for one who forgot it. For whoever has the device's
    own command line; told once, and nowhere else."""
    password = first_password()
    store = Store(settings)
    try:
        with writing(store.db, settings.home):
            found = store.staff.find(name)
            if found is None:
                id_ = store.staff.add(name, "admin", hashed(password))
                store.audit.act(0, "staff_add", str(id_), "admin")
            elif found[0].role != "admin":
                raise BadInput(f"--add-admin {name}: is {found[0].role} here: choose another name")
            else:
                id_ = found[0].id
                store.staff.set_password(id_, hashed(password), must_change=True)
                store.staff.set_active(id_, True)
                store.audit.act(0, "staff_password", str(id_))
        return {"name": store.staff.get(id_).name, "password": password}
    except ValueError as error:
        raise BadInput(f"--add-admin: {error}") from None
    finally:
        store.close()


def run_desk(settings: Settings, host: str, port: int, beat: Callable[[], None]) -> None:
    """Serve until stopped; `beat` as in `serve`. BadInput for an address that cannot be used."""
    from kiosk.desk.server import serve

    try:
        certificate = certificate_in(settings.home)
    except CertificateProblem as error:
        raise BadInput(str(error)) from None
    store = Store(settings)
    try:  # a database that cannot be used, or a step to take, before anybody comes
        known = bool(store.staff.listing())
    finally:
        store.close()
    _refuse_taken(host, port)
    shown = socket.gethostname() if host in ("0.0.0.0", "::") else host
    print(f"kiosk desk: https://{shown}:{port}/ (television: /tv)", file=sys.stderr)
    print(f"kiosk desk: SHA-256 {certificate.fingerprint}", file=sys.stderr)
    if host in ("127.0.0.1", "::1", "localhost"):
        print(
            "kiosk desk: only this machine can open it; --host 0.0.0.0 for the office network",
            file=sys.stderr,
        )
    if not known:
        print("kiosk desk: nobody can come in yet: kiosk desk --add-admin NAME", file=sys.stderr)
    serve(build_desk(settings), certificate, host, port, beat)


def _refuse_taken(host: str, port: int) -> None:
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0]) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address[4])
    except OSError as error:
        why = error.strerror or str(error)
        raise BadInput(f"--host {host} --port {port}: {why}: choose another") from None
