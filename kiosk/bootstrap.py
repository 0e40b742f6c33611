"""The one place that knows every concrete class. Heavy parts are imported where they are needed,
so that a quick command stays quick."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from kiosk import staff_pin
from kiosk.config import WIB, Settings
from kiosk.domain.filing import NotFileable, fileable
from kiosk.domain.regions import Regions
from kiosk.domain.service import Catalogue, Text
from kiosk.domain.transaction import Draft, Receipt, Unsent
from kiosk.store.catalogue import load_catalogue
from kiosk.store.feeds import announcements_on
from kiosk.store.problems import DatabaseUnusable, NotInService, StorageFull, TryLater
from kiosk.store.regions import load_regions

if TYPE_CHECKING:
    from sqlite_utils import Database

    from kiosk.desk.services import DeskServices
    from kiosk.domain.local_fact import Laid
    from kiosk.domain.service import Lang
    from kiosk.lookup.dialogue import Talk
    from kiosk.lookup.understanding import Understanding
    from kiosk.lookup.wording import Find
    from kiosk.printing import PrintWorker
    from kiosk.store.audit import Audit
    from kiosk.store.corrections import Corrections
    from kiosk.store.handover import Handovers
    from kiosk.store.local_facts import LocalFacts
    from kiosk.store.outbox import Outbox
    from kiosk.store.prints import Prints
    from kiosk.store.queue import Queue
    from kiosk.store.staff import StaffList
    from kiosk.store.transactions import Transactions
    from kiosk.store.work import WorkList
    from kiosk.ui.services import UiServices
    from kiosk.voice.listener import Voice
    from kiosk.voice.recogniser import Recogniser
    from kiosk.voice.speaker import Speaker

ENROL_LOOK_S = 2.0  # a device that is not enrolled yet waits for it, it does not crash

Filed = TypeVar("Filed")

logger = logging.getLogger(__name__)


def now() -> datetime:
    """Aware, in the kiosk's local time."""
    return datetime.now(WIB)


def catalogue_of(settings: Settings) -> Catalogue:
    return load_catalogue(settings.assets)


@dataclass(frozen=True, slots=True)
class Shown:
    """What citizens are told: the package's, over it the city's, over it this office's word."""

    catalogue: Catalogue
    laid: tuple[Laid, ...] = ()
    holidays: Mapping[date, Text] = field(default_factory=dict)  # those the city told
    announcements: tuple[Mapping[str, Any], ...] = ()
    version: tuple[str, ...] = ("", "", "", "", "0")  # as `layers_version` of an empty store


def layers_version(store: Store) -> tuple[str, ...]:
    """Changes when what citizens are told may have changed; costs microseconds."""
    names = ("cursor:catalogue", "cursor:holidays", "cursor:announcements", "feed_keys")
    told = [store.outbox.get(name) or "" for name in names]
    return (*told, str(store.local_facts.count()))


def shown_of(settings: Settings) -> Shown:
    """With what the store holds, if it can be opened: the package alone is better than nothing."""
    from kiosk.layers import published, shown_catalogue
    from kiosk.store.connection import DATABASE_NAME
    from kiosk.store.feeds import holidays_told

    if not (settings.home / DATABASE_NAME).exists():
        return Shown(catalogue_of(settings))
    store = Store(settings)
    try:
        version = layers_version(store)  # first: what comes meanwhile is met at the next look
        catalogue, laid = shown_catalogue(
            settings.assets, settings.home, store.outbox, store.local_facts
        )
        holidays, unheld = published(store.outbox, "holidays")
        announced, unread = published(store.outbox, "announcements")
        problems = (*catalogue.problems, *unheld, *unread)
        return Shown(
            version=version,
            catalogue=replace(catalogue, problems=problems),
            laid=laid,
            holidays=holidays_told(holidays.values()),
            announcements=tuple(announced.values()),
        )
    except (DatabaseUnusable, TryLater) as error:
        # Whoever goes on to use the store says what is wrong with it.
        logger.info("the package's own catalogue is shown: %s", error)
        return Shown(catalogue_of(settings))
    finally:
        store.close()


