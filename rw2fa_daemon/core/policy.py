"""The policy: a table that one can read, and the function that finds the row (login-states).

The names of the rows are the rules that `rw2fa explain` and the audit name.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.clients import Client, Prompts, ServiceClass
from rw2fa_daemon.core.login import Login, Phase, Slot
from rw2fa_daemon.core.logon import PassFound
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.scope import ScopeResult, ScopeStatus


class AccountState(StrEnum):
    """What the state says about an enabled user."""

    UNREAD = "unread"
    UNUSABLE = "unusable"
    UID_CHANGED = "uid changed"
    BYPASSED = "bypassed"
    LOCKED = "locked"
    ACTIVATED = "activated"
    BY_SMS = "by sms"
    """Codes come by SMS, and the number is known, confirmed or not."""
    RECENT = "recent"
    """Activated, and a code was accepted a short while ago in the same audit session."""
    MAY_ENROL = "may enrol"
    WINDOW_CLOSED = "window closed"


class Decision(StrEnum):
    """What happens next, in the words of `rw2fa explain`."""

    IGNORE = "ignore"
    ALLOW = "allow"
    CODE = "code"
    ENROL = "enrol"
    DENY = "deny"
    LOOK = "look"
    """The state has to be read first; never the final decision."""


class Rc(StrEnum):
    """PAM's return codes, without `PAM_`."""

    SUCCESS = "SUCCESS"
    IGNORE = "IGNORE"
    AUTH_ERR = "AUTH_ERR"
    PERM_DENIED = "PERM_DENIED"
    MAXTRIES = "MAXTRIES"
    USER_UNKNOWN = "USER_UNKNOWN"
    AUTHINFO_UNAVAIL = "AUTHINFO_UNAVAIL"


_ANY_SCOPE: Final = ScopeResult(ScopeStatus.NOT_ENABLED)
"""For the rules that hold for every user."""


class Facts(NamedTuple):
    """Everything that a decision depends on. A named tuple, since `decide` looks up what it decided by them."""

    on: bool
    service_class: ServiceClass
    phase: Phase
    slot: Slot
    first_factor: bool
    evidence: bool
    """There is evidence, and it is for this user and uid."""
    scope_status: ScopeStatus
    whitelisted: bool
    client_can_ask: bool
    client_can_enrol: bool
    alias: bool = False
    """The account that counts belongs to another name of the same uid."""
    account: AccountState = AccountState.UNREAD
    attended: bool = True
    """A user sits at the client: no program that signs in with a stored password, over and over."""
    rdp_pass: PassFound = PassFound.UNREAD
    """What there is for an RDP login."""


_OF_PASSES: Final = frozenset((Rule.PASS, Rule.PASS_RECONNECT))
"""What evidence says that has to be looked up again: it holds once."""


