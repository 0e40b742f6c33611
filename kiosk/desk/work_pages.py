"""The work queue: calls for help, new applications, and one application with what is done to it."""

from __future__ import annotations

from typing import Any, cast, get_args

from kiosk.desk.asking import Ask, Go, Page, Pdf, Refused
from kiosk.desk.desk import Desk
from kiosk.desk.form_view import written_answers
from kiosk.desk.sessions import Session
from kiosk.desk.words import PRINT_PROBLEMS
from kiosk.domain.code import read_code
from kiosk.domain.letter import letter_of
from kiosk.domain.work import REJECT_REASONS, RETURN_REASONS, Work, WorkAct
from kiosk.store.connection import writing
from kiosk.store.handover import Gone, TakenByOther
from kiosk.store.work import NotHolder, Overtaken

ROWS = 50
ENDED_ROWS = 10


def work_list(desk: Desk, ask: Ask) -> Page | Go:
    work, mine = desk.store.work, ask.who.clerk.id
    work.take_in()
    opened = work.listing(["open"], 4 * ROWS)
    accepted = work.listing(["accepted"], 4 * ROWS)
    shows: dict[str, Any] = {
        "counts": work.counts(),
        "new": [_row(desk, one) for one in work.listing(["new"], ROWS)],
        "mine": [_row(desk, one) for one in opened + accepted if one.holder == mine],
        "others": [_row(desk, one) for one in opened + accepted if one.holder != mine],
        "returned": [_row(desk, one) for one in work.listing(["returned"], ROWS)],
        "ended": [
            _row(desk, one) | {"holder": desk.clerk_name(clerk)}
            for one, clerk in work.latest_ended(ENDED_ROWS)
        ],
        "calls": _calls(desk, ask),
        "unprinted": [
            (one, desk.store.audit.dseq_of(one.txn_id))
            for one in desk.store.prints.failed(desk.now().date())
        ],
        "print_words": PRINT_PROBLEMS,
        "rows": ROWS,
    }
    return Page("work.html", shows)


def search(desk: Desk, ask: Ask) -> Page | Go:
    """By the code on a receipt; by nothing else, so nobody leafs through people's names."""
    code = read_code(ask.text("code"))
    desk.store.work.take_in()
    found = desk.store.work.find_code(code) if code else None
    if found is None:
        ask.who.told = "Kode itu tidak ada di kiosk ini. Periksa lagi tanda demi tanda."
        return Go("/pekerjaan")
    return Go(f"/permohonan/{found.dseq}")


def application(desk: Desk, ask: Ask) -> Page | Go:
    desk.store.work.take_in()
    return _application(desk, ask, _get(desk, ask.arg("dseq")))


def do(desk: Desk, ask: Ask) -> Page | Go:
    """One act with an application; a second clerk is told what the first one did."""
    act = ask.args.get("act", "")
    if act not in get_args(WorkAct):
        raise Refused(404, "Halaman ini tidak ada.")
    dseq, me = ask.arg("dseq"), ask.who.clerk.id
    before = _get(desk, dseq)
    if before.version != ask.number("version"):  # before anything else is asked of the clerk
        return _overtaken(desk, ask, before)
    reason = ask.text("reason")
    ticked = None
    if act in ("check", "accept", "return"):
        count = len(_requirements(desk, before))
        ticked = [place for place in range(count) if f"{place}" in ask.form.get("ticked", [])]
        if act == "accept" and len(ticked) < count and ask.text("sure") != "1":
            said = "Belum semua syarat dicentang. Kalau memang lengkap, tekan Terima sekali lagi."
            return _application(desk, ask, before, problem=said, ticked=ticked, sure=True)
    if act in ("return", "reject") and not reason:
        said = "Pilih alasannya dulu, supaya warga tahu apa yang harus dilakukan."
        return _application(desk, ask, before, problem=said, ticked=ticked, status=422)
    try:
        after = desk.store.work.act(
            dseq,
            cast(WorkAct, act),
            me,
            version=ask.number("version"),
            ticked=ticked,
            reason=reason,
        )
    except Overtaken as why:
        return _overtaken(desk, ask, why.work)
    except NotHolder as why:
        who = desk.clerk_name(why.work.holder) or "petugas lain"
        said = f"Tidak ada yang diubah: permohonan ini ada pada {who}. Ambil alih dulu."
        return _application(desk, ask, why.work, problem=said, status=409)
    except ValueError:
        said = "Tidak ada yang diubah: langkah itu tidak cocok dengan keadaannya sekarang."
        return _application(desk, ask, _get(desk, dseq), problem=said, status=409)
    if after.state in ("open", "accepted"):
        return Go(f"/permohonan/{dseq}")
    ask.who.told = f"{after.code}: {_ENDS[after.state]}"
    return Go("/pekerjaan")


