"""Every sentence that a user at the prompt can see.

None says which factor was wrong, and none reveals anything about an account before the password
was checked: what is shown before that (rdp) is the same for every enabled user.
"""

from enum import Enum
from typing import Final


class Prompt(Enum):
    """The sentences; those with fields are filled by `conversation`."""

    CODE_PROMPT = "Verification code: "
    CODE_WRONG = "That code was not accepted.\nVerification code: "
    CODE_USED = (
        "That code was used already, or is older than the last one. "
        "Wait until your app shows the next code.\nVerification code: "
    )
    LOGIN_REFUSED = "Login refused."
    CLOCK = (
        "Login refused. The clock of your phone, or of this computer, may be wrong: the phone is about {off}. "
        "Set it to automatic {what} and try again with the next code."
    )
    LOCKED = "Login refused. Try again later."
    LOCKED_FOR = "Login refused. Try again in {span}."
    CANNOT_JUDGE = "Two-factor authentication is not available at the moment. Ask your administrator."
    ASK_ADMINISTRATOR = "Login refused. Ask your administrator."
    NO_EVIDENCE = (
        "Login refused: this account needs a verification code, and this way of signing in did not ask for one."
    )
    CANNOT_ASK = "This program cannot ask for a verification code. Sign in another way."
    RDP_REFUSED = "Remote-desktop clients cannot ask for a verification code. Sign in another way."
    RDP_KNOCKED = (
        "Somebody tried to sign in to your account with a remote-desktop client just now. If that was not you, tell "
        "your administrator. Wait a minute, then try again."
    )
    RDP_NOWHERE = (
        "A remote-desktop client cannot be let in, since it is not known where it comes from. Ask your administrator."
    )
    LOGONS_FULL = "Too many people are signed in. Try again later."
    ENROL_CLOSED = (
        "Two-factor authentication is switched on for your account, and the time to set it up "
        "has passed. Ask your administrator to reset it."
    )
    ENROL_ELSEWHERE = (
        "Two-factor authentication is switched on for your account but is not set up yet. "
        "It cannot be set up here: sign in once by SSH or on the console."
    )
    ENROL_OTHER_NAME = (
        "Two-factor authentication is switched on for another name of this account but is not set up yet. "
        "Sign in once under that name, or ask your administrator."
    )
    ENROL_PROMPT = "Code that the app shows now: "
    ENROL_WHY = "Two-factor authentication is switched on for your account."
    ENROL_SCAN = (
        "Scan this QR code with an authenticator app (Google Authenticator, Microsoft Authenticator, Authy or another)."
    )
    ENROL_TYPE = "If you cannot scan it, type the key into the app."
    ENROL_TYPE_ONLY = (
        "Type the key into an authenticator app (Google Authenticator, Microsoft Authenticator, Authy or another)."
    )
    ENROL_ENLARGE = "The QR code takes {lines} lines of {columns} columns: enlarge the window, or use a smaller font."
    ENROL_NEXT = "Press Enter for {next}."
    ENROL_WRONG = "That is not the code for this key. Enter the code that the app shows now: "
    ENROL_CLOCK = (
        "The code is right, but the phone's clock is off by {minutes}. Set the phone to automatic\n"
        "time, then enter the code that the app shows: "
    )
    ENROL_FAILED = "Setup was not finished. Sign in again to see the same QR code."
    PROOF_PROMPT = (
        "Two-factor authentication is switched on for your account but is not set up yet.\n"
        "Enrolment token that your administrator gave you: "
    )
    RECOVERY_CODES = (
        "\nTwo-factor authentication is set up.\n\n"
        "If you do not have your phone, each of these recovery codes signs you in once.\n"
        "They are not shown again: write them down now, and do not keep them on this computer.\n\n{codes}\n\n"
        "Press Enter when you have written them down: "
    )
    TOLD_PROMPT = "{reason}\nPress Enter: "
    RECOVERY_LOW = "Recovery codes left: {left}. Ask your administrator for new ones."
    SMS_PROMPT = (
        "A verification code is on its way to the number ending {ending}.\n"
        "If it does not arrive within {seconds} seconds, press Enter for another.\nVerification code: "
    )
    SMS_ON_REQUEST = (
        "A verification code can be sent to the number ending {ending}: press Enter to have it sent.\n"
        "Verification code: "
    )
    SMS_AGAIN = "Another code is on its way to the number ending {ending}; only that one is valid.\nVerification code: "
    SMS_UNDER_WAY = "The message is still being sent. Wait a moment.\nVerification code: "
    SMS_SOON = (
        "A message was sent {ago} seconds ago. If it does not arrive within another {seconds}, press Enter again.\n"
        "Verification code: "
    )
    SMS_EXPIRED = "That code has expired. Press Enter for another.\nVerification code: "
    SMS_FAILED = "{why}\nPress Enter to try again.\nVerification code: "
    SMS_FAILED_RECOVERY = "{why}\nPress Enter to try again, or type a recovery code.\nVerification code: "
    SMS_RECOVERY = "{why}\nSign in with one of your recovery codes.\nRecovery code: "
    SMS_RECOVERY_WRONG = "That code was not accepted.\nRecovery code: "
    SMS_COUNTRY = "No message can be sent to your number. Ask your administrator to check it."
    SMS_LIMIT = "Too many messages were sent already. Try again later."
    SMS_NOT_SET_UP = "This host cannot send messages. Tell your administrator."
    SMS_DOWN = "Messages cannot be sent right now. Try again in a minute."
    ACTIVATED = "Two-factor authentication is set up. From now on you will be asked for a code."


ZONE_SECONDS: Final = 15 * 60
"""The step by which time zones differ."""

MINUTES_UP_TO_SECONDS: Final = 90 * 60


def clock_text(offset: int) -> str:
    """The sentence about a phone that is `offset` seconds ahead (negative: behind)."""
    off = f"{span(offset)} {'ahead' if offset > 0 else 'behind'}"
    what = "time and time zone" if abs(offset) > ZONE_SECONDS else "time"
    return Prompt.CLOCK.value.format(off=off, what=what)


def span(seconds: float) -> str:
    """A length of time in words: in minutes, from an hour and a half on in hours and multiples of five minutes."""
    if abs(seconds) < MINUTES_UP_TO_SECONDS:
        return minutes(seconds)
    hours, fives = divmod(round(abs(seconds) / (5 * 60)), 12)
    whole = f"{hours} hour{'s' if hours > 1 else ''}"
    return f"{whole} and {5 * fives} minutes" if fives else whole


def minutes(seconds: float) -> str:
    """A length of time in whole minutes, at least one."""
    count = max(1, round(abs(seconds) / 60))
    return f"{count} minute{'s' if count > 1 else ''}"
