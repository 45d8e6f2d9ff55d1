"""A shop's program on the servers of a test, headless: settings, ledger, polls."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from kollect.collector.events import CollectorEvent, LogEntry, PollReport
from kollect.collector.poll import poll
from kollect.collector.poll_context import PollContext
from kollect.errors import Trouble
from kollect.inbox.open_mailbox import open_mailbox
from kollect.ledger.kept_folder import KeptFolder
from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.records import Receipt
from kollect.settings.model import Auth, Passwords, Receive, Security, Send, Settings, Shop
from kollect.smtp.standby import Standby

ADDRESS = "shop@shop.example"
OWNER = "owner@owner.example"
PASSWORD = "S3cret-pw!"


def settings_for(pop3_port: int, smtp_port: int, account: str = "shop") -> Settings:
    """Plain lines to the loopback, no SMTP login, short waits."""
    return Settings(
        shop=Shop(id="TEST", name="テスト商店"),
        receive=Receive(
            host="127.0.0.1",
            port=pop3_port,
            security=Security.NONE,
            account=account,
            timeout_seconds=5,
        ),
        send=Send(
            host="127.0.0.1",
            port=smtp_port,
            auth=Auth.NO,
            timeout_seconds=5,
            final_timeout_seconds=5,
        ),
        mail_address=ADDRESS,
        forward_address=OWNER,
    )


@dataclass(slots=True)
class ShopProgram:
    """Polls on a data folder; each poll opens the ledger anew, as after a restart."""

    folder: Path
    settings: Settings
    password: str
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()
    news: list[CollectorEvent] = field(default_factory=list)
    standby: Standby | None = None
    """As the resident program has one."""

    def poll(
        self, *, stopping: Callable[[], bool] = lambda: False, expects_mail: bool = False
    ) -> tuple[PollReport, Trouble | None]:
        with closing(Ledger(self.folder / "kollect.db")) as ledger:
            return self.poll_on(ledger, stopping=stopping, expects_mail=expects_mail)

    def poll_on(
        self,
        ledger: Ledger,
        *,
        stopping: Callable[[], bool] = lambda: False,
        expects_mail: bool = False,
    ) -> tuple[PollReport, Trouble | None]:
        """A poll on a ledger that is open, as the resident program's."""
        context = PollContext(
            self.settings,
            Passwords(self.password, self.password),
            ledger,
            KeptFolder(self.folder / "kept"),
            self.now,
            self.news.append,
        )
        receive, tls = self.settings.receive, self.settings.tls
        return poll(
            context,
            lambda: open_mailbox(receive, tls, self.password),
            stopping=stopping,
            standby=self.standby,
            expects_mail=expects_mail,
        )

    def report(self) -> PollReport:
        """A poll in which nothing may go wrong."""
        report, trouble = self.poll()
        assert trouble is None, trouble
        return report

    def receipts(self) -> list[Receipt]:
        reader = Receipts(self.folder / "kollect.db")
        try:
            return list(reader.all())
        finally:
            reader.close()

    def kept(self) -> list[bytes]:
        return [file.read_bytes() for file in sorted((self.folder / "kept").glob("*.eml"))]

    def told(self) -> list[str]:
        return [news.text for news in self.news if isinstance(news, LogEntry)]

    def change(self, **parts: object) -> None:
        """Change settings, as `duplicate=Duplicate(...)`."""
        self.settings = replace(self.settings, **parts)