_ENDS = {
    "new": "dilepas, menunggu petugas lain.",
    "returned": "dikembalikan kepada warga.",
    "rejected": "ditolak.",
    "done": "selesai.",
}


def draft_letter(desk: Desk, ask: Ask) -> Page | Go | Pdf:
    """The draft as a PDF, to write the real letter from; looking at it is written down too."""
    from kiosk.letters.pdf import letter_pdf  # heavy, and most pages need none

    work, session, services = _get(desk, ask.arg("dseq")), ask.who, desk.services
    service = desk.find_service(work.service)
    answers = desk.store.work.answers(work.dseq) if work.state != "new" else None
    if service is None or service.form is None or answers is None:
        raise Refused(404, "Rancangan surat ini tidak ada.")
    _write_down_look(desk, session, work)
    letter = letter_of(
        service,
        answers,
        office=services.office,
        regions=services.regions,
        day=desk.now().date(),
        code=work.code,
    )
    return Pdf(letter_pdf(letter, services.assets / "fonts"), f"rancangan-{work.code}")


def reprint(desk: Desk, ask: Ask) -> Page | Go:
    """A copy of the paper at the kiosk's printer, on this clerk's word."""
    me, back = ask.who.clerk, "/pekerjaan"
    if ask.path.startswith("/permohonan/"):
        back = f"/permohonan/{_get(desk, ask.arg('dseq')).dseq}"
    try:
        id_ = desk.store.audit.id_of(ask.arg("dseq"))
        with writing(desk.store.db, desk.services.home):
            desk.store.prints.reprint(id_, me.name)
            desk.store.audit.act(me.id, "reprint", id_)
    except KeyError:
        raise Refused(404, "Tanda terima ini tidak ada.") from None
    ask.who.told = "Dicetak ulang di printer kiosk. Ambil dan serahkan langsung."
    return Go(back)


# -- calls for help


def take_call(desk: Desk, ask: Ask) -> Page | Go:
    """A form that was handed over opens to be finished here; a call means: I am coming."""
    id_, clerk = ask.args.get("id", ""), ask.who.clerk
    try:
        with writing(desk.store.db, desk.services.home):
            half = desk.store.handovers.take(id_, clerk.name)
            desk.store.audit.act(clerk.id, "help_take")
    except TakenByOther as why:
        ask.who.told = f"{why.by} sudah menangani panggilan ini."
        return Go("/pekerjaan")
    except Gone:
        ask.who.told = "Panggilan ini sudah berakhir."
        return Go("/pekerjaan")
    return Go(f"/isi/{half.service}/{id_}" if half else "/pekerjaan")


def leave_call(desk: Desk, ask: Ask) -> Page | Go:
    clerk = ask.who.clerk
    with writing(desk.store.db, desk.services.home):
        desk.store.handovers.give_back(ask.args.get("id", ""), clerk.name)
        desk.store.audit.act(clerk.id, "help_leave")
    return Go("/pekerjaan")


def end_call(desk: Desk, ask: Ask) -> Page | Go:
    """Helped, or refused: nothing of it stays. Only who took it ends it."""
    id_, clerk = ask.args.get("id", ""), ask.who.clerk
    found = {one.id: one for one in desk.store.handovers.listing()}.get(id_)
    if found is None:
        ask.who.told = "Panggilan ini sudah berakhir."
    elif found.by != clerk.name:
        ask.who.told = f"Panggilan ini ada pada {found.by or 'belum seorang pun'}."
    else:
        with writing(desk.store.db, desk.services.home):
            desk.store.audit.act(clerk.id, "help_end")
            desk.store.handovers.end(id_)
        desk.store.handovers.end(id_)  # after the commit: out of the write-ahead log too
        ask.who.told = f"Panggilan {found.sign} selesai."
    return Go("/pekerjaan")


