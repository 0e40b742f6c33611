"""Who may come in: for the administrator."""

from __future__ import annotations

from kiosk.desk.asking import Ask, Go, Page, Refused
from kiosk.desk.desk import Desk
from kiosk.desk.passwords import first_password, hashed
from kiosk.store.connection import writing
from kiosk.store.staff import NAME_MAX_CHARS, ROLES, Clerk, LastAdmin, NameTaken, Role


def people(desk: Desk, ask: Ask) -> Page | Go:
    return _people(desk, ask)


def add(desk: Desk, ask: Ask) -> Page | Go:
    name, role = ask.text("name"), _role(ask)
    password = first_password()
    try:
        with writing(desk.store.db, desk.services.home):
            id_ = desk.store.staff.add(name, role, hashed(password))
            desk.store.audit.act(ask.who.clerk.id, "staff_add", str(id_), role)
    except NameTaken:
        return _people(desk, ask, problem="Nama itu sudah dipakai.", status=409)
    except ValueError:
        said = f"Tulis nama dalam satu baris, paling banyak {NAME_MAX_CHARS} huruf."
        return _people(desk, ask, problem=said, status=422)
    return _people(desk, ask, made=(desk.store.staff.get(id_).name, password))


def change(desk: Desk, ask: Ask) -> Page | Go:
    """A new password, another role, gone or back. Each ends that person's log-ins."""
    act, staff, me = ask.args.get("act", ""), desk.store.staff, ask.who.clerk
    person = _person(desk, ask.arg("id"))
    made = None
    try:
        with writing(desk.store.db, desk.services.home):
            if act == "sandi":
                made = (person.name, first_password())
                staff.set_password(person.id, hashed(made[1]), must_change=True)
                desk.store.audit.act(me.id, "staff_password", str(person.id))
            elif act == "peran":
                role = _role(ask)
                staff.set_role(person.id, role)
                desk.store.audit.act(me.id, "staff_role", str(person.id), role)
            elif act in ("nonaktif", "aktif"):
                staff.set_active(person.id, act == "aktif")
                did = "staff_on" if act == "aktif" else "staff_off"
                desk.store.audit.act(me.id, did, str(person.id))
            else:
                raise Refused(404, "Halaman ini tidak ada.")
    except LastAdmin:
        said = "Harus ada paling sedikit satu pengelola yang aktif."
        return _people(desk, ask, problem=said, status=409)
    desk.sessions.end_all_of(person.id)
    if person.id == me.id:
        return Go("/masuk", token="")
    return _people(desk, ask, made=made) if made else Go("/staf")


def _people(
    desk: Desk,
    ask: Ask,
    *,
    made: tuple[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Page:
    """`made` is a new password: on this page alone, and never again."""
    shows = {
        "people": desk.store.staff.listing(),
        "roles": ROLES,
        "made": made,
        "problem": problem,
        "certificate": desk.certificate,
        "until": desk.words.short_day(desk.certificate.until) if desk.certificate else "",
    }
    return Page("people.html", shows, status)


def _person(desk: Desk, id_: int) -> Clerk:
    try:
        return desk.store.staff.get(id_)
    except KeyError:
        raise Refused(404, "Orang ini tidak ada.") from None


def _role(ask: Ask) -> Role:
    role = ask.text("role")
    if role not in ROLES:
        raise Refused(422, "Pilih peran dari daftar.")
    return role
