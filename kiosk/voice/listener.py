"""The one voice thread: it opens the microphone while it is asked to listen, tells the level and
the words so far, and ends with exactly one Heard.

Sound stays in memory and is wiped when the listening ends; no word of it is logged.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from kiosk.domain.speech import Closed, Heard, Level, Partial, Task
from kiosk.voice.endpoint import BEFORE_S, LIMITS, EndOfSpeech
from kiosk.voice.microphone import BLOCK_S, Microphone, MicrophoneGone
from kiosk.voice.model import ModelMissing
from kiosk.voice.sound import FRAME_BYTES, FRAME_S, levels_db

if TYPE_CHECKING:
    from kiosk.voice.recogniser import Recogniser, Utterance

State = Literal["ready", "no_model", "no_microphone", "off"]
Event = Level | Partial | Closed | Heard
OnEvent = Callable[[Event], None]

ECHO_S = 0.15  # the hall's echo of the kiosk's own voice
CLOSE_S = 2.0  # a sound driver that hangs must not keep the kiosk from ending
LATE_S = 0.1  # sound is on its way that long, and fingers let go before the last word is out
FAILS_MOST = 2  # once may be that sound; again at once is the model
LOOK_S = 5.0  # a missing microphone is looked for no oftener
FAINT_DB, FULL_DB = -60.0, -12.0  # the ends of the level bar

logger = logging.getLogger(__name__)


class Mouth(Protocol):
    def say(self, text: str, lang: str, slow: bool = False) -> None: ...

    def hush(self) -> None: ...

    @property
    def speaking(self) -> bool: ...

    @property
    def present(self) -> bool: ...


class Listening:
    """One time of listening, from `Voice.listen`; both calls may come from any thread."""

    def __init__(self, task: Task, on_event: OnEvent, listed: tuple[str, ...], hold: bool) -> None:
        self.task = task
        self.listed = listed
        self.hold = hold
        self._on_event = on_event
        self._finished = threading.Event()
        self._ended = threading.Event()
        self._telling = threading.RLock()

    def finish(self) -> None:
        """The button was released: what was said so far counts."""
        self._finished.set()

    def cancel(self) -> None:
        """Nothing more comes, not even what is being worked out now."""
        with self._telling:
            self._ended.set()

    @property
    def finished(self) -> bool:
        return self._finished.is_set()

    @property
    def ended(self) -> bool:
        """Taken back, or told its Heard."""
        return self._ended.is_set()

    def tell(self, event: Event) -> None:
        with self._telling:
            if not self._ended.is_set():
                if isinstance(event, Heard):
                    self._ended.set()
                self._on_event(event)


class Voice:
    """The ear and the mouth of one kiosk. `start` begins its thread, `close` ends it."""

    def __init__(
        self,
        load: Callable[[], Recogniser],
        open_microphone: Callable[[], Microphone],
        find_problem: Callable[[], str | None],
        mouth: Mouth,
        caller: Mouth | None = None,
    ) -> None:
        """`load` raises ModelMissing; `open_microphone` raises MicrophoneGone; `find_problem` says
        why no microphone can be opened. `mouth` says what `say` is told; `caller` is somebody
        else's, and is only silenced while the microphone is open."""
        self._load = load
        self._open_microphone = open_microphone
        self._find_problem = find_problem
        self._mouth = mouth
        self._mouths = [mouth, caller] if caller is not None else [mouth]
        self._asked: queue.Queue[Listening | None] = queue.Queue()
        self._now: Listening | None = None
        self._recogniser: Recogniser | None = None  # 75 MB that a kiosk without a microphone spares
        self._fails = 0  # one after another
        self._state: State = "off"  # until it was looked
        self._thread = threading.Thread(target=self._run, name="voice", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Ends what is being listened to and said, and the thread."""
        if self._now is not None:
            self._now.cancel()
        for mouth in self._mouths:
            mouth.hush()
        self._asked.put(None)
        self._thread.join(CLOSE_S)

    def state(self) -> State:
        return self._state if self._thread.is_alive() else "off"

    def speaks(self) -> bool:
        """Whether anything can be said at all."""
        return self._mouth.present

    def listen(
        self,
        task: Task,
        on_event: OnEvent,
        *,
        phrases: tuple[str, ...] = (),
        hold: bool = False,
    ) -> Listening:
        """`on_event` is called in the voice thread; one Heard is the last it gets. `hold`: until
        `finish`, whatever the pauses. Listening again takes back what is listened to now, which
        is told so at once, in this thread."""
        before, self._now = self._now, Listening(task, on_event, phrases, hold)
        if before is not None:
            before.tell(Heard(None, "cancelled"))
        self._asked.put(self._now)
        return self._now

    def say(self, text: str, lang: str, slow: bool = False) -> None:
        """Nothing while somebody is listened to: the kiosk must not hear itself."""
        if self._now is None or self._now.ended:
            self._mouth.say(text, lang, slow)

    def hush(self) -> None:
        self._mouth.hush()

    def _run(self) -> None:
        self._look()
        while True:
            try:
                one = self._asked.get(timeout=LOOK_S if self._state == "no_microphone" else None)
            except queue.Empty:
                self._look()
                continue
            if one is None:
                return
            if self._recogniser is None:
                one.tell(Heard(None, "cancelled"))
            elif not one.ended:
                self._hear(one, self._recogniser)

    def _look(self) -> None:
        """Is there a microphone? The first one that is seen has the model loaded."""
        if problem := self._find_problem():
            if self._state != "no_microphone":
                logger.warning("microphone: %s", problem)
            self._state = "no_microphone"
            return
        if self._recogniser is None:
            try:
                self._recogniser = self._load()
            except ModelMissing as error:
                logger.warning("%s", error)
                self._state = "no_model"
                return
        self._state = "ready"

    def _hear(self, one: Listening, recogniser: Recogniser) -> None:
        self._fall_silent()
        sound = bytearray()
        try:
            detector = self._take(one, recogniser, sound)
            if one.ended:
                return
            one.tell(Closed())
            transcript = recogniser.transcribe(sound, one.task, one.listed, stop=lambda: one.ended)
        except MicrophoneGone as error:
            logger.warning("microphone: %s", error)
            self._state = "no_microphone"
            one.tell(Heard(None, "microphone_gone"))
            return
        except Exception as error:  # a damaged model, a bug: nobody else must wait for an answer
            self._failed(error)
            one.tell(Heard(None, "unclear"))
            return
        finally:
            sound[:] = bytes(len(sound))
        self._fails = 0
        understood = transcript if transcript.text or transcript.n_best else None
        if detector.too_long:
            one.tell(Heard(understood, "too_long"))
        elif understood:
            one.tell(Heard(understood, "heard"))
        else:
            one.tell(Heard(None, "silence" if detector.began is None else "unclear"))

    def _failed(self, error: Exception) -> None:
        """Where it failed is logged, not its message: that may quote what was said."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        file = Path(where.filename).name
        logger.error("recogniser: %s at %s:%s", type(error).__name__, file, where.lineno)
        self._fails += 1
        if self._fails == FAILS_MOST:
            self._recogniser, self._state = None, "no_model"

    def _fall_silent(self) -> None:
        """No mouth of this kiosk speaks into its open microphone."""
        if speaking := [mouth for mouth in self._mouths if mouth.speaking]:
            for mouth in speaking:
                mouth.hush()
            time.sleep(ECHO_S)

    def _take(self, one: Listening, recogniser: Recogniser, sound: bytearray) -> EndOfSpeech:
        """Fills `sound` until the speech has ended. The microphone is open only here."""
        detector = EndOfSpeech(LIMITS[one.task])
        words = _WordsSoFar(one, recogniser)
        late = round(LATE_S / BLOCK_S)
        microphone = self._open_microphone()
        try:
            for block in microphone.blocks():
                if one.ended:
                    break
                levels = levels_db(block)
                detector.feed(levels)
                sound += block
                block[:] = bytes(len(block))
                one.tell(Level(_bar(max(levels))))
                if detector.began is not None:
                    words.hear(sound, detector.began)
                late -= one.finished
                if late < 0 or detector.too_long or (detector.ended and not one.hold):
                    break
        finally:
            microphone.close()
        return detector


class _WordsSoFar:
    """Tells the words while they come, from shortly before the speech on."""

    def __init__(self, one: Listening, recogniser: Recogniser) -> None:
        self._one = one
        self._recogniser = recogniser
        self._utterance: Utterance | None = None
        self._heard_bytes = 0
        self._text = ""

    def hear(self, sound: bytearray, began: int) -> None:
        if self._utterance is None:
            self._utterance = self._recogniser.begin(self._one.task, self._one.listed)
            self._heard_bytes = max(0, began - round(BEFORE_S / FRAME_S)) * FRAME_BYTES
        with memoryview(sound) as view, view[self._heard_bytes :] as fresh:
            text = self._utterance.hear(fresh)
        self._heard_bytes = len(sound)
        if text != self._text:
            self._text = text
            self._one.tell(Partial(text))


def _bar(level_db: float) -> float:
    return round(min(1.0, max(0.0, (level_db - FAINT_DB) / (FULL_DB - FAINT_DB))), 3)