def regions_of(settings: Settings) -> Regions:
    return load_regions(settings.assets / "regions.tsv")


def understanding_of(settings: Settings, catalogue: Catalogue) -> Understanding:
    from kiosk.lookup.keeping import understanding

    return understanding(catalogue.services.values(), settings.home, settings.assets)


def talk_of(
    settings: Settings,
    catalogue: Catalogue,
    find: Find,
    lang: Lang,
    told: Mapping[date, Text] | None = None,
) -> Talk:
    """A conversation that has not begun yet; `find` as `understanding_of(…).find`. `told` are
    holidays that the city published."""
    from kiosk.lookup.dialogue import Talk
    from kiosk.store.holidays import load_holidays

    holidays = load_holidays(settings.assets / "holidays.toml") | dict(told or {})
    return Talk(catalogue, find, office=settings.office, holidays=holidays, lang=lang)


def emergency_words_of() -> Callable[[str, Lang], Sequence[str]]:
    """The words a conversation answers an emergency with, for those who ask nothing."""
    from kiosk.lookup.helplines import emergency_words, load_emergency

    table = load_emergency()
    return lambda kind, lang: emergency_words(table, kind, lang).lines


def model_folder(settings: Settings) -> Path:
    """KIOSK_VOICE_MODEL, else the model that is shipped."""
    if chosen := os.environ.get("KIOSK_VOICE_MODEL"):
        return Path(os.path.expanduser(chosen)).absolute()  # Path's own raises for an unknown user
    return settings.assets.parent / "offline_models" / "id-small"


def recogniser_of(settings: Settings) -> Recogniser:
    """Raises ModelMissing."""
    from kiosk.voice.model import ModelMissing, check_folder

    folder = model_folder(settings)
    check_folder(folder)
    try:
        from kiosk.voice.recogniser import Recogniser
    except (ImportError, OSError) as error:
        raise ModelMissing(f"vosk cannot be loaded: {error}: run make run again") from None
    return Recogniser(folder)


def voice_of(settings: Settings, caller: Speaker | None) -> Voice:
    """The ear and the mouth, its thread begun; it tells itself what it lacks. While it listens
    `caller` is silent too."""
    from kiosk.voice.listener import Voice
    from kiosk.voice.microphone import chosen, find_problem, open_microphone
    from kiosk.voice.speaker import Speaker

    device = chosen()
    voice = Voice(
        load=lambda: recogniser_of(settings),
        open_microphone=lambda: open_microphone(device),
        find_problem=lambda: find_problem(device),
        mouth=Speaker(),
        caller=caller,
    )
    voice.start()
    return voice


def caller_of() -> Speaker | None:
    """The mouth that calls out numbers; None on a machine that cannot speak."""
    from kiosk.voice.speaker import Speaker

    speaker = Speaker()
    return speaker if speaker.present else None


def printing_of(settings: Settings, catalogue: Catalogue) -> PrintWorker | None:
    """The thread that prints, begun; None where no printer is set up."""
    if settings.printer is None:
        return None
    from kiosk.printing import PrintWorker

    worker = PrintWorker(settings, catalogue)
    worker.start()
    return worker


