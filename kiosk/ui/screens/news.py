"""What the city announces: only what it signed, only on its days, with who says it until when."""

from __future__ import annotations

from kivy.uix.widget import Widget

from kiosk.domain.announcement import Announcement
from kiosk.ui.view import Screen, View
from kiosk.ui.visit import Visit
from kiosk.ui.widgets.boxes import notice
from kiosk.ui.widgets.rows import row

NEWS_MOST = 12  # on the screen; a city that says more says nothing


def said_by(view: View, one: Announcement) -> str:
    """Whose word it is, and from when to when it holds."""
    lang, sentences = view.session.lang, view.sentences
    begins, until = sentences.day(lang, one.begins), sentences.day(lang, one.until)
    return view.say("news.said_by", source=one.source, begins=begins, until=until)


def news(view: View, visit: Visit) -> Screen:
    look, told = view.look, view.services.announcements()[:NEWS_MOST]

    def blocks(width: float) -> list[Widget]:
        if not told:
            return [notice(look, view.say("news.none"), width, icon="news-off", most=look.most)]
        return [
            notice(
                look,
                f"{view.said(one.text)}\n{said_by(view, one)}",
                width,
                title=view.said(one.title),
                icon="speakerphone",
                most=look.most,
            )
            for one in told
        ]

    return Screen(heading=view.say("news.title"), blocks=blocks, touched=False)


def door(view: View, width: float) -> list[Widget]:
    """To the announcements, from the first page; nothing where there are none."""
    told = view.services.announcements()
    if not told:
        return []
    title = view.said(told[0].title)
    wide = len(told) > 1 and view.look.text < 1.3
    more = view.say("news.more", count=len(told)) if wide else ""
    return [
        row(
            view.look,
            "go:news",
            view.on_meant,
            title,
            width,
            icon="speakerphone",
            tail=more,
            one_line=True,
        )
    ]
