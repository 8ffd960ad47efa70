"""People with phones: what their daemon sends them, and how they sign in with it."""

import json
import pwd
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rw2fa_daemon.audit.line_file import FILE_NAME
from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from rw2fa_daemon.wire.client import ask_daemon
from tests.support.daemon import HOST_USERS, Hook, Site, wait_until
from tests.support.fake_twilio import SENDER, FakeTwilio

PATIENCE_SECONDS = 30.0


@dataclass
class Office:
    """A site and the Twilio that its relay speaks to."""

    site: Site
    twilio: FakeTwilio
    numbers: dict[str, str] = field(default_factory=dict)

    def configure(
        self, more: str = "", *, enabled: bool = True, head: str = "", scope: Sequence[str] = HOST_USERS
    ) -> None:
        """Write a configuration with SMS in it; `more` belongs to [sms], `head` comes before it."""
        self.site.write_config(
            f'{head}\n[sms]\nenabled = {str(enabled).lower()}\naccount_sid = "{self.twilio.account_sid}"\n'
            f'phone_number = "{SENDER}"\napi_url = "{self.twilio.url}"\n{more}',
            scope=scope,
        )

    def keep_token(self) -> None:
        """As `rw2fa sms configure` does."""
        store = self.site.store()
        store.keep_secret(TWILIO_TOKEN, Secret(self.twilio.token.encode()))
        store.close()

    def give_numbers(
        self, names: Sequence[str] = HOST_USERS, *, confirmed: bool = True, number: str = "+1415555{:04d}"
    ) -> None:
        """Give people numbers that the sender's country has."""
        store = self.site.store()
        for name in names:
            phone = self.numbers[name] = number.format(1000 + len(self.numbers))
            known = store.read(name) or Account(name, pwd.getpwnam(name).pw_uid, secrets.randbits(62))
            account = replace(known, method=Method.SMS, phone=Secret(phone.encode()), phone_confirmed=confirmed)
            store.transact(name, lambda _old, account=account: (account, None))  # type: ignore[misc]  # bound now
        store.close()

    def change(self, name: str, work: Callable[[Account], Account]) -> None:
        """Change somebody's account beside the daemon."""

        def changed(account: Account | None) -> tuple[Account | None, None]:
            assert account is not None
            return work(account), None

        store = self.site.store()
        store.transact(name, changed)
        store.close()

    def code(self, name: str, count: int = 1) -> str:
        """The code in the person's latest message, once there are `count` of them."""
        wait_until(lambda: len(self.twilio.codes(self.numbers[name])) >= count, PATIENCE_SECONDS)
        return self.twilio.codes(self.numbers[name])[-1]

    def reload(self) -> None:
        """Have the daemon read its configuration again."""
        assert ask_daemon(self.site.socket, "reload", PATIENCE_SECONDS)["result"] == "ok"

    def login(self, name: str, **opened: str) -> dict[str, str]:
        """A whole login: question, message, code; the daemon's last word."""
        before = len(self.twilio.codes(self.numbers[name]))
        with self.site.hook(PATIENCE_SECONDS) as hook:
            asked = hook.open(name, **opened)
            return asked if asked["verb"] != "ask" else hook.reply(self.code(name, before + 1))


def enter(hook: Hook, n: int) -> dict[str, str]:
    """Press Enter, and what the daemon says to that."""
    hook.send("reply", n=str(n), none="empty")
    return hook.receive()


def quiet_for(office: Office, seconds: float) -> bool:
    """Whether nothing more was asked of Twilio for so long."""
    before = len(office.twilio.requests)
    time.sleep(seconds)
    return len(office.twilio.requests) == before


def events(office: Office, name: str) -> list[str]:
    """What was recorded about somebody."""
    return [record["event"] for record in audit(office) if record.get("user") == name]


def audit(office: Office) -> list[dict[str, str]]:
    """The records that the daemon wrote of logins and messages so far, oldest first."""
    try:
        lines = (office.site.state / FILE_NAME).read_text().splitlines()
    except FileNotFoundError:
        return []
    return [record for record in map(json.loads, lines) if record["event"] != "configuration"]
