"""One data folder at work: settings and passwords, log, test of the mail, the collector.

There is the real one and the demo's; screens ask `ActiveWorkspace.current` for the one in force.
Knows nothing of windows.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from kollect.app.customer_data import CustomerData
from kollect.errors import SettingsFileDamaged, SettingsTrouble, StorageTrouble, Trouble
from kollect.settings import ini_file, ini_format
from kollect.settings.model import Passwords, Settings, TextSize
from kollect.settings.number_format import number_text
from kollect.storage import event_log, temporary_files
from kollect.storage.data_folder import DataFolder
from kollect.storage.log_sentences import COLLECTING_BEGAN, TROUBLE
from kollect.storage_errors import storage_trouble
from kollect.threads import safe_thread

if TYPE_CHECKING:  # the window has to be there before sockets, SQL and the keyring are loaded
    from kollect.app.arrival_trial import ArrivalTrial
    from kollect.app.first_steps import Progress
    from kollect.app.mail_test import LastMailTest, MailTestStep
    from kollect.collector.events import CollectorEvent
    from kollect.collector.worker import CollectorWorker
    from kollect.demo.server import DemoServer
    from kollect.diagnosis.finding import Finding
    from kollect.mailing.mailing_events import MailingEvent
    from kollect.mailing.mailing_worker import MailingWorker
    from kollect.settings.passwords import PasswordStore, Which
    from kollect.setup.found_servers import FoundServers, LookedUp

log = logging.getLogger(__name__)

Listener = Callable[["CollectorEvent"], None]


class Workspace(CustomerData):
    """The real one. `open` before anything else, `close` at the end."""

    in_demo = False

    def __init__(self, folder: DataFolder, listener: Listener) -> None:
        """`listener` is told what the collector does, in the collector's thread."""
        super().__init__(folder, self.settings)
        self._listener = listener
        self._settings = Settings()
        self._trouble: Trouble | None = None
        self._log: event_log.MonthlyLog | None = None
        self._vault_made: PasswordStore | None = None
        self._lock = threading.Lock()
        self.worker: CollectorWorker | None = None
        self._mailer: MailingWorker | None = None
        self._last_test: LastMailTest | None = None

    def open(self) -> None:
        """Begin to work. Raises StorageTrouble; trouble with the settings is told by `settings`."""
        self.folder.prepare()
        temporary_files.clear(self.folder)
        self.resume()
        self.reload()

    def resume(self) -> None:
        """Write the log here again, after another workspace had it."""
        self._log = event_log.install(self.folder)

    def reload(self) -> None:
        """Read the settings from the disk again."""
        self._trouble = None
        try:
            self._settings = ini_file.load(self.folder.ini)
        except Trouble as trouble:
            log.log(TROUBLE, "%s", trouble)
            self._trouble = trouble
            self._settings = self._readable_part()

    def close(self) -> None:
        """End the log here, collector and sender after the mail in hand. May take a while."""
        self.come_to_rest()
        temporary_files.clear(self.folder)
        if self._log is not None:
            self._log.__exit__()

    def come_to_rest(self, seconds: float | None = None) -> bool:
        """End collector and sender after the mail in hand, and wait for at most so long.

        Returns whether both have ended. From any thread but theirs.
        """
        self.stop_collecting()
        self.stop_mailing()
        ends = None if seconds is None else time.monotonic() + seconds
        for worker in (self.worker, self._mailer):
            if worker is not None:
                worker.join(None if ends is None else max(0.0, ends - time.monotonic()))
        return self.at_rest

    def warning_of_place(self) -> Trouble | None:
        """What is to be said, once, of where the data folder is. Raises Trouble."""
        from kollect.app import folder_warnings

        return folder_warnings.new_warning(self.folder)

    # ---- settings and passwords ----

    def settings(self) -> Settings:
        """Those in force. Raises what was wrong with the file."""
        if self._trouble is not None:
            raise self._trouble
        return self._settings

    def readable_settings(self) -> Settings:
        """What can be read of them, to be mended on the screen."""
        return self._settings

    def save(self, settings: Settings, passwords: Passwords) -> None:
        """Put them into force and on the disk. Raises Trouble, and then nothing has changed."""
        settings = replace(settings, screen=self._settings.screen)
        with self._passwords_kept(passwords):
            ini_file.save(self.folder.ini, settings)
        self._settings, self._trouble = settings, None
        log.info("設定を保存しました。")
        self.poll_now()  # it may wait for mail with the old ones

    @contextmanager
    def _passwords_kept(self, passwords: Passwords) -> Iterator[None]:
        """Keep them for what is done in this block; where it fails, those before are back.

        The passwords go first: they can be taken back without writing to the disk.
        """
        before = self._known_passwords()
        try:
            self.keep_passwords(passwords)
            yield
        except BaseException:
            with suppress(*safe_thread.FAULTS):
                self.keep_passwords(before)
            raise

    def _known_passwords(self) -> Passwords:
        vault = self._vault()
        return Passwords(receive=vault.get("receive"), send=vault.get("send"))

    def remember_text_size(self, size: TextSize) -> None:
        """Raises Trouble."""
        self._settings = replace(
            self._settings, screen=replace(self._settings.screen, text_size=size)
        )
        if self._trouble is None and self.folder.ini.exists():
            ini_file.save(self.folder.ini, self._settings)

    def passwords(self) -> Passwords:
        """Those known on this PC. The keyring may be slow."""
        return self._vault().find(self._settings)

    def missing_passwords(self, settings: Settings) -> tuple[Which, ...]:
        return self._vault().missing(settings)

    def keep_passwords(self, passwords: Passwords) -> None:
        """The empty ones as well: a password that was cleared is forgotten."""
        for which, password in (("receive", passwords.receive), ("send", passwords.send)):
            if password != self._vault().get(which):
                self._vault().set(which, password)

    def forget_passwords(self) -> None:
        """This PC knows them no longer."""
        self.keep_passwords(Passwords())

    # ---- mail ----

    def test_mail(
        self,
        test: str,
        settings: Settings,
        passwords: Passwords,
        on_step: Callable[[MailTestStep], None],
        stopping: Callable[[], bool],
    ) -> None:
        """「メールの設定のテスト」: "send", "receive", "clean" or "all". Raises StorageTrouble."""
        from kollect.app.first_steps import servers_of
        from kollect.app.mail_test import LastMailTest, MailTest
        from kollect.ledger.encryption_record import encryption_kept
        from kollect.ledger.ledger import Ledger
        from kollect.threads.background_thread import local_now

        ledger = Ledger(self.folder.database)
        try:
            mark = ledger.mark("test")
        finally:
            ledger.close()
        last = self._last_test = self._last_test or LastMailTest()
        check = MailTest(settings, passwords, mark, on_step, local_now, stopping, last)
        with encryption_kept(self.folder.database, settings):
            acts = {"send": check.send, "receive": check.receive, "clean": check.clean}
            went_well = {**acts, "all": check.all}[test]()
        if test in ("receive", "all") and went_well:
            self._note_progress("tested", servers_of(settings))

    def diagnose(self, settings: Settings, stopping: Callable[[], bool]) -> tuple[Finding, ...]:
        """「届くかどうかの診断」, in under ten seconds. Sends nothing to anybody."""
        from kollect.diagnosis.dns_client import DnsClient
        from kollect.diagnosis.examination import examine, other_server
        from kollect.diagnosis.refusal_findings import LOOKED_BACK, about_refusals

        found = examine(settings, DnsClient(other_server()), stopping)
        try:
            refusals = self.results().refusals(datetime.now().astimezone() - LOOKED_BACK)
        except StorageTrouble as trouble:  # the rest is told all the same
            log.warning("断られた返信を調べられませんでした: %s", trouble)
            refusals = ()
        return (*found, *about_refusals(refusals))

    def arrival_trial(self, settings: Settings, passwords: Passwords) -> ArrivalTrial:
        """「自分の携帯・Gmailで試す」, with these values. Its acts take their time."""
        from kollect.app.arrival_trial import ArrivalTrial
        from kollect.threads.background_thread import local_now

        return ArrivalTrial(
            settings,
            passwords,
            self.folder.database,
            local_now,
            lambda: self.collecting and self._settings.receive == settings.receive,
            self.poll_now,
        )

    def look_up_servers(
        self, settings: Settings, *, may_ask: bool, stopping: Callable[[], bool]
    ) -> LookedUp:
        """「設定をさがす」, first half: what is offered for the shop's address."""
        from kollect.diagnosis.dns_client import DnsClient
        from kollect.diagnosis.examination import other_server
        from kollect.setup.server_search import look_up

        return look_up(settings, DnsClient(other_server()), may_ask=may_ask, stopping=stopping)

    def try_servers(
        self,
        looked_up: LookedUp,
        settings: Settings,
        password: str,
        on_try: Callable[[str], None],
        stopping: Callable[[], bool],
    ) -> FoundServers:
        """Second half: which of it answers and takes the login."""
        from kollect.setup.server_search import try_out

        return try_out(looked_up, settings, password, on_try=on_try, stopping=stopping)

    def forget_encryption(self, server: tuple[str, str, int]) -> None:
        """「今後は暗号化しない」: this server may do without. Raises StorageTrouble."""
        from kollect.ledger.encryption_record import forget
        from kollect.ledger.ledger import Ledger

        with closing(Ledger(self.folder.database)) as ledger:
            forget(ledger, server)

    @property
    def collecting(self) -> bool:
        return self.worker is not None and self.worker.alive

    def start_collecting(self) -> None:
        """Poll from now on; where it does so already, nothing changes."""
        from kollect.collector.worker import CollectorWorker

        if not self.collecting:
            self.worker = CollectorWorker(self.folder, self._in_force, self._listener)
            self.worker.start()
            log.info("%s", COLLECTING_BEGAN)

    def stop_collecting(self) -> None:
        """End after the mail in hand. Returns at once; `collecting` tells when it is over."""
        if self.worker is not None and self.worker.alive:
            self.worker.stop()

    def poll_now(self) -> None:
        """「今すぐ受信」, where mail is collected."""
        if self.worker is not None:
            self.worker.poll_now()

    def expect_customer(self) -> None:
        """A blank mail is about to be sent: where mail is collected, it is looked for soon."""
        if self.worker is not None:
            self.worker.expect_customer()

    @property
    def polling(self) -> bool:
        """A poll is under way."""
        return self.worker is not None and self.worker.busy

    @property
    def at_rest(self) -> bool:
        """Neither the collector nor the sender is working any more."""
        return not (self.collecting or self.mailing)

    @property
    def mailing(self) -> bool:
        """There is a sender, whether it has anything to send just now or not."""
        return self._mailer is not None and self._mailer.alive

    def start_mailing(
        self, listener: Callable[[MailingEvent], None], undecided: Callable[[], Collection[int]]
    ) -> None:
        """Send what the outbox holds, but for what is `undecided`; a sender that is there already
        looks at it again.
        """
        from kollect.mailing.mailing_worker import MailingWorker

        if self._mailer is not None and self._mailer.alive:
            self._mailer.look()
        else:
            self._mailer = MailingWorker(self.folder, self._in_force, listener, undecided=undecided)
            self._mailer.start()

    def look_for_mailings(self) -> None:
        """Something was paused or called off in the outbox."""
        if self._mailer is not None:
            self._mailer.look()

    def stop_mailing(self) -> None:
        """End after the letters on their way. Returns at once; `mailing` tells when it is over."""
        if self._mailer is not None:
            self._mailer.stop()

    def count(self, since: datetime) -> tuple[int, int]:
        """How many numbers were given since then, and in all. Raises StorageTrouble."""
        from kollect.ledger.receipt_rows import Receipts

        if not self.folder.database.exists():
            return 0, 0
        receipts = Receipts(self.folder.database)
        try:
            return receipts.counts(since)
        finally:
            receipts.close()

    def progress(self) -> Progress:
        """How far the shop has come before its first customer. Raises StorageTrouble."""
        from kollect.app.first_steps import Progress
        from kollect.ledger.ledger import Ledger

        if not self.folder.database.exists():
            return Progress()
        _, numbers = self.count(datetime.now().astimezone())
        if numbers:  # it has come all the way: nothing else is asked for
            return Progress(numbers=numbers)
        with closing(Ledger(self.folder.database)) as ledger:
            tested, papers = ledger.get_metadata("tested"), ledger.get_metadata("papers")
            later = bool(ledger.get_metadata("protection"))
        return Progress(tested, bool(papers), self.protected, later, numbers)

    def papers_made(self) -> None:
        """A poster or a form was printed or saved."""
        self._note_progress("papers", "made")

    def protect_later(self) -> None:
        """「あとで」 at the line 「データの保護」."""
        self._note_progress("protection", "later")

    def _note_progress(self, what: str, value: str) -> None:
        """For the checklist alone: what was done is done, also where it cannot be written."""
        from kollect.ledger.ledger import Ledger

        try:
            with closing(Ledger(self.folder.database)) as ledger:
                ledger.set_metadata(what, value)
        except StorageTrouble as trouble:
            log.info("はじめに: %s", trouble)

    # ---- how a number is written ----

    @property
    def digits(self) -> int:
        """How many digits a 受付番号 is written with."""
        return self._settings.collect.number_digits

    def number_text(self, number: int) -> str:
        """A 受付番号 as it is written here."""
        return number_text(number, self.digits)

    @staticmethod
    def fill_number(template: str, number: int, digits: int) -> str:
        """A template with this number, of so many digits, in the place of ★1★ and ★2★."""
        from kollect.letters.letter import fill

        return fill(template, number, digits)

    def _in_force(self) -> tuple[Settings, Passwords]:
        return self.settings(), self.passwords()

    def _vault(self) -> PasswordStore:
        from kollect.ledger.ledger import Ledger
        from kollect.settings.passwords import PasswordStore

        with self._lock:
            if self._vault_made is None:
                ledger = Ledger(self.folder.database)
                try:
                    self._vault_made = PasswordStore(ledger.install_id)
                finally:
                    ledger.close()
            return self._vault_made

    def _readable_part(self) -> Settings:
        if isinstance(self._trouble, SettingsTrouble) and not isinstance(
            self._trouble, SettingsFileDamaged
        ):
            with suppress(OSError, UnicodeDecodeError):
                return ini_format.read(self.folder.ini.read_text("utf-8-sig")).settings
        return Settings()


