"""Speaking: the open microphone, what was not understood, what is to be confirmed."""

from __future__ import annotations

from typing import Any

from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.domain.code import read_code
from kiosk.domain.session import Question
from kiosk.ui import theme
from kiosk.ui.filing import options
from kiosk.ui.hearing import Hearing, Said
from kiosk.ui.readings import GROUP, shown_signs
from kiosk.ui.screens.letter import headline
from kiosk.ui.screens.missed import missed
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import Tone, notice, paragraph
from kiosk.ui.widgets.microphone import Mic, OpenEar, microphone
from kiosk.ui.widgets.parts import Icon, Kind, Tap, Words, button
from kiosk.ui.widgets.rows import row

OPTIONS_SHOWN = 6  # more are not read while one speaks


def listen(view: View, visit: Visit) -> Screen:
    """The microphone is on, or nothing was understood."""
    hearing = visit.hearing
    assert hearing is not None
    return missed(view, visit, hearing) if hearing.missed else _open(view, visit, hearing)


def live_words(hearing: Hearing) -> str:
    spelt = hearing.task in ("digits", "code")
    return shown_signs(hearing.words, hearing.task) if spelt else hearing.words


def _open(view: View, visit: Visit, hearing: Hearing) -> Screen:
    look, say = view.look, view.say
    bars = theme.HEADER * (2 if look.portrait else 1) + theme.FOOTER + 4 * theme.GAP
    high = look.height - look.dp(bars)

    def blocks(width: float) -> list[Widget]:
        ear = OpenEar(
            look,
            (width, high),
            title=say("listen.title"),
            wait=say("listen.wait"),
            prompt=_prompt(view, hearing),
            hint=_hint(view, visit, hearing),
            promise=say("listen.not_kept"),
            words=live_words(hearing),
            level=hearing.level,
            is_open=hearing.is_open,
        )
        return [ear]

    footer = [
        button(look, "back", view.on_meant, say("listen.cancel"), icon="x", width=look.half),
        button(
            look,
            "listened",
            view.on_meant,
            say("listen.done"),
            kind="voice",
            icon="check",
            width=look.half,
        ),
    ]
    return Screen(heading="", blocks=blocks, footer=footer, touched=False, night=True)


def _prompt(view: View, hearing: Hearing) -> str:
    if hearing.task == "digits":
        return view.say("listen.group" if hearing.group is not None else "listen.digits")
    if hearing.task == "code":
        return view.say("listen.code_group" if hearing.group is not None else "listen.code")
    if hearing.task == "yesno":
        return view.say("listen.yesno")
    if hearing.task == "choice":
        return view.say("listen.choice")
    asks = hearing.begun_at.name in ("ask", "answer")
    return view.say("listen.question" if asks else "listen.need")


def _hint(view: View, visit: Visit, hearing: Hearing) -> str:
    page = visit.spoken_question
    if hearing.task == "code":
        return view.say("listen.code_example")
    if page is None:
        asks = hearing.begun_at.name in ("ask", "answer")
        return view.say("listen.question_example" if asks else "listen.need_example")
    if hearing.task == "choice":
        listed = options(view.services, view.session, page)
        return " · ".join(one.name.id for one in listed) if len(listed) <= OPTIONS_SHOWN else ""
    return headline(view, page)


def aloud(view: View, visit: Visit) -> Screen:
    """Before a number is said aloud: others may hear it, and the keys are there."""
    look, say, page = view.look, view.say, visit.spoken_question
    assert page is not None
    label = view.said(page.field.label)

    def blocks(width: float) -> list[Widget]:
        most = look.dp(700 if look.portrait else 150)
        return [
            notice(look, say("aloud.heard"), width, tone="warn", icon="ear", most=most),
            notice(look, say("aloud.rather_keys"), width, icon="shield-check", most=most),
        ]

    keys = say("listen.keys")
    return Screen(
        heading=say("aloud.title", what=label),
        blocks=blocks,
        footer=[
            microphone(
                look, view.on_meant, say("aloud.all_the_same"), width=look.half, kind="plain"
            ),
            button(
                look, "back", view.on_meant, keys, kind="main", icon="keyboard", width=look.half
            ),
        ],
        touched=False,
    )


def spoken(view: View, visit: Visit) -> Screen:
    """What was heard as the answer: nothing of it counts before it was looked at."""
    page, said = visit.spoken_question, visit.said
    assert said is not None
    if visit.speaks_code:
        right = read_code("".join(said.groups)) is not None
        wrong = "" if right else view.say("spoken.code_wrong")
        return _groups(view, said, view.say("spoken.code"), wrong, view.say("listen.type"))
    assert page is not None
    if not said.groups:
        return _choices(view, page, said)
    problem = visit.spoken_problem(page)
    wrong = view.say(f"error.{problem.code}", **problem.params) if problem else ""
    heading = view.say("spoken.digits" if said.sure else "spoken.maybe")
    return _groups(view, said, heading, wrong, view.say("listen.keys"))