class Store:
    """The database of one home, opened at its first use, in the thread that uses it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def db(self) -> Database:
        from kiosk.store.connection import open_database

        return open_database(self._settings.home)

    @cached_property
    def transactions(self) -> Transactions:
        from kiosk.store.transactions import Transactions

        office = self._settings.office
        return Transactions(
            self.db,
            self._settings.home,
            kiosk_prefix=office.kiosk_prefix,
            queue_prefix=office.queue_prefix,
            zone=WIB,
        )

    @cached_property
    def outbox(self) -> Outbox:
        from kiosk.store.outbox import Outbox

        return Outbox(
            self.db, self._settings.home, keep_days=self._settings.office.keep_days, zone=WIB
        )

    @cached_property
    def local_facts(self) -> LocalFacts:
        from kiosk.store.local_facts import LocalFacts

        return LocalFacts(self.db, self._settings.home)

    @cached_property
    def corrections(self) -> Corrections:
        from kiosk.store.corrections import Corrections

        return Corrections(self.db, self._settings.home)

    @cached_property
    def queue(self) -> Queue:
        from kiosk.store.queue import Queue

        return Queue(self.db, self._settings.home, zone=WIB)

    @cached_property
    def handovers(self) -> Handovers:
        from kiosk.store.handover import Handovers

        return Handovers(self.db, self._settings.home, zone=WIB)

    @cached_property
    def prints(self) -> Prints:
        from kiosk.store.prints import Prints

        return Prints(self.db, self._settings.home, zone=WIB)

    @cached_property
    def audit(self) -> Audit:
        from kiosk.store.audit import Audit

        return Audit(self.db, self._settings.home, self.transactions, zone=WIB)

    @cached_property
    def staff(self) -> StaffList:
        from kiosk.store.staff import StaffList

        return StaffList(self.db, self._settings.home)

    @cached_property
    def work(self) -> WorkList:
        from kiosk.store.work import WorkList

        return WorkList(self.db, self._settings.home, self.audit, zone=WIB)

    def close(self) -> None:
        if "db" in self.__dict__:
            self.db.close()


def file_draft(draft: Draft, store: Store, catalogue: Catalogue, regions: Regions) -> Receipt:
    """Check, then commit: the only way an errand is filed, for screens and for `kiosk submit`.

    Raises NotFileable, DatabaseUnusable or TryLater; then nothing is stored.
    """
    checked = fileable(draft, catalogue, today=now().date(), regions=regions)
    return store.transactions.accept(checked)


def file_drafts(
    drafts: Sequence[Draft], store: Store, catalogue: Catalogue, regions: Regions
) -> tuple[Receipt, ...]:
    """As `file_draft`, for the letters of one errand: all of them in one commit, or none."""
    today = now().date()
    checked = [fileable(one, catalogue, today=today, regions=regions) for one in drafts]
    return store.transactions.accept_all(checked)


def build_ui(settings: Settings, store: Store | None = None) -> UiServices:
    """All that the screens need. The database is opened by the first call that needs it, so the
    "out of order" screen can be drawn without one. `store`: the one that is open already."""
    from kiosk.counter import Counter
    from kiosk.ui.idle import IdleLimits
    from kiosk.ui.services import NotAccepted, UiServices

    shown = shown_of(settings)
    catalogue = shown.catalogue
    for problem in catalogue.problems:
        logger.warning("catalogue: %s: %s: %s", problem.file, problem.key, problem.message)
    regions = regions_of(settings)
    store = store or Store(settings)
    find = understanding_of(settings, catalogue).find

    def accept(draft: Draft) -> Receipt:
        receipt = stored(lambda: file_draft(draft, store, catalogue, regions))
        counter.print_record(receipt, draft.lang)
        return receipt

    def accept_all(drafts: Sequence[Draft]) -> tuple[Receipt, ...]:
        receipts = stored(lambda: file_drafts(drafts, store, catalogue, regions))
        for receipt in receipts:
            counter.print_record(receipt, drafts[0].lang)
        return receipts

    def stored(file: Callable[[], Filed]) -> Filed:
        try:
            return file()
        except NotFileable as error:
            logger.warning("draft not fileable: %s", error)
            raise NotAccepted("refused") from None
        except StorageFull:
            raise NotAccepted("full") from None
        except NotInService:
            raise NotAccepted("revoked") from None
        except (DatabaseUnusable, TryLater) as error:
            logger.error("%s", error)
            raise NotAccepted("broken") from None

    def receipt(txn_id: str) -> Receipt:
        return store.transactions.receipt(txn_id)

    def unsent() -> Unsent:
        return store.transactions.unsent()

    def version() -> int:
        return store.outbox.data_version()

    def in_service() -> bool:
        try:
            return store.transactions.in_service()
        except (DatabaseUnusable, TryLater):
            return True  # whoever goes on to use the store says what is wrong with it

    def corrected(shown: str, chosen: str) -> None:
        """A count for the editor; when it cannot be stored, the errand goes on all the same."""
        try:
            store.corrections.count(now().date(), shown, chosen)
        except (DatabaseUnusable, TryLater) as error:
            logger.warning("a correction was not counted: %s", error)

    def renewed() -> UiServices | None:
        try:
            if layers_version(store) == shown.version:
                return None
        except (DatabaseUnusable, TryLater):
            return None
        return build_ui(settings, store)  # calls and papers go on over the same one

    counter = Counter(settings, store, catalogue, regions, stored)
    return UiServices(
        catalogue=catalogue,
        regions=regions,
        office=settings.office,
        find=find,
        talk=lambda lang: talk_of(settings, catalogue, find, lang, shown.holidays),
        emergency_words=emergency_words_of(),
        corrected=corrected,
        accept=accept,
        accept_all=accept_all,
        receipt=receipt,
        unsent=unsent,
        version=version,
        now=now,
        idle=IdleLimits(settings.info_s, settings.form_s, settings.warning_s),
        staff=StaffAtScreen(settings.home),
        counter=counter,
        renewed=renewed,
        announcements=lambda: announcements_on(now().date(), shown.announcements),
        in_service=in_service,
    )


class StaffAtScreen:
    """What `kiosk.ui.services.Staff` asks for."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def has_pin(self) -> bool:
        return staff_pin.has_pin(self._home)

    def wait_s(self) -> float:
        return staff_pin.wait_s(self._home, time.time())

    def fits(self, pin: str) -> bool:
        try:
            return staff_pin.fits(self._home, pin, time.time())
        except OSError as error:  # a guess that cannot be counted is not looked at
            logger.warning("the staff PIN could not be tried: %s", error)
            return False

    def checks(self) -> list[tuple[str, str, str]]:
        from kiosk.doctor import checks

        return [(check.name, check.state, check.detail) for check in checks(self._home)]


