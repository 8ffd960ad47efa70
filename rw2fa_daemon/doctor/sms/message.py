"""How many SMS segments the message takes."""

from collections.abc import Iterator

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.sms_text import ALONE, Segments, costly, fill, segments
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject


def check_sms_message(subject: Subject) -> Iterator[Finding]:
    """Whether each code costs one segment, if codes are sent by SMS."""
    if subject.config.sms_enabled and (warning := segment_warning(subject.config)):
        yield Finding("sms-message", ok=True, detail=message_meaning(subject.config), fix=warning)


def measured(config: Config) -> Segments:
    """What the message takes with a code and the issuer of these settings in it."""
    return segments(_filled(config))


def message_meaning(config: Config) -> str:
    """What the message takes, as a clause."""
    found = measured(config)
    many = "s" if found.count > 1 else ""
    return (
        f"with a code of {config.digits} digits and the issuer {config.issuer_name} an SMS is {found.characters}"
        f" characters of {found.encoding} long and takes {found.count} segment{many}"
    )


def segment_warning(config: Config) -> str:
    """What to do about a message that takes more than one segment; empty where it takes one."""
    found = measured(config)
    if found.count == 1:
        return ""
    strange = costly(_filled(config))
    shorten = f"shorten settings.sms_message or settings.issuer to {ALONE[found.encoding]} characters in all"
    if strange:
        shorten += f", or remove {' '.join(strange)}, which an SMS of {max(ALONE.values())} characters cannot contain"
    return f"each segment is charged: {shorten}"


def _filled(config: Config) -> str:
    return fill(config.sms_message, "0" * config.digits, config.issuer_name)