def _groups(view: View, said: Said, heading: str, wrong: str, by_keys: str) -> Screen:
    """`wrong`: what is the matter with them; "" when they can be right."""
    look, say = view.look, view.say

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = [_group_row(view, said.groups, width)]
        most = look.dp(230 if look.portrait else 140)
        again = say("spoken.group_wrong")
        tone: Tone = "error" if wrong else "plain"
        icon = "alert-circle" if wrong else "microphone"
        return [*parts, notice(look, again, width, tone=tone, icon=icon, title=wrong, most=most)]

    footer = _groups_footer(view, by_keys, wrong=bool(wrong))
    return Screen(heading=heading, blocks=blocks, footer=footer, picture="ear")


def _groups_footer(view: View, by_keys: str, *, wrong: bool) -> list[Tap]:
    """By keys, and all once more or on; reading out between them where something speaks."""
    look, say, meant = view.look, view.say, view.on_meant
    voice = view.services.voice
    reads = not wrong and voice is not None and voice.speaks()
    room = look.width - 2 * look.margin - 2 * look.dp(theme.GAP)
    icons = ("", "") if reads and look.portrait else ("keyboard", "volume")
    first, last = (room * 0.32, room * 0.4) if reads else (look.half, look.half)
    footer = [button(look, "by_keys", meant, by_keys, icon=icons[0], width=first)]
    if wrong:
        return [*footer, microphone(look, meant, say("spoken.all_again"), width=last)]
    if reads:
        read = say("spoken.read_out")
        footer.append(button(look, "say:digits", meant, read, icon=icons[1], width=room * 0.28))
    right = say("spoken.right")
    return [*footer, button(look, "right:", meant, right, kind="main", icon="check", width=last)]


def _group_row(view: View, groups: list[str], width: float) -> Widget:
    """Each group to be touched and said again; as wide as of four beside each other, of a code's
    two; on an upright screen two."""
    look, gap = view.look, view.look.dp(theme.GAP)
    columns = 2 if look.portrait or len(groups) <= 2 else max(GROUP, len(groups))
    wide = (width - (columns - 1) * gap) / columns
    taps = [_group(view, place, digits, wide) for place, digits in enumerate(groups)]
    lines = -(-len(taps) // columns)
    high = taps[0].height
    box = RelativeLayout(size_hint=(None, None), size=(width, lines * high + (lines - 1) * gap))
    for place, tap in enumerate(taps):
        line, column = divmod(place, columns)
        tap.pos = (
            round(column * (wide + gap)),
            round(box.height - (line + 1) * high - line * gap),
        )
        box.add_widget(tap)
    return box


def _group(view: View, place: int, digits: str, width: float) -> Tap:
    look = view.look
    kind: Kind = "row" if len(digits) == GROUP else "warn"
    tap = Mic(
        look, f"listen:{place}", view.on_meant, size=(width, look.dp(148)), kind=kind,
        radius=theme.RADIUS_CARD,
    )  # fmt: skip
    style: dict[str, Any] = {"ink": tap.ink, "paper": tap.paper}
    sign = Icon(look, "microphone", size=look.dp(32), **style)
    again = Words(look, view.say("spoken.again"), font_px=look.dp(26), bold=True, **style)
    low = look.dp(14)
    x = (tap.width - sign.width - again.width - look.dp(6)) / 2
    tap.put(sign, x, low + (again.height - sign.height) / 2)
    tap.put(again, x + sign.width + look.dp(6), low)
    floor = low + again.height
    px = min(look.font(theme.ANGKA), int((tap.height - floor) / 1.35), int(0.4 * width))
    words = Words(look, digits, font_px=px if len(digits) <= GROUP else px // 2, bold=True, **style)
    tap.put(words, (tap.width - words.width) / 2, floor + (tap.height - floor - words.height) / 2)
    return tap


def _choices(view: View, page: Question, said: Said) -> Screen:
    look, say = view.look, view.say
    names = {one.value: view.said(one.name) for one in options(view.services, view.session, page)}
    one = said.values[0] if len(said.values) == 1 else ""

    def blocks(width: float) -> list[Widget]:
        parts: list[Widget] = [paragraph(look, headline(view, page), width, ink=look.palette.soft)]
        if one:
            return [*parts, paragraph(look, names[one], width, bold=True, token=theme.TANYA)]
        return parts + [
            row(look, f"right:{value}", view.on_meant, names[value], width, number=place)
            for place, value in enumerate(said.values, 1)
        ]

    again = microphone(look, view.on_meant, say("listen.again"), width=look.half)
    footer = [
        button(look, "back", view.on_meant, say("spoken.other"), icon="list", width=look.half),
        again,
    ]
    if one:
        room = look.width - 2 * look.margin - 2 * look.dp(theme.GAP)
        footer = [
            button(look, "back", view.on_meant, say("spoken.other"), width=room * 0.32),
            microphone(
                look, view.on_meant, say("listen.again"), width=room * 0.28, kind="plain"
            ),
            button(
                look, f"right:{one}", view.on_meant, say("spoken.right"), kind="main",
                icon="check", width=room * 0.4,
            ),
        ]  # fmt: skip
    sure = bool(one) and said.sure
    heading = say("spoken.this" if sure else "spoken.maybe" if one else "results.which")
    return Screen(heading=heading, blocks=blocks, footer=footer, picture="ear")
