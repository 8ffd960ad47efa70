"""One login as a state machine: an account and an event in, an account and a message out.

Nothing here reads a clock, a random number or the state: each comes as an argument, so that the
whole conversation can run inside the transaction that makes its outcome durable.
"""

from dataclasses import replace
from typing import Final

from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.account_state import account_state, method_in_force, row_of
from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.code_stage import ask_code, judge_code, judge_recovery_code, remember_session
from rw2fa_daemon.core.code_stage import of_another_hour as code_of_another_hour
from rw2fa_daemon.core.enrol_stage import (
    OVERTAKEN,
    PICTURES_MAX,
    first_code_of_another_hour,
    judge_first_code,
    judge_token,
    next_picture,
    noted,
    offer_enrolment,
)
from rw2fa_daemon.core.policy import AccountState, Decision, Row
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.reason import told
from rw2fa_daemon.core.recovery_codes import HashedAttempt
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.sms_stage import ask_for_sms_code, due, entered, judge_recovery_code_by_sms, judge_sms_code
from rw2fa_daemon.core.transitions import Context, ConversationState, NoReply, Stage, Transition, finish, refuse

_WANTED: Final = {
    Stage.CODE: {Rule.CODE},
    Stage.SMS: {Rule.SMS},
    Stage.RECOVERY: {Rule.SMS},
    Stage.TOKEN: {Rule.ENROL},
    Stage.ENROL: {Rule.ENROL},
    Stage.ACKNOWLEDGED: {Rule.CODE, Rule.SMS},
}
"""The rules of which the policy must still name one when the answer comes."""

_WITH_TEXT: Final = frozenset((Stage.SMS, Stage.RECOVERY))
_FOR_A_CODE: Final = _WITH_TEXT | {Stage.CODE}

Answer = str | HashedAttempt | NoReply


def begin(account: Account | None, context: Context) -> Transition:
    """The first transition, once the state is needed: end, or ask for a code or a first code."""
    return told(_begun(account, context), 0, context)


def _begun(account: Account | None, context: Context) -> Transition:
    row = row_of(account_state(account, context), context)
    if row.rule in _WANTED[Stage.SMS] and account is not None:
        return ask_for_sms_code(account, context)
    if row.decision is Decision.CODE and account is not None and account.credential is not None:
        state = ConversationState(Stage.CODE)
        return Transition(account, ask_code(state, Prompt.CODE_PROMPT, account, account.credential), state)
    if row.decision is Decision.ENROL:
        return offer_enrolment(account, context)
    if row.uses_bypass and account is not None and account.bypass is not None and account.bypass.once:
        account = replace(account, bypass=None)
    if row.uses_bypass and account is not None and context.client.portal:
        account = remember_session(account, context)
    return finish(row, context, account)


def reply(state: ConversationState, account: Account | None, answer: Answer, context: Context) -> Transition:
    """The transition after the user answered, or did not.

    The account may have changed since the question (reset, removed, locked, activated by another
    session): then what is asked no longer fits, and the login ends.
    """
    if state.end is not None:
        return Transition(account, state.end)
    transition = _judged(state, account, answer, context)
    # Nobody is there to read, or nobody who reads.
    return transition if isinstance(answer, NoReply) else told(transition, state.n, context)


def _judged(state: ConversationState, account: Account | None, answer: Answer, context: Context) -> Transition:
    row = _row_now(account, context)
    if row.rule not in _WANTED[state.stage] or account is None:
        return _overtaken(row, account, context)
    return _answered(state, account, answer, context)


def still_asked(state: ConversationState, account: Account | None, context: Context) -> Transition:
    """The end, if a recovery code would not be judged any more, else nothing to say; checked before hashing.

    A lock may have come from the codes of another login.
    """
    row = _row_now(account, context)
    if row.rule in _WANTED[state.stage] and account is not None:
        return Transition(account, None)
    return told(_overtaken(row, account, context), state.n, context)


def unless_it_activates(state: ConversationState, account: Account | None, code: str, context: Context) -> Transition:
    """The transition after a first code, or nothing to say if that is right: recovery codes have to be made first."""
    transition = reply(state, account, code, context)
    activates = any(record.event is Event.ACTIVATED for record in transition.records)
    return Transition(account, None) if activates else transition