class DemoWorkspace(Workspace):
    """The demo's: a folder of its own inside the real one, and a mail server on the loopback.

    The real settings and data are not touched; they are what is there when this one is closed, or
    when the program starts again after a crash.
    """

    in_demo = True

    def __init__(self, real: DataFolder, listener: Listener) -> None:
        super().__init__(DataFolder(real.path / "demo"), listener)
        self.server: DemoServer | None = None

    def open(self) -> None:
        """Start the server, with empty mailboxes and no numbers. Raises Trouble."""
        from kollect.demo.server import DemoServer
        from kollect.demo.shop import demo_settings

        try:
            self._begin(DemoServer(), demo_settings)
        except BaseException:
            with suppress(*safe_thread.FAULTS):
                self.close()  # no server, log or folder stays of a demo that is none
            raise

    def _begin(self, server: DemoServer, settings: Callable[[DemoServer], Settings]) -> None:
        self._clear()
        try:
            server.start()
        except OSError as error:
            raise Trouble(
                "デモを始められません",
                happened="デモ用のメールサーバを動かせませんでした。",
                cure="セキュリティソフトが止めていないか確かめて、もう一度お試しください。",
                detail=str(error),
            ) from error
        self.server = server
        self.folder.prepare()
        ini_file.save(self.folder.ini, settings(server))
        super().open()

    def close(self) -> None:
        try:
            super().close()
        finally:
            if self.server is not None:
                self.server.stop()
        with suppress(Trouble):  # what is left is cleared when the next demo begins
            self._clear()

    def passwords(self) -> Passwords:
        from kollect.demo.shop import demo_passwords

        assert self.server is not None
        return demo_passwords(self.server)

    def missing_passwords(self, settings: Settings) -> tuple[Which, ...]:
        return ()

    def keep_passwords(self, passwords: Passwords) -> None:
        """They are the server's, and end with it."""

    def _known_passwords(self) -> Passwords:
        return self.passwords()

    def _clear(self) -> None:
        # a screen may still be reading here: files come and go meanwhile, or are held open
        for pause in (0.05, 0.1, 0.2, 0.4, 0.8, 0.0):
            try:
                shutil.rmtree(self.folder.path)
            except OSError as error:
                if not self.folder.path.exists():
                    return
                if not pause:
                    raise storage_trouble(error, self.folder.path) from error
                time.sleep(pause)
            else:
                return