def run_agent(
    store: Store, settings: Settings, stop: threading.Event, beat: Callable[[], None]
) -> str | None:
    """Sync until `stop` is set, waiting for the enrolment first. What stopped it, if not `stop`.

    `beat` is called whenever the agent turns to its outbox or looks at `stop`.
    """
    from kiosk.watchdog import BeatingOutbox, BeatingStop
    from sync.agent import open_agent
    from sync.link import LinkWatch

    outbox = cast("Outbox", BeatingOutbox(store.outbox, beat))
    sign = BeatingStop(stop, beat)
    link = LinkWatch()
    try:
        while not sign.is_set():
            if outbox.device() is None:
                stop.wait(ENROL_LOOK_S)
                continue
            agent = open_agent(
                outbox,
                settings.home,
                ca_file=settings.ca_file,
                not_now=(TryLater,),
                link_up=link.came_up,
            )
            summary = agent.run_forever(sign, outbox.data_version)
            if summary.stopped:
                return summary.problem
        return None
    finally:
        link.close()


def build_desk(settings: Settings) -> DeskServices:
    """All that the desk's pages need; each of its threads opens a store of its own."""
    from kiosk.desk.services import DeskServices, DeskStore
    from kiosk.store.queue import load_lines

    catalogue, regions = shown_of(settings).catalogue, regions_of(settings)

    def file(draft: Draft, store: DeskStore) -> Receipt:
        assert isinstance(store, Store)
        return file_draft(draft, store, catalogue, regions)

    return DeskServices(
        home=settings.home,
        assets=settings.assets,
        catalogue=catalogue,
        regions=regions,
        office=settings.office,
        lines=load_lines(settings.assets / "queue.toml"),
        idle_s=settings.desk_s,
        now=now,
        open_store=lambda: Store(settings),
        file_draft=file,
    )
