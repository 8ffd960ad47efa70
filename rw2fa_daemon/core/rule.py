"""The names of the rules that decide, as `explain`, the audit, the metrics and the protocol give them."""

from enum import StrEnum
from typing import Self


class Rule(StrEnum):
    """What decided, or what a record of the service itself is about; `meaning` is a sentence for administrators.

    The administrator's guide lists all of them. The hook accepts `[a-z0-9-]`, at most 64 bytes.
    """

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """A name with its sentence."""
        rule = str.__new__(cls, value)
        rule._value_ = value
        rule.meaning = meaning
        return rule

    # Nobody is asked.
    OFF = "off", "Two-factor authentication is switched off."
    SERVICE_IGNORED = (
        "service-ignored",
        "This PAM service is not protected, by `[services]` or the shipped table.",
    )
    PEER_SELF = "peer-self", "A program that is not root, such as a screen locker, asks about its own user."
    SESSION = "session", "A session began; nothing is decided there."
    # Who it is.
    NO_SUCH_USER = "no-such-user", "No user has this name; the host's other modules refuse it as before."
    UNKNOWN_AFTER_AUTH = (
        "unknown-after-auth",
        "A first factor was accepted, but no user has this name.",
    )
    USER_UNKNOWN = "user-unknown", "The user was not found, but a directory that does not answer may know the name."
    DIRECTORY_UNAVAILABLE = "directory-unavailable", "The directory does not answer, so the user cannot be looked up."
    PEER_OTHER = "peer-other", "A program that is not root asks about another user."
    # Scope and exemptions.
    EXEMPT_USER = "exempt-user", "The user is in `[exempt] users`."
    EXEMPT_NETWORK = "exempt-network", "The login comes from an address in `[exempt] networks`."
    NOT_ENABLED = "not-enabled", "The user is not in the scope."
    REMEMBERED_NOT_ENABLED = (
        "remembered-not-enabled",
        "A group of the scope cannot be resolved; at the last complete look-up the user was not a member.",
    )
    SCOPE_UNSURE = "scope-unsure", "A group of the scope cannot be resolved, and the user may be a member."
    # What this login has shown already.
    EVIDENCE_KEY = "evidence-key", "An earlier step of this login let the user in; no password is needed after the key."
    EVIDENCE = "evidence", "An earlier step of this login let the user in."
    NO_EVIDENCE = "no-evidence", "No earlier step of this login let the user in, such as a key without a code."
    NO_FIRST_FACTOR = "no-first-factor", "No key was accepted yet, so that the password and a code are asked for later."
    # Remote-desktop clients.
    WHITELISTED = "whitelisted", "The user is in `[rdp] whitelist`; the password is still checked."
    RDP_REFUSED = "rdp-refused", "Remote-desktop clients cannot ask for a code, so enabled users are refused."
    # Passes of the portal.
    PASS_NEEDED = "pass-needed", "Whether there is a pass has to be looked up; never the final decision."
    PASS_TO_USE = "pass-to-use", "The pass that was found before has to be used up; never the final decision."
    PASS = "pass", "A pass of the web portal lets this RDP login in; the password is still checked."
    PASS_RECONNECT = (
        "pass-reconnect",
        "A session from the same address lives, which a pass let in; the password is still checked.",
    )
    PASS_USED = "pass-used", "The RDP login was let in by a pass, and used it up."
    PASS_CONTINUED = "pass-continued", "The RDP login was let in where a session from the same address lives."
    PASS_GONE = "pass-gone", "Another login used the pass meanwhile, or it ended or was cancelled."
    PASS_ADDRESS = "pass-address", "There is a pass, for another address."
    PASS_WITHOUT_ADDRESS = (
        "pass-without-address",
        "There is a pass, but xrdp does not say where the login comes from, and `[rdp] without_address` is false.",
    )
    PASS_CANCELLED = "pass-cancelled", "More RDP logins tried for a pass than its user would need, so it was cancelled."
    PASS_KNOCKED = (
        "pass-knocked",
        "An RDP login without a pass was refused a short while ago, and nothing tells whose that was.",
    )
    PASS_ARMED = "pass-armed", "A pass was armed at the web portal: one RDP login is let in."
    # Logons at the portal.
    LOGON = "logon", "Somebody logged on at the web portal."
    LOGON_SESSION = "logon-session", "A logon of the web portal lets another session be opened."
    LOGON_CODE = "logon-code", "A code was typed again for a logon of the web portal."
    LOGON_RECOVERY = "logon-recovery", "New recovery codes were made at the web portal, after a code."
    LOGON_NEEDS_CODE = "logon-needs-code", "The time is over in which the code of the logon opens sessions."
    LOGON_WITHOUT_CODE = (
        "logon-without-code",
        "No code was judged a short while ago in the process that logs somebody on.",
    )
    LOGON_OVER = (
        "logon-over",
        "The logon is over: its time, a sign-out, a reset, a lock, or another scope or uid ended it.",
    )
    LOGON_ENDED = "logon-ended", "Somebody signed out of the web portal, or was locked."
    LOGONS_FULL = "logons-full", "As many people are logged on at the web portal as there may be."
    # What the state says.
    STATE_NEEDED = "state-needed", "The user's record has to be read; never the final decision."
    STATE_UNUSABLE = "state-unusable", "The state cannot be read; `rw2fa doctor` says why."
    UID_CHANGED = "uid-changed", "The account has another uid than when it was added; `rw2fa users reset` accepts it."
    BYPASS_UNATTENDED = (
        "bypass-unattended",
        "The user has a bypass, which does not apply to unattended clients, such as mail.",
    )
    BYPASS = "bypass", "The user has a bypass (`rw2fa users bypass`), so no code is asked for."
    LOCKED = "locked", "Too many wrong codes: no code is accepted until the lock ends or `rw2fa users unlock`."
    RECENT_CODE = "recent-code", "A code was accepted a short while ago in the same login session."
    CANNOT_ASK = "cannot-ask", "The client cannot show a prompt."
    CODE = "code", "The user is asked for a code from the app."
    SMS = "sms", "The user is asked for a code sent by SMS."
    # Judging codes.
    CODE_RIGHT = "code-right", "The code was right."
    CODE_WRONG = "code-wrong", "The code was wrong."
    CODE_USED_BEFORE = "code-used-before", "The code was right, but it or a later one was accepted before."
    CODE_OUTSIDE_WINDOW = (
        "code-outside-window",
        "The code was for a time outside the window, or came by SMS and had expired.",
    )
    RECOVERY_CODE = "recovery-code", "A recovery code was accepted."
    NO_ANSWER = "no-answer", "No code was typed."
    TOO_MANY_AT_ONCE = (
        "too-many-at-once",
        "Too many recovery codes or enrolment tokens of this user are waiting to be checked; this one was not checked.",
    )
    PROTOCOL = "protocol", "The hook sent an answer that does not fit the question."
    # Enrolment.
    ENROL = "enrol", "The user is shown the QR code and asked for a first code."
    ENROL_CLOSED = (
        "enrol-closed",
        "The enrolment window is over, or no enrolment token was made; `rw2fa users reset` opens it again.",
    )
    ENROL_OTHER_NAME = "enrol-other-name", "Another name of the same uid has to enrol."
    ENROL_ELSEWHERE = "enrol-elsewhere", "This client cannot show a QR code safely; the user has to enrol by SSH."
    ENROL_FAILED = "enrol-failed", "The enrolment token or the first code was wrong, or none was typed."
    ACTIVATED = "activated", "The device or the phone number was confirmed by a right code."
    # SMS.
    SMS_COUNTRY = "sms-country", "The number is in no country that `sms.countries` allows."
    SMS_LIMIT_USER = "sms-limit-user", "The user has reached the daily limit of SMS (`sms.per_user`)."
    SMS_LIMIT_NUMBER = "sms-limit-number", "The number has reached the daily limit of SMS (`sms.per_number`)."
    SMS_LIMIT_SOURCE = "sms-limit-source", "The address has reached the hourly limit of SMS (`sms.per_source`)."
    SMS_LIMIT_HOST = "sms-limit-host", "The daily limit of all SMS is reached (`sms.per_day`)."
    SMS_BUSY = "sms-busy", "Too many SMS are waiting to be sent, or this one waited too long."
    SMS_NOT_SET_UP = "sms-not-set-up", "Account, token or sender is missing; `rw2fa sms configure` sets them."
    SMS_FAILED = "sms-failed", "The SMS was not sent; the reason is in the record."
    SMS_DOWN = "sms-down", "Several SMS in a row failed, so none is tried for a while."
    SMS_UP = "sms-up", "SMS are sent again."
    # What the service reports of itself.
    MANY_GUESSED_AT = (
        "many-guessed-at",
        "Wrong codes were typed for many users in a short time; their passwords may be known.",
    )
    STATE_OLDER = "state-older", "The state was rolled back: an older copy was put back without `rw2fa restore`."
    FAILOVER = "failover", "The database is on another server or timeline, which may lack the latest commits."
    RECORDS_LOST = "records-lost", "Audit records could not be written."
    CLOCK_WARN = "clock-warn", "This host's clock is off by more than 5 s."
    CLOCK_ERROR = "clock-error", "This host's clock is off by more than 15 s."
    CLOCK_OK = "clock-ok", "This host's clock is right again."
    RELOADED = "reloaded", "The configuration was read again."
    KEPT = (
        "kept the configuration that was running",
        "The new configuration was refused; the old one stays.",
    )
    RECOVERY_CODE_USED = "recovery-code-used", "The notification of a used recovery code failed."
    RECOVERY_CODES_MADE = "recovery-codes-made", "The notification of new recovery codes failed."
