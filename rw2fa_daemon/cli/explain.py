"""`rw2fa explain`: what a login would meet, decided by the same table as real logins."""

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import NoReturn

import click

from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, say, show_json, shown, when
from rw2fa_daemon.cli.users.profile import bypass_sentence, lock_sentence
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.account_state import account_state, lock_of, must_enrol, row_of
from rw2fa_daemon.core.address import same_host
from rw2fa_daemon.core.admission import Admission, NeedsMemory, NeedsWitness, admission_of, decided_without_user
from rw2fa_daemon.core.clients import Client
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.enrolment import lacks_token
from rw2fa_daemon.core.login import Login, Phase, Slot
from rw2fa_daemon.core.logon import PassFound, knock
from rw2fa_daemon.core.phone import ending
from rw2fa_daemon.core.policy import AccountState, Decision, Row, decide, with_pass
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.prompts import minutes
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.scope import ScopeStatus, in_networks
from rw2fa_daemon.core.standing import standing
from rw2fa_daemon.core.transitions import Context, Resources
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.directory.request import lookup

_MEANING = {
    Decision.IGNORE: "rw2fa does not interfere",
    Decision.ALLOW: "let in without a code; the password is still checked",
    Decision.CODE: "asked for a code",
    Decision.ENROL: "shown a QR code, and asked for a first code",
    Decision.DENY: "refused",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The row of the table that decides, and remarks on why."""

    row: Row
    user: User | None
    entries: tuple[str, ...]
    remarks: tuple[str, ...]


@click.command()
@click.argument("name", metavar="USER", shell_complete=scope_entries)
@click.option("--service", required=True, help="The PAM service, such as sshd or xrdp-sesman.")
@click.option("--from", "address", default="", metavar="ADDRESS", help="The address that the login comes from.")
@click.option(
    "--phase",
    type=click.Choice([phase.value for phase in Phase]),
    default=Phase.AUTH.value,
    show_default=True,
    help="account: for a login that was not asked for a code, such as one by public key alone.",
)
@JSON_OPTION
@pass_cli
def explain(cli: CliContext, name: str, service: str, address: str, phase: str, *, as_json: bool) -> None:
    """Show what a login would meet, and which rule says so.

    Changes nothing.
    """
    # Of what a login program knows this command can tell no more than what it knows itself.
    login = Login(Phase(phase), Slot.MAIN, service.lower(), name, rhost=address, known=False)
    client = cli.rules.clients.of(login.service)
    answer = explanation_of(cli, login, client)
    row = answer.row
    text = row.text.value.partition("{")[0].strip() if row.text else ""
    if as_json:
        show_json(
            {
                "decision": row.decision.value,
                "rule": row.rule,
                "user": answer.user.name if answer.user else name,
                "uid": answer.user.uid if answer.user else None,
                "enabled_by": list(answer.entries),
                "service": login.service,
                "class": client.service_class.value,
                "phase": login.phase.value,
                "address": address,
                "text": text,
                "remarks": list(answer.remarks),
            }
        )
        return
    say(f"decision  {row.decision.value}: {_MEANING[row.decision]}")
    say(f"rule      {row.rule}: {row.rule.meaning}")
    if answer.user:
        say(f"user      {shown(answer.user.name)} (uid {answer.user.uid})")
    if answer.entries:
        say(f"enabled   by {shown(', '.join(answer.entries))}")
    say(f"service   {shown(login.service)}, of class {client.service_class.value}")
    if text:
        say(f"shown     {' '.join(text.split())}")
    for remark in answer.remarks:
        say(f"note      {shown(remark)}")


def explanation_of(cli: CliContext, login: Login, client: Client) -> Explanation:
    """What a login would meet now; raises Problem."""
    now = time.time()
    remarks = tuple(_remarks(cli, login, client))
    on = cli.config.enabled_at(now)
    row = decided_without_user(login, client, on=on)
    if row is not None:
        if not on:
            would = _once_on(cli, login, client, now).row
            remarks += (f"if it were switched on, the decision would be {would.decision}, by rule {would.rule}",)
        return Explanation(row, None, (), remarks)
    answer = _once_on(cli, login, client, now)
    return replace(answer, remarks=remarks + answer.remarks)


def _once_on(cli: CliContext, login: Login, client: Client, now: float) -> Explanation:
    """What is decided if two-factor authentication is on."""
    admission = _admission(cli, login, client, lookup(login.user, cli.rules.groups), now)
    row, where = admission.row, admission.where
    user = admission.user if isinstance(admission.user, User) else None
    remarks: list[str] = []
    if user:
        remarks += [f"the group {group} cannot be resolved" for group, gid in user.groups.items() if gid is None]
    if where.scope_status is ScopeStatus.EXEMPT_USER and user:
        remarks.append(f"exempt by {', '.join(cli.rules.lists.exempt_users.matches(user))} in exempt.users")
    if where.scope_status is ScopeStatus.EXEMPT_NETWORK:
        remarks.append("exempt by the address, which is in exempt.networks")
    if where.alias and user:
        remarks.append(f"{user.name} has the uid of {where.account}, whose codes are asked for")
    if row.rule is Rule.PASS_NEEDED:
        row, about = _with_pass(cli, admission)
        remarks += about
    elif row.decision is Decision.LOOK:
        row, about = _with_account(cli, admission)
        remarks += about
    return Explanation(row, user, where.entries, tuple(remarks))


def _admission(
    cli: CliContext,
    login: Login,
    client: Client,
    user: User | Missing,
    now: float,
    *,
    witness: User | Missing | None = None,
    was_not_member: bool | None = None,
) -> Admission:
    """The admission as the daemon has it, since when the scope names the user left out."""
    outcome = admission_of(
        login,
        client,
        user,
        lists=cli.rules.lists,
        settings=cli.rules.settings,
        resources=Resources(CodeCache(), _nothing_is_made, _nothing_is_made),
        scope_since=lambda _entries: 0,
        now=now,
        booted_at=now,
        witness=witness,
        was_not_member=was_not_member,
    )
    again = partial(_admission, cli, login, client, user, now)
    match outcome:
        case NeedsWitness(name):
            return again(witness=lookup(name, cli.rules.groups))
        case NeedsMemory(known):
            return again(was_not_member=_was_not_member(cli, known))
    return outcome


def _remarks(cli: CliContext, login: Login, client: Client) -> list[str]:
    remarks = []
    if login.service not in cli.rules.clients.clients:
        remarks.append("no table names this service, so it is treated as an unknown client")
    if login.rhost and client.forgeable_address:
        remarks.append("the address counts for passes only, since local users can forge it")
        if in_networks(login.rhost, cli.rules.lists.exempt_networks):
            remarks.append(
                "it is in exempt.networks, which does not apply to this service; to let users in, use rdp.whitelist"
            )
    return remarks


def _was_not_member(cli: CliContext, user: User) -> bool:
    try:
        return cli.store.remembered_not_member(user.name, user.uid, cli.rules.scope_digest)
    except Problem:
        return False


def _with_account(cli: CliContext, admission: Admission) -> tuple[Row, list[str]]:
    """What is decided once the account was read, and remarks on that."""
    context = admission.context
    try:
        account = cli.store.read(context.name)
        if must_enrol(account, context.settings):
            # To know this takes longer than all the rest, and nobody else depends on it.
            context = replace(context, scope_since=cli.came_in(admission.where.entries))
    except Problem as problem:
        return row_of(AccountState.UNUSABLE, context), [str(problem)]
    state = account_state(account, context)
    return row_of(state, context), _about(state, account, context)


def _with_pass(cli: CliContext, admission: Admission) -> tuple[Row, list[str]]:
    """What is decided about an RDP login that begins now, once passes were looked for, and remarks on that."""
    context, settings = admission.context, cli.config.logons
    now = context.now
    try:
        logons = cli.store.logons_of(context.name)
        stands = standing(cli.store.read(context.name), context.uid, context.settings, now, asked=True)
    except Problem as problem:
        return decide(with_pass(context.facts, PassFound.NONE)), [str(problem)]
    left = logons.but(lambda logon: stands.ended(logon, settings, now))
    _, found, why = knock(left, same_host(context.login.rhost), frozenset(), settings, now)
    passes = [logon.rdp_pass for logon in left.logons if logon.rdp_pass is not None and logon.rdp_pass.live(now)]
    remarks = [f"a pass is armed for {one.address or 'any address'} until {when(one.until)}" for one in passes]
    if why is not None:
        remarks.append(why.meaning)
    if found is not PassFound.LIVE and left.logons:
        remarks.append("a session from the same address that a pass let in would be reached again without another")
    return decide(with_pass(context.facts, found)), remarks


def _about(state: AccountState, account: Account | None, context: Context) -> list[str]:
    match state:
        case AccountState.WINDOW_CLOSED if lacks_token(account, token_needed=context.settings.token_needed):
            return ["enrolling takes a token, and none was made; `rw2fa users reset` prints one and opens the window"]
        case AccountState.WINDOW_CLOSED:
            return ["the enrolment window is closed; `rw2fa users reset` opens it"]
        case AccountState.MAY_ENROL if account and account.token is not None:
            return ["first asked for the enrolment token that was printed for the administrator"]
        case AccountState.UID_CHANGED if account:
            return [f"the stored uid is {account.uid}; if it is the same user, run: rw2fa users reset {account.name}"]
        case AccountState.BYPASSED if account and account.bypass:
            return [f"{bypass_sentence(account.bypass)}; `rw2fa users bypass {account.name} --end` ends that"]
        case AccountState.LOCKED if account and (lock := lock_of(account, context.settings, context.now)):
            how = "" if lock.until is None else f"; `rw2fa users unlock {account.name}` ends that"
            return [lock_sentence(lock, account.name) + how]
        case AccountState.ACTIVATED if account:
            return _about_code(account, context)
        case AccountState.BY_SMS if account and account.phone:
            return [*_about_text(account, account.phone.reveal().decode(), context), *_about_code(account, context)]
    return []


def _about_text(account: Account, number: str, context: Context) -> list[str]:
    remarks = [f"the code comes by SMS to the number ending {ending(number)}"]
    if not account.phone_confirmed:
        remarks.append("the first code confirms the number")
    if context.settings.sms is not None and not number.startswith(context.settings.sms.allowed):
        remarks.append("no SMS can be sent: sms.countries does not allow that country")
    return remarks


def _about_code(account: Account, context: Context) -> list[str]:
    remarks = []
    if account.recovery:
        remarks.append(f"one of {len(account.recovery)} recovery codes may be typed in place of the code")
    if context.client.remembers_session and context.settings.session_seconds:
        remarks.append(
            f"not asked within {minutes(context.settings.session_seconds)} after a code in the same login session"
            " (recent-code)"
        )
    return remarks


def _nothing_is_made() -> NoReturn:
    raise AssertionError("explain makes nothing")