def crowded(state: ConversationState, context: Context) -> Transition:
    """The transition where so many codes of one user wait to be hashed that another is refused unseen, uncharged."""
    reason = "more recovery codes at once than are hashed for one user"
    return told(refuse(None, context, Event.REFUSED, Rule.TOO_MANY_AT_ONCE, reason, Prompt.LOCKED), state.n, context)


def of_another_hour(
    state: ConversationState, account: Account | None, wrong: Transition, step: int, context: Context
) -> Transition:
    """The transition in place of `wrong`, which followed a code of the credential's `step`, hours from now.

    Nothing is accepted, and nothing given back. `state` is the question that was answered.
    """
    look = wrong.far
    if look is None or account is None or account.credential != look.credential:
        return replace(wrong, account=account)
    if state.stage is Stage.ENROL:
        return wrong if wrong.state is None else first_code_of_another_hour(wrong.state, account, step, look)
    return told(code_of_another_hour(account, step, context, look), state.n, context)


def sms_due(state: ConversationState, account: Account | None, context: Context) -> Transition:
    """The transition when nobody has answered a question for the code of a message that was not sent yet.

    Where the account changed since the question there is none: the answer will show it.
    """
    if account is None or _row_now(account, context).rule not in _WANTED[state.stage]:
        return Transition(account, None)
    return due(state, account, context)


def _row_now(account: Account | None, context: Context) -> Row:
    """What the policy says of a login that has been asked already."""
    state = account_state(account, context)
    if state is AccountState.RECENT and account is not None:
        # Another login in the same audit session may have been faster: this one still wants its answer.
        by_sms = method_in_force(account, context.settings) is Method.SMS
        state = AccountState.BY_SMS if by_sms else AccountState.ACTIVATED
    return row_of(state, context)


def _answered(state: ConversationState, account: Account, answer: Answer, context: Context) -> Transition:
    if state.stage is Stage.ACKNOWLEDGED and answer is not NoReply.EOF:
        return noted(account, context)
    if state.stage is Stage.SMS and answer is NoReply.EMPTY:
        return entered(state, account, context)
    if state.stage is Stage.ENROL and answer is NoReply.EMPTY and state.pictures < PICTURES_MAX:
        return next_picture(state, account, context)
    if isinstance(answer, NoReply):
        code = state.stage in _FOR_A_CODE
        return refuse(
            account,
            context,
            Event.NO_ANSWER,
            Rule.NO_ANSWER if code else Rule.ENROL_FAILED,
            f"no code: {answer.value}",
            Prompt.LOGIN_REFUSED if code else Prompt.ENROL_FAILED,
        )
    if state.stage is Stage.TOKEN and isinstance(answer, HashedAttempt):
        return judge_token(state, account, answer, context)
    judged = (_judge_sms if state.stage in _WITH_TEXT else _judge_app)(state, account, answer, context)
    return judged or refuse(account, context, Event.PROTOCOL_BROKEN, Rule.PROTOCOL, "an answer of another kind")


def _judge_app(
    state: ConversationState, account: Account, answer: str | HashedAttempt, context: Context
) -> Transition | None:
    credential = account.credential
    if credential is None:
        return refuse(account, context, Event.REFUSED, Rule.ENROL, OVERTAKEN)
    if state.stage is Stage.CODE and isinstance(answer, HashedAttempt):
        return judge_recovery_code(state, account, credential, answer, context)
    if state.stage is Stage.CODE and isinstance(answer, str):
        return judge_code(state, account, credential, answer, context)
    if state.stage is Stage.ENROL and isinstance(answer, str):
        return judge_first_code(state, account, credential, answer, context)
    return None


def _judge_sms(
    state: ConversationState, account: Account, answer: str | HashedAttempt, context: Context
) -> Transition | None:
    if isinstance(answer, HashedAttempt):
        return judge_recovery_code_by_sms(state, account, answer, context)
    return judge_sms_code(state, account, answer, context) if state.stage is Stage.SMS else None


def _overtaken(row: Row, account: Account | None, context: Context) -> Transition:
    if row.decision is Decision.DENY:
        return finish(row, context, account)
    return refuse(account, context, Event.REFUSED, row.rule, OVERTAKEN)