def _calls(desk: Desk, ask: Ask) -> list[dict[str, Any]]:
    listing = desk.open_calls()
    return [
        {
            "call": one,
            "service": desk.name_of(one.service) if one.kind == "form" else "",
            "mine": one.state == "taken" and one.by == ask.who.clerk.name,
        }
        for one in listing
    ]


# -- inside


def _get(desk: Desk, dseq: int) -> Work:
    try:
        return desk.store.work.get(dseq)
    except KeyError:
        raise Refused(404, "Permohonan ini tidak ada.") from None


def _row(desk: Desk, work: Work) -> dict[str, Any]:
    holder = desk.clerk_name(work.holder)
    return {"work": work, "service": desk.name_of(work.service), "holder": holder}


def _requirements(desk: Desk, work: Work) -> tuple[str, ...]:
    service = desk.find_service(work.service)
    fact = service.fact("requirements") if service else None
    return tuple(line.id for line in fact.lines) if fact else ()


def _application(
    desk: Desk,
    ask: Ask,
    work: Work,
    *,
    problem: str = "",
    ticked: list[int] | None = None,
    sure: bool = False,
    status: int = 200,
) -> Page:
    """Answers are shown once somebody has opened it; who looks is written down."""
    session = ask.who
    shown = work.state != "new"
    answers = None
    if shown:
        _write_down_look(desk, session, work)
        answers = desk.store.work.answers(work.dseq)
    service = desk.find_service(work.service)
    fact = service.fact("requirements") if service else None
    marks = work.ticked if ticked is None else ticked
    form = service.form if service else None
    return Page(
        "application.html",
        {
            "work": work,
            "service": desk.name_of(work.service),
            "holder": desk.clerk_name(work.holder),
            "mine": work.holder == session.clerk.id,
            "shown": shown,
            "kept": answers is not None,
            "has_letter": form is not None,
            "answers": written_answers(desk, form, answers or {}),
            "requirements": [
                (place, line, place in marks)
                for place, line in enumerate(_requirements(desk, work))
            ],
            "standing": fact.standing(desk.now().date()) if fact else "",
            "note": service.note.id if service and service.note else "",
            "return_reasons": {code: said for code, (said, _) in RETURN_REASONS.items()},
            "reject_reasons": {code: said for code, (said, _) in REJECT_REASONS.items()},
            "alike": desk.store.work.alike(work.dseq) if answers is not None else [],
            "history": desk.store.audit.listing(about=work.id),
            "problem": problem,
            "refusing": ask.args.get("act") == "reject",
            "sure": sure,
            "here": f"/permohonan/{work.dseq}",
        },
        status,
    )


def _write_down_look(desk: Desk, session: Session, work: Work) -> None:
    if work.dseq not in session.looked:
        desk.store.audit.note(session.clerk.id, "view", work.id)
        session.looked.add(work.dseq)


def _overtaken(desk: Desk, ask: Ask, work: Work) -> Page:
    said = f"Tidak ada yang diubah: {_who_was_first(desk, work)} Ini keadaan sekarang."
    return _application(desk, ask, work, problem=said, status=409)


def _who_was_first(desk: Desk, work: Work) -> str:
    """What happened to it last, by whom and when."""
    lines = [one for one in desk.store.audit.listing(about=work.id) if one.act != "view"]
    if not lines:
        return "sudah ada perubahan."
    last = lines[0]
    return f"{last.by} lebih dulu ({_DID.get(last.act, last.act)}, {last.at:%H.%M})."


_DID = {
    "open": "membuka",
    "release": "melepas",
    "check": "memeriksa syarat",
    "accept": "menerima",
    "return": "mengembalikan",
    "reject": "menolak",
    "done": "menyelesaikan",
}
