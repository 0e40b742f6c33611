"""In and out: log-in, lock, and one's own password."""

from __future__ import annotations

import math

from kiosk.desk.asking import Ask, Go, Page
from kiosk.desk.desk import FIRST_PAGE, Desk
from kiosk.desk.passwords import MOST_CHARS, fits, hashed, password_problem
from kiosk.store.staff import NAME_MAX_CHARS

COUNTERS = tuple(str(number) for number in range(1, 10))


def first(desk: Desk, ask: Ask) -> Page | Go:
    return Go(FIRST_PAGE[ask.who.role])


def ask_in(desk: Desk, ask: Ask) -> Page | Go:
    if ask.session is not None:
        return Go(FIRST_PAGE[ask.session.role])
    return _entrance(ask, locked="kunci" in ask.query, to=ask.query.get("ke", ""))


def come_in(desk: Desk, ask: Ask) -> Page | Go:
    """The same words for a wrong name and a wrong password, after the same time."""
    name, password = ask.text("name")[: 2 * NAME_MAX_CHARS], ask.text("password")[:MOST_CHARS]
    name = " ".join(name.split())
    staff, to = desk.store.staff, ask.text("to")
    if (wait_s := staff.wait_s(name, ask.address)) > 0:
        minutes, seconds = divmod(math.ceil(wait_s), 60)
        how_long = f"{minutes} menit {seconds} detik" if minutes else f"{seconds} detik"
        said = f"Terlalu sering salah. Tunggu {how_long}, lalu coba lagi."
        return _entrance(ask, problem=said, name=name, to=to, status=429)
    staff.trying(name, ask.address)
    found = staff.find(name)
    clerk, kept = found if found else (None, None)
    if not fits(password, kept) or clerk is None or not clerk.active:
        desk.store.audit.note(clerk.id if clerk else 0, "login_failed")
        said = "Nama atau kata sandi belum cocok."
        return _entrance(ask, problem=said, name=name, to=to, status=401)
    staff.passed(name, ask.address)
    token, session = desk.sessions.begin(clerk, ask.address)
    kept_counter = ask.cookies.get("__Host-loket", "")
    session.counter = kept_counter if kept_counter in COUNTERS else ""
    desk.store.audit.note(clerk.id, "login")
    return Go(_inside(to) or FIRST_PAGE[clerk.role], token=token)


def leave(desk: Desk, ask: Ask) -> Page | Go:
    desk.store.audit.note(ask.who.clerk.id, "logout")
    return Go("/masuk", token="")


def lock(desk: Desk, ask: Ask) -> Page | Go:
    """By hand, or by the page after a while without a touch."""
    desk.store.audit.note(ask.who.clerk.id, "lock")
    return Go("/masuk?kunci=1", token="")


def still_here(desk: Desk, ask: Ask) -> Page | Go:
    """Somebody types or moves the mouse: being asked was enough."""
    return Page("empty.html", status=200)


def ask_password(desk: Desk, ask: Ask) -> Page | Go:
    return Page("password.html", {"problem": "", "first": ask.who.clerk.must_change})


def change_password(desk: Desk, ask: Ask) -> Page | Go:
    """A stolen open screen must not be enough: the old one is asked, and guessing it is slow."""
    clerk = ask.who.clerk
    staff = desk.store.staff
    old, new, again = (ask.text(name) for name in ("old", "new", "again"))
    problem = None
    if staff.wait_s(clerk.name, ask.address) > 0:
        problem = "Terlalu sering salah. Tunggu sebentar, lalu coba lagi."
    else:
        staff.trying(clerk.name, ask.address)
        found = staff.find(clerk.name)
        if found is None or not fits(old[:MOST_CHARS], found[1]):
            problem = "Kata sandi lama belum cocok."
        else:
            staff.passed(clerk.name, ask.address)
            if new != again:
                problem = "Kedua kata sandi baru belum sama."
            elif new == old:
                problem = "Pilih kata sandi yang lain dari yang lama."
            else:
                problem = password_problem(new, clerk.name)
    if problem:
        shows = {"problem": problem, "first": clerk.must_change}
        return Page("password.html", shows, 422)
    staff.set_password(clerk.id, hashed(new), must_change=False)
    desk.store.audit.note(clerk.id, "password")
    desk.sessions.end_all_of(clerk.id)
    token, session = desk.sessions.begin(staff.get(clerk.id), ask.address)
    session.counter = ask.who.counter
    session.told = "Kata sandi sudah diganti."
    return Go(FIRST_PAGE[clerk.role], token=token)


def _entrance(
    ask: Ask,
    *,
    problem: str = "",
    name: str = "",
    to: str = "",
    locked: bool = False,
    status: int = 200,
) -> Page:
    shows = {"problem": problem, "name": name, "to": _inside(to), "locked": locked}
    return Page("entrance.html", shows, status)


def _inside(path: str) -> str:
    """A page of this desk, "" for any other address."""
    plain = path.startswith("/") and path.isascii() and path.isprintable() and len(path) < 200
    return path if plain and not path.startswith(("//", "/\\")) and "\\" not in path else ""