def facts_of(
    login: Login,
    client: Client,
    *,
    on: bool,
    where: ScopeResult = _ANY_SCOPE,
    evidence: bool = False,
) -> Facts:
    """The facts about a login before the state was looked at."""
    to_use = (
        login.phase is Phase.ACCOUNT and evidence and login.evidence is not None and login.evidence.rule in _OF_PASSES
    )
    return Facts(
        on=on,
        service_class=client.service_class,
        phase=login.phase,
        slot=login.slot,
        first_factor=bool(login.first),
        evidence=evidence,
        scope_status=where.scope_status,
        whitelisted=where.whitelisted,
        client_can_ask=client.prompts is Prompts.MANY,
        client_can_enrol=client.enrolment,
        alias=where.alias,
        attended=client.attended,
        rdp_pass=PassFound.TO_USE if to_use else PassFound.UNREAD,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. A cell that is None matches anything."""

    rule: Rule
    decision: Decision
    rc: Rc | None = None
    """What the hook returns; None for a row that asks, and ends nothing."""
    on: bool | None = None
    where: ServiceClass | None = None
    phase: Phase | None = None
    slot: Slot | None = None
    first_factor: bool | None = None
    evidence: bool | None = None
    who: ScopeStatus | None = None
    whitelisted: bool | None = None
    can_ask: bool | None = None
    can_enrol: bool | None = None
    alias: bool | None = None
    account: AccountState | None = None
    attended: bool | None = None
    rdp_pass: PassFound | None = None
    mint: bool = False
    uses_bypass: bool = False
    """It is what a bypass that holds once is for."""
    text: Prompt | None = None
    event: Event | None = None
    """What is audited; a decision about no user, or one made a second time, is not."""

    def matches(self, facts: Facts) -> bool:
        """Whether every cell matches."""
        cells = (
            (self.on, facts.on),
            (self.where, facts.service_class),
            (self.phase, facts.phase),
            (self.slot, facts.slot),
            (self.first_factor, facts.first_factor),
            (self.evidence, facts.evidence),
            (self.who, facts.scope_status),
            (self.whitelisted, facts.whitelisted),
            (self.can_ask, facts.client_can_ask),
            (self.can_enrol, facts.client_can_enrol),
            (self.alias, facts.alias),
            (self.account, facts.account),
            (self.attended, facts.attended),
            (self.rdp_pass, facts.rdp_pass),
        )
        return all(cell is None or cell == fact for cell, fact in cells)


_PASS: Final = Decision.IGNORE
_DENY: Final = Decision.DENY
_RDP: Final = ServiceClass.RDP

TABLE: Final[tuple[Row, ...]] = (
    # Not asked at all.
    Row(Rule.OFF, _PASS, Rc.IGNORE, on=False),
    Row(Rule.SERVICE_IGNORED, _PASS, Rc.IGNORE, where=ServiceClass.IGNORE),
    # Nobody that could be judged.
    # A typing error, or a stranger who tries names: the modules behind us refuse it, as they did before we came.
    # Who has shown a key is not nobody, and account lets nobody pass without a name.
    Row(
        Rule.NO_SUCH_USER,
        _PASS,
        Rc.IGNORE,
        phase=Phase.AUTH,
        first_factor=False,
        who=ScopeStatus.NO_SUCH_USER,
        event=Event.LET_PASS,
    ),
    Row(Rule.UNKNOWN_AFTER_AUTH, _DENY, Rc.USER_UNKNOWN, who=ScopeStatus.NO_SUCH_USER, event=Event.REFUSED),
    Row(Rule.USER_UNKNOWN, _DENY, Rc.USER_UNKNOWN, who=ScopeStatus.USER_UNKNOWN, event=Event.REFUSED),
    Row(
        Rule.DIRECTORY_UNAVAILABLE,
        _DENY,
        Rc.AUTHINFO_UNAVAIL,
        who=ScopeStatus.DIRECTORY_UNAVAILABLE,
        text=Prompt.CANNOT_JUDGE,
        event=Event.CANNOT_JUDGE,
    ),
    # Not asked for a code: machines, and users who are surely not in the scope.
    Row(Rule.EXEMPT_USER, _PASS, Rc.IGNORE, who=ScopeStatus.EXEMPT_USER, event=Event.LET_PASS),
    Row(Rule.EXEMPT_NETWORK, _PASS, Rc.IGNORE, who=ScopeStatus.EXEMPT_NETWORK, event=Event.LET_PASS),
    Row(Rule.NOT_ENABLED, _PASS, Rc.IGNORE, who=ScopeStatus.NOT_ENABLED, event=Event.LET_PASS),
    Row(Rule.REMEMBERED_NOT_ENABLED, _PASS, Rc.IGNORE, who=ScopeStatus.REMEMBERED_NOT_ENABLED, event=Event.LET_PASS),
    Row(
        Rule.SCOPE_UNSURE,
        _DENY,
        Rc.AUTHINFO_UNAVAIL,
        who=ScopeStatus.SCOPE_UNSURE,
        text=Prompt.CANNOT_JUDGE,
        event=Event.CANNOT_JUDGE,
    ),
    # Enabled from here on. Who has shown something in this PAM handle is not asked twice; account asks for
    # that evidence, whatever the first factor was.
    # A pass holds once: the evidence of one is looked up again, and used up.
    Row(Rule.PASS_TO_USE, Decision.LOOK, phase=Phase.ACCOUNT, evidence=True, rdp_pass=PassFound.TO_USE),
    Row(
        Rule.PASS_USED,
        _PASS,
        Rc.IGNORE,
        phase=Phase.ACCOUNT,
        evidence=True,
        rdp_pass=PassFound.USED,
        event=Event.PASS_USED,
    ),
    Row(
        Rule.PASS_CONTINUED,
        _PASS,
        Rc.IGNORE,
        phase=Phase.ACCOUNT,
        evidence=True,
        rdp_pass=PassFound.CONTINUED,
        event=Event.LET_PASS,
    ),
    Row(
        Rule.PASS_GONE,
        _DENY,
        Rc.PERM_DENIED,
        phase=Phase.ACCOUNT,
        evidence=True,
        rdp_pass=PassFound.GONE,
        text=Prompt.NO_EVIDENCE,
        event=Event.REFUSED,
    ),
    # In the key slot SUCCESS leaves out the password that may follow there, so that only what was judged for this very
    # login gets it: a code, a bypass, evidence. IGNORE leaves the host its own demands (promise 14).
    Row(Rule.EVIDENCE_KEY, _PASS, Rc.SUCCESS, phase=Phase.AUTH, slot=Slot.KEY, first_factor=True, evidence=True),
    Row(Rule.EVIDENCE, _PASS, Rc.IGNORE, evidence=True),
    Row(Rule.NO_EVIDENCE, _DENY, Rc.PERM_DENIED, phase=Phase.ACCOUNT, text=Prompt.NO_EVIDENCE, event=Event.REFUSED),
    # Remote-desktop clients.
    Row(Rule.WHITELISTED, Decision.ALLOW, Rc.IGNORE, where=_RDP, whitelisted=True, mint=True, event=Event.LET_PASS),
    Row(Rule.PASS_NEEDED, Decision.LOOK, where=_RDP, rdp_pass=PassFound.UNREAD),
    Row(
        Rule.PASS,
        Decision.ALLOW,
        Rc.IGNORE,
        where=_RDP,
        rdp_pass=PassFound.LIVE,
        mint=True,
        event=Event.LET_PASS,
    ),
    Row(
        Rule.PASS_RECONNECT,
        Decision.ALLOW,
        Rc.IGNORE,
        where=_RDP,
        rdp_pass=PassFound.RECONNECT,
        mint=True,
        event=Event.LET_PASS,
    ),
    Row(Rule.RDP_REFUSED, _DENY, Rc.AUTH_ERR, where=_RDP, text=Prompt.RDP_REFUSED, event=Event.REFUSED),
    # Clients that can ask.
    Row(Rule.NO_FIRST_FACTOR, _PASS, Rc.IGNORE, slot=Slot.KEY, first_factor=False),
    Row(Rule.STATE_NEEDED, Decision.LOOK, account=AccountState.UNREAD),
    Row(
        Rule.STATE_UNUSABLE,
        _DENY,
        Rc.AUTHINFO_UNAVAIL,
        account=AccountState.UNUSABLE,
        text=Prompt.CANNOT_JUDGE,
        event=Event.CANNOT_JUDGE,
    ),
    Row(
        Rule.UID_CHANGED,
        _DENY,
        Rc.AUTH_ERR,
        account=AccountState.UID_CHANGED,
        text=Prompt.ASK_ADMINISTRATOR,
        event=Event.CANNOT_JUDGE,
    ),
    # A bypass stands for a code, which opens nothing where nobody sits; one that holds once is kept for the user.
    Row(
        Rule.BYPASS_UNATTENDED,
        _DENY,
        Rc.AUTH_ERR,
        account=AccountState.BYPASSED,
        attended=False,
        text=Prompt.CANNOT_ASK,
        event=Event.REFUSED,
    ),
    Row(
        Rule.BYPASS,
        Decision.ALLOW,
        Rc.SUCCESS,
        account=AccountState.BYPASSED,
        mint=True,
        uses_bypass=True,
        event=Event.LET_PASS,
    ),
    Row(Rule.LOCKED, _DENY, Rc.MAXTRIES, account=AccountState.LOCKED, text=Prompt.LOCKED, event=Event.REFUSED),
    Row(Rule.RECENT_CODE, Decision.ALLOW, Rc.IGNORE, account=AccountState.RECENT, mint=True, event=Event.LET_PASS),
    Row(Rule.CANNOT_ASK, _DENY, Rc.AUTH_ERR, can_ask=False, text=Prompt.CANNOT_ASK, event=Event.REFUSED),
    Row(Rule.CODE, Decision.CODE, account=AccountState.ACTIVATED, text=Prompt.CODE_PROMPT),
    Row(Rule.SMS, Decision.CODE, account=AccountState.BY_SMS, text=Prompt.SMS_PROMPT),
    Row(
        Rule.ENROL_CLOSED,
        _DENY,
        Rc.AUTH_ERR,
        account=AccountState.WINDOW_CLOSED,
        text=Prompt.ENROL_CLOSED,
        event=Event.REFUSED,
    ),
    # The password of one name must not set up the device of another.
    Row(Rule.ENROL_OTHER_NAME, _DENY, Rc.AUTH_ERR, alias=True, text=Prompt.ENROL_OTHER_NAME, event=Event.REFUSED),
    Row(Rule.ENROL, Decision.ENROL, can_enrol=True, text=Prompt.ENROL_PROMPT, event=Event.ENROLMENT_OFFERED),
    Row(Rule.ENROL_ELSEWHERE, _DENY, Rc.AUTH_ERR, text=Prompt.ENROL_ELSEWHERE, event=Event.REFUSED),
)


BEFORE_NAMES: Final = frozenset({Rule.OFF, Rule.SERVICE_IGNORED})
"""Rules that hold for every user, so that none has to be looked up."""


@lru_cache(maxsize=4096)
def decide(facts: Facts) -> Row:
    """The first row that matches; the last one matches everything that gets there."""
    return next(row for row in TABLE if row.matches(facts))


def with_account(facts: Facts, account: AccountState) -> Facts:
    """The facts once the state was looked at."""
    return facts._replace(account=account)


def with_pass(facts: Facts, found: PassFound) -> Facts:
    """The facts once it is known what there is for an RDP login."""
    return facts._replace(rdp_pass=found)
