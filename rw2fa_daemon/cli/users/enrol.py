"""`rw2fa users enrol` and `confirm`: enrolment by an administrator."""

import secrets
import time
from dataclasses import replace
from enum import Enum
from pathlib import Path

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, note, on_terminal, say, show_json, shown
from rw2fa_daemon.cli.users.account import enabled_user
from rw2fa_daemon.cli.users.qr_picture import check_picture, write_picture
from rw2fa_daemon.cli.users.recovery import hand_over
from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.account import GENERATION_BITS, Account, Credential, Method
from rw2fa_daemon.core.account_state import method_in_force
from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.enrolment import FirstCode, FirstCodeCheck, activate, check_first_code, with_secret
from rw2fa_daemon.core.otp import SECRET_BYTES
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.qr import Ground, Rendering, Shape, picture_of
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.uri import base32_key, otpauth_uri, spaced_key
from rw2fa_daemon.core.user import User
from rw2fa_daemon.wire import notification


class _Refusal(Enum):
    """Why no secret can be shown or confirmed."""

    ACTIVATED = "activated"
    UID_CHANGED = "uid changed"
    NOTHING_PENDING = "nothing pending"
    FORM = "form"


def _problem(refusal: _Refusal, user: str) -> Problem:
    what, fix = {
        _Refusal.ACTIVATED: ("{user} is activated already", "for a new device run: rw2fa users reset {user}"),
        _Refusal.UID_CHANGED: (
            "{user} has another uid than the user whose secret is stored",
            "if it is the same user, run: rw2fa users reset {user}",
        ),
        _Refusal.NOTHING_PENDING: ("{user} has no secret to confirm", "run: rw2fa users enrol {user}"),
        _Refusal.FORM: (
            "that cannot be a code of {user}: it does not have the right number of digits",
            "type the code that the app shows",
        ),
    }[refusal]
    return Problem(what.format(user=user), fix.format(user=user))


@click.command()
@click.argument("name", metavar="USER", shell_complete=scope_entries)
@click.option(
    "--picture",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Draw the QR code into a new file, .png or .svg, that only root can read, and not on the terminal.",
)
@JSON_OPTION
@pass_cli
def enrol(cli: CliContext, name: str, *, picture: Path | None, as_json: bool) -> None:
    """Show a new secret: QR code, key, otpauth URI.

    It is valid once `rw2fa users confirm` has accepted a code; until then the same one is shown again.
    """
    if picture is not None:
        check_picture(picture)
    user = enabled_user(cli, name)
    offered = cli.store.transact(user.name, lambda account: _offer(account, user, cli.config))
    if isinstance(offered, _Refusal):
        raise _problem(offered, shown(user.name))
    _hand_out(cli, user, offered, picture, as_json=as_json)


def _hand_out(cli: CliContext, user: User, credential: Credential, picture: Path | None, *, as_json: bool) -> None:
    after_change.record(cli, "rw2fa users enrol", [user.name])
    issuer = cli.config.issuer_name
    uri = otpauth_uri(credential, user=user.name, issuer=issuer)
    if picture is not None:
        write_picture(picture, uri)
    if as_json:
        show_json(
            {
                "user": user.name,
                "uri": uri,
                "secret": base32_key(credential.secret),
                "digits": credential.digits,
                "period": credential.period,
                "algorithm": credential.algorithm.value,
            }
        )
        return
    say(f"account  {shown(issuer)}:{shown(user.name)}")
    say(f"key      {spaced_key(credential.secret)}")
    say(f"type     time-based, {credential.digits} digits")
    say(f"uri      {uri}")
    if picture is not None:
        say(f"picture  {shown(str(picture))}, readable by root only: remove it once it has been scanned")
    say()
    if picture is None:
        # Explicit colours scan on dark and light terminals alike; in a file they would only be noise. The code comes
        # last, since a terminal of 24 lines has no room for more.
        ground = Ground.ANY if on_terminal() else Ground.DARK
        say("\n".join(picture_of(uri, Rendering(Shape.HALF, ground)).lines))
    say(f"Then: rw2fa users confirm {shown(user.name)} CODE")


def _offer(account: Account | None, user: User, config: Config) -> tuple[Account | None, Credential | _Refusal]:
    """The account with a pending secret, and that."""
    if account is not None and account.uid != user.uid:
        return account, _Refusal.UID_CHANGED
    if account is not None and account.activated_by(Method.APP):
        return account, _Refusal.ACTIVATED
    account = account or Account(user.name, user.uid, secrets.randbits(GENERATION_BITS))
    return with_secret(
        account, lambda: Secret(secrets.token_bytes(SECRET_BYTES)), digits=config.digits, now=time.time()
    )


@click.command()
@click.argument("name", metavar="USER", shell_complete=scope_entries)
@click.argument("code")
@JSON_OPTION
@pass_cli
def confirm(cli: CliContext, name: str, code: str, *, as_json: bool) -> None:
    """Activate a shown secret by a code from the app.

    Prints the recovery codes, as the login that activates does.
    """
    resolved = enabled_user(cli, name)
    typed = "".join(code.split())
    recovery = cli.code_hasher.new(resolved.name)

    def work(account: Account | None) -> tuple[Account | None, FirstCodeCheck | _Refusal]:
        judged, check = _judge(account, resolved, typed, now=time.time(), reach=cli.config.discrepancy)
        right = isinstance(check, FirstCodeCheck) and check.step is not None
        return (replace(judged, recovery=recovery.digests) if judged and right else judged), check

    outcome = cli.store.transact(resolved.name, work)
    user = shown(resolved.name)
    match outcome:
        case _Refusal():
            raise _problem(outcome, user)
        case FirstCodeCheck(FirstCode.RIGHT):
            pass
        case FirstCodeCheck(FirstCode.CLOCK_OFF, _, offset):
            raise Problem(
                f"the code is right, but the clock of the device is {abs(offset)} s {'fast' if offset > 0 else 'slow'}",
                "set the device to automatic time and try again",
            )
        case _:
            raise Problem("that is not the right code", "type the code that the app shows now")
    after_change.record(cli, "rw2fa users confirm", [resolved.name], event=Event.ACTIVATED, rule=Rule.ACTIVATED)
    after_change.announce(cli, notification.ACTIVATED, resolved.name)
    account = cli.store.read(resolved.name)
    if method_in_force(account, cli.rules.settings) is Method.SMS:
        note(f"codes still come by SMS; to use the app, run: rw2fa users edit {user} --app")
    if as_json:
        show_json({"user": resolved.name, "activated": True, "recovery_codes": recovery.codes})
        return
    say(f"{user} is activated.")
    hand_over(recovery, user)


def _judge(
    account: Account | None, user: User, code: str, *, now: float, reach: int
) -> tuple[Account | None, FirstCodeCheck | _Refusal]:
    if account is None or account.credential is None:
        return account, _Refusal.NOTHING_PENDING
    if account.uid != user.uid:
        return account, _Refusal.UID_CHANGED
    if account.activated_by(Method.APP):
        return account, _Refusal.ACTIVATED
    credential = account.credential
    if not (code.isascii() and code.isdigit() and len(code) == credential.digits):
        return account, _Refusal.FORM
    check = check_first_code(credential, code, now=now, reach=reach, code_cache=CodeCache())
    return (account if check.step is None else activate(account, credential, check.step)), check
