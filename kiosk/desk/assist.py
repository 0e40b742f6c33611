"""Assisted entry: a clerk fills the declared form for somebody, or finishes one handed over."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.desk.asking import Ask, Go, Page, Refused
from kiosk.desk.desk import Desk
from kiosk.desk.form_view import fields_of, kelurahan_by_kecamatan, posted
from kiosk.domain.answers import check, check_all
from kiosk.domain.filing import NotFileable
from kiosk.domain.form import Form
from kiosk.domain.problem import Problem
from kiosk.domain.service import Service
from kiosk.domain.session import raw_answers
from kiosk.domain.transaction import Draft
from kiosk.store.connection import writing
from kiosk.store.handover import Gone, TakenByOther


def services(desk: Desk, ask: Ask) -> Page | Go:
    catalogue = desk.services.catalogue
    groups = [
        (
            category.name.id,
            [
                one
                for one in catalogue.services.values()
                if one.category == category.id and one.filing == "form"
            ],
        )
        for category in catalogue.categories
    ]
    return Page("services.html", {"groups": [group for group in groups if group[1]]})


def form(desk: Desk, ask: Ask) -> Page | Go:
    """Empty, or with what a citizen handed over to this clerk."""
    service = _service(desk, ask)
    raw: Mapping[str, str] = {}
    if call := ask.args.get("id", ""):
        try:
            half = desk.store.handovers.take(call, ask.who.clerk.name)
        except TakenByOther as why:
            raise Refused(409, f"{why.by} sudah menangani isian ini.") from None
        except Gone:
            raise Refused(410, "Isian ini sudah berakhir dan dihapus.") from None
        if half is None or half.service != service.id:
            raise Refused(404, "Isian ini tidak ada.")
        raw = half.raw
    return _form(desk, ask, service, raw, {})


def file(desk: Desk, ask: Ask) -> Page | Go:
    """Check as the kiosk does, file, and take it in hand: one commit, or nothing of it."""
    service, call = _service(desk, ask), ask.args.get("id", "")
    wanted = _declared(service)
    raw = posted(desk, wanted, ask.form)
    today, regions = desk.now().date(), desk.services.regions
    values, problems = check_all(wanted, raw_answers(wanted, raw), today=today, regions=regions)
    if problems:
        return _form(desk, ask, service, raw, dict(problems), status=422)
    cautions = _cautions(desk, wanted, raw, values)
    if cautions and ask.text("sure") != "1":
        return _form(desk, ask, service, raw, {}, cautions=cautions)
    me = ask.who.clerk
    draft = Draft("application", service.id, raw_answers(wanted, raw))
    try:
        with writing(desk.store.db, desk.services.home):
            receipt = desk.services.file_draft(draft, desk.store)
            desk.store.audit.act(me.id, "assist", receipt.id, service=service.id)
            desk.store.work.take_in()
            work = desk.store.work.find(receipt.id)
            assert work is not None
            desk.store.work.act(work.dseq, "open", me.id, version=work.version)
            if call:
                desk.store.audit.act(me.id, "help_end")
                desk.store.handovers.end(call)
    except NotFileable as why:
        found = {key.partition(".")[2]: problem for key, problem in why.problems}
        return _form(desk, ask, service, raw, found, status=422)
    except ValueError:
        raise Refused(413, "Isian terlalu panjang. Pendekkan, lalu simpan lagi.") from None
    if call:
        desk.store.handovers.end(call)  # after the commit: out of the write-ahead log too
    ask.who.told = f"Tersimpan di kiosk ini. Kode untuk warga: {receipt.code}"
    return Go(f"/permohonan/{work.dseq}")


def _service(desk: Desk, ask: Ask) -> Service:
    service = desk.find_service(ask.args.get("service", ""))
    if service is None or service.filing != "form" or service.form is None:
        raise Refused(404, "Layanan ini tidak diisi di sini.")
    return service


def _declared(service: Service) -> Form:
    assert service.form is not None
    return service.form


def _cautions(
    desk: Desk, form: Form, raw: Mapping[str, str], values: Mapping[str, object]
) -> list[str]:
    """What is allowed but unusual, said once before it is filed."""
    said: dict[str, None] = {}
    given = raw_answers(form, raw)
    for item in form.fields:
        if item.name in values:
            outcome = check(
                item,
                given.get(item.name),
                today=desk.now().date(),
                regions=desk.services.regions,
                answers=values,
            )
            for caution in () if isinstance(outcome, Problem) else outcome.cautions:
                said.setdefault(f"{item.label.id}: {desk.words.caution(caution)}")
    return list(said)


def _form(
    desk: Desk,
    ask: Ask,
    service: Service,
    raw: Mapping[str, str],
    problems: Mapping[str, Problem],
    *,
    cautions: list[str] | None = None,
    status: int = 200,
) -> Page:
    shows = {
        "service": service,
        "fields": fields_of(desk, _declared(service), raw, problems),
        "regions": kelurahan_by_kecamatan(desk),
        "cautions": cautions or [],
        "call": ask.args.get("id", ""),
        "here": "/pekerjaan",
    }
    return Page("form.html", shows, status)
