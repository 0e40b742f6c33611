"""Filing letters: whose data go where, one question a page, check, look at the draft, send."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.domain.address import address_lines
from kiosk.domain.answers import Checked
from kiosk.domain.nik import mask_nik
from kiosk.domain.session import ADDRESS_PARTS, Question, questions
from kiosk.ui import theme
from kiosk.ui.filing import options, shape
from kiosk.ui.screens.search import gone, letters
from kiosk.ui.sheet import kept
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import labelled, notice, pairs, paragraph
from kiosk.ui.widgets.field import TypedField
from kiosk.ui.widgets.keys import keypad
from kiosk.ui.widgets.microphone import microphone
from kiosk.ui.widgets.parts import Kind, Tap, button
from kiosk.ui.widgets.rows import answer_row, row

OWN_ADDRESSES = ("address", "residence")  # where one lives; others are of land, or of a mosque
OPTIONS_READ_OUT = 6  # nobody keeps more of them in mind


def privacy(view: View, visit: Visit) -> Screen:
    """Before the first personal field: who keeps what, for what, how long, whom to ask."""
    look, office = view.look, view.services.office
    errand = visit.errand
    assert errand is not None
    name = " + ".join(view.said(one.name) for one in errand.services)
    keep = (
        view.say("privacy.keep_days", days=office.keep_days)
        if office.keep_days
        else view.say("privacy.keep_unknown")
    )

    told = [
        ("who", view.say("privacy.who", office=office.name)),
        ("why", view.say("privacy.why", service=name)),
        ("what", view.say("privacy.what")),
        ("long", keep),
        ("ask", view.say("privacy.ask", contact=office.contact or office.counter)),
        ("not", view.say("privacy.not")),
    ]

    def blocks(width: float) -> list[Widget]:
        items = [(view.say(f"privacy.{key}_label"), text) for key, text in told]
        return pairs(look, items, width, most=view.look.most)

    return Screen(
        heading=view.say("privacy.title"),
        blocks=blocks,
        footer=[
            button(
                look, "back", view.on_meant, view.say("privacy.no"), width=look.half - look.dp(80)
            ),
            button(
                look,
                "agree",
                view.on_meant,
                view.say("privacy.yes"),
                kind="main",
                icon_right="arrow-right",
                width=look.half + look.dp(80),
            ),
        ],
        touched=False,
    )


def _step(view: View, visit: Visit, question: Question) -> str:
    errand = visit.errand
    assert errand is not None
    keys = [page.key for page in questions(errand.form, view.session.raw)]
    return view.say("question.step", step=keys.index(question.key) + 1, steps=len(keys))


def _problem_words(view: View, visit: Visit, question: Question) -> str:
    problem = view.session.problem
    if problem is not None:
        return view.say(f"error.{problem.code}", **problem.params)
    return " ".join(view.say(f"caution.{one.code}", **one.params) for one in view.session.cautions)


def shown_while_typing(view: View, question: Question, text: str) -> str:
    """Numbers in the groups in which people read them out."""
    if question.field.kind == "nik":
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
    if question.field.kind == "date":
        return " ".join(part for part in (text[:2], text[2:4], text[4:]) if part)
    if question.field.kind in ("rupiah", "number") and text.isdigit():
        grouped = f"{int(text):,}".replace(",", ".")
        return f"Rp {grouped}" if question.field.kind == "rupiah" else grouped
    if question.field.kind == "phone":
        return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
    return text


def question(view: View, visit: Visit) -> Screen:
    page = visit.question
    assert page is not None
    form = shape(page)
    if form == "list":
        screen = _list_question(view, visit, page)
    else:
        screen = _typed_question(view, visit, page, keys=form == "keyboard")
    screen.spoken = _read_out(view, visit, page)
    screen.strip = gone(view, visit)
    return screen


def _read_out(view: View, visit: Visit, page: Question) -> str:
    """The question, how to answer it, and the few answers there are; never what was typed."""
    parts = [headline(view, page), _hint(view, page)]
    listed = options(view.services, view.session, page) if shape(page) == "list" else []
    if len(listed) <= OPTIONS_READ_OUT:
        parts += [f"{place}: {view.said(one.name)}" for place, one in enumerate(listed, 1)]
    return ".\n".join(part.rstrip(".") for part in parts if part)


def _speak(view: View, visit: Visit, page: Question) -> tuple[str, str]:
    """What touching the microphone of this question means, and its words. A number is warned of
    first: others may hear it."""
    if shape(page) == "list":
        return "listen:", view.say("question.speak_choice")
    return f"go:aloud:{visit.session.place.about}", view.say("question.speak_digits")


def headline(view: View, page: Question) -> str:
    if not page.part:
        return view.said(page.field.question)
    if page.field.name in OWN_ADDRESSES:
        return view.say(f"address.{page.part}")
    return view.say(f"place.{page.part}", what=view.said(page.field.label))


def _hint(view: View, page: Question) -> str:
    if page.part and page.field.name in OWN_ADDRESSES:
        return view.say(f"address.{page.part}_hint")
    if page.part:
        return view.say(f"place.{page.part}_hint")
    return view.said(page.field.hint) if page.field.hint else ""


def _typed_question(view: View, visit: Visit, page: Question, *, keys: bool) -> Screen:
    look, say = view.look, view.say
    typed = view.session.raw.get(page.key, "")
    words = _problem_words(view, visit, page)
    wrong = view.session.problem is not None

    hint = _hint(view, page)

    def field(width: float) -> Widget:
        token = theme.ISI if keys else (theme.ANGKA if look.text < 1.3 else theme.TANYA)
        return TypedField(
            look, shown_while_typing(view, page, typed), width, wrong=wrong, token=token
        )

    def told(width: float) -> list[Widget]:
        if words:
            most = look.dp(64 if keys else 175) if not look.portrait else 0
            return [
                notice(
                    look,
                    words,
                    width,
                    tone="error" if wrong else "warn",
                    icon="alert-circle",
                    most=most,
                )
            ]
        return [paragraph(look, hint, width, ink=look.palette.soft)] if hint else []

    optional = not page.field.required and not typed
    done = say("question.skip") if optional else say("question.next")
    if keys:
        roomy = look.text < 1.2 or look.portrait
        return Screen(
            heading=headline(view, page),
            tray=letters(view, visit, done),
            step=_step(view, visit, page),
            touched=False,
            typed=None if roomy else field,
            blocks=(lambda width: [field(width), *told(width)]) if roomy else told,
        )
    pad = kept(
        ("keypad", look, view.session.lang, view.on_meant),
        lambda: keypad(look, view.on_meant, erase=say("keys.erase"), again=say("keys.again")),
    )
    speaks = visit.speakable(page)
    meaning, spoken = _speak(view, visit, page)
    footer = [
        button(
            look,
            "staff",
            view.on_meant,
            say("question.unknown"),
            width=look.dp(300 if look.portrait or speaks else 360),
        ),
        button(
            look,
            "next",
            view.on_meant,
            done,
            kind="main",
            icon_right="arrow-right",
            width=look.dp(336),
        ),
    ]
    if not page.field.required:
        footer = footer[1:]
    if speaks and not look.portrait:
        wide = look.dp(300)
        aloud = button(look, meaning, view.on_meant, spoken, icon="microphone", width=wide)
        footer.insert(-1, aloud)

    def blocks(width: float) -> list[Widget]:
        parts = [field(width), *told(width)]
        if speaks and look.portrait:
            parts.append(row(look, meaning, view.on_meant, spoken, width, icon="microphone"))
        return parts

    return Screen(
        heading=headline(view, page),
        blocks=blocks,
        aside=pad,
        footer=footer,
        step=_step(view, visit, page),
        touched=False,
    )


def _list_question(view: View, visit: Visit, page: Question) -> Screen:
    look = view.look
    chosen = view.session.raw.get(page.key, "")
    words = _problem_words(view, visit, page)

    def blocks(width: float) -> list[Widget]:
        rows: list[Widget] = (
            [notice(look, words, width, tone="error", icon="alert-circle")] if words else []
        )
        if visit.speakable(page):
            meaning, spoken = _speak(view, visit, page)
            rows.append(microphone(look, view.on_meant, spoken, meaning=meaning, width=width))
        for place, one in enumerate(options(view.services, view.session, page), 1):
            kind: Kind = "chosen" if one.value == chosen else "row"
            rows.append(
                row(
                    look,
                    f"choose:{one.value}",
                    view.on_meant,
                    view.said(one.name),
                    width,
                    number=place,
                    sub=view.say("address.own") if one.own else "",
                    kind=kind,
                    arrow="check" if one.value == chosen else "chevron-right",
                )
            )
        unknown = view.say("question.unknown")
        rows.append(row(look, "staff", view.on_meant, unknown, width, icon="help"))
        return rows

    return Screen(
        heading=headline(view, page),
        blocks=blocks,
        step=_step(view, visit, page),
        picture="map-pin" if page.part else "list-numbers",
    )


def answer_words(view: View, visit: Visit, field_name: str) -> str:
    """A checked answer as the check page shows it; a NIK never whole."""
    errand = visit.errand
    assert errand is not None
    field = next(one for one in errand.form.fields if one.name == field_name)
    raw = view.session.raw
    if field.kind == "address":
        parts = {part: raw.get(f"{field_name}.{part}", "") for part in ADDRESS_PARTS}
        parts["rt"], parts["rw"] = parts["rt"].zfill(3), parts["rw"].zfill(3)
        return ", ".join(address_lines(parts, view.services.regions))
    outcome = visit.problem_of(Question(field))
    value = outcome.value if isinstance(outcome, Checked) else raw.get(field_name, "")
    if value in (None, ""):
        return view.say("check.empty")
    if field.kind == "nik":
        return mask_nik(str(value))
    if field.kind == "date":
        return _day_words(view, str(value))
    if field.kind in ("rupiah", "number"):
        grouped = f"{int(str(value)):,}".replace(",", ".")
        return f"Rp {grouped}" if field.kind == "rupiah" else grouped
    if field.kind == "choice":
        return next(
            (view.said(one.name) for one in field.choices if one.value == value), str(value)
        )
    return str(value)


def _day_words(view: View, iso: str) -> str:
    year, month, day = iso.split("-")
    return f"{int(day)} {view.say(f'month.{int(month)}')} {year}"


def check(view: View, visit: Visit) -> Screen:
    """Everything once more, each with "Ubah"; clear that nothing was sent yet."""
    look = view.look
    errand = visit.errand
    assert errand is not None
    pages = questions(errand.form, view.session.raw)
    shown = list(dict.fromkeys(page.field.name for page in pages))
    first = {page.field.name: page.key for page in reversed(pages)}
    labels = {page.field.name: view.said(page.field.label) for page in pages}

    def blocks(width: float) -> list[Widget]:
        top: list[Widget] = []
        if view.session.refused:
            top = [
                notice(
                    look,
                    view.say(f"not_accepted.{view.session.refused}"),
                    width,
                    tone="error",
                    icon="alert-triangle",
                )
            ]
        return [
            *top,
            *(
                answer_row(
                    look,
                    f"change:{first[name]}",
                    view.on_meant,
                    labels[name],
                    answer_words(view, visit, name),
                    view.say("check.change"),
                    width,
                )
                for name in shown
            ),
        ]

    draft = button(
        look,
        f"go:preview:{errand.key}",
        view.on_meant,
        view.say("check.preview"),
        icon="file-description",
        width=_beside(view),
    )
    return Screen(
        heading=view.say("check.title"),
        blocks=blocks,
        footer=[draft, _send(view, len(errand.services))],
        strip=view.say("check.not_sent"),
        strip_large=True,
        picture="list-check",
    )


def _beside(view: View) -> float:
    """The width of the lesser button in one line with "Kirim"."""
    return float(view.look.half - view.look.dp(20 if view.look.portrait else 90))


def _send(view: View, letters: int) -> Tap:
    look = view.look
    words = view.say("check.send_all", count=letters) if letters > 1 else view.say("check.send")
    wide = 2 * look.half - _beside(view)
    return button(look, "send", view.on_meant, words, kind="main", icon_right="send", width=wide)


def preview(view: View, visit: Visit) -> Screen:
    """The draft of each letter as it would read; nothing of it is signed or sent."""
    look = view.look
    drafts = visit.letters()

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = []
        for draft in drafts:
            roomy = look.portrait or look.text < 1.2
            head = "\n".join(draft.head if roomy else draft.head[-1:])
            parts += labelled(look, head, [draft.title], width, icon="file-text", most=look.most)
            if len(drafts) == 1:  # of several, the answers stood on the page before
                room = look.dp(430 if look.portrait else 150)  # beside what stands above
                parts += pairs(look, list(draft.rows), width, most=room)
            parts.append(notice(look, draft.says, width, most=look.most))
        signed = f"{drafts[0].signer} – {view.say('preview.signature')}"
        parts.append(notice(look, signed, width, icon="signature", tone="warn", most=look.most))
        return parts

    return Screen(
        heading=view.say("preview.title"),
        blocks=blocks,
        footer=[
            button(look, "back", view.on_meant, view.say("preview.change"), width=_beside(view)),
            _send(view, len(drafts)),
        ],
        strip=view.say("preview.not_signed"),
        strip_large=True,
        touched=False,
    )
