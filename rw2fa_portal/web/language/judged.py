"""What the daemon and PAM say, in the language of the page. They say it in English: PAM carries no language."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rw2fa_daemon.core.prompts import Prompt
from rw2fa_portal.web.language import spans
from rw2fa_portal.web.language.current import _
from rw2fa_portal.words import N_

_TERMINAL: Final = frozenset((
    Prompt.CANNOT_ASK, Prompt.ENROL_ELSEWHERE, Prompt.ENROL_ENLARGE, Prompt.ENROL_NEXT, Prompt.ENROL_PROMPT,
    Prompt.ENROL_SCAN, Prompt.ENROL_TYPE, Prompt.ENROL_TYPE_ONLY, Prompt.ENROL_WHY, Prompt.RDP_REFUSED,
    Prompt.RECOVERY_CODES,
))  # fmt: skip
"""What no page shows: pages have words of their own for it."""

_JOINED: Final = frozenset((Prompt.ENROL_WRONG, Prompt.ENROL_CLOCK))
"""What a page shows as one paragraph (questions); of the others each line stands for itself."""

OTHERS: Final[Sequence[str]] = (
    N_("Current password"),
    N_("New password"),
    N_("Retype new password"),
    N_("You are required to change your password immediately (password expired)."),
    N_("You are required to change your password immediately (administrator enforced)."),
    N_("Sorry, passwords do not match."),
    N_("Your account has expired; please contact your system administrator."),
    N_("The password has not been changed."),
    N_("No password has been supplied."),
)
"""What pam_unix says in its own words: it speaks the language of the process, which no browser has chosen."""

_SPAN: Final = r"\d+ minutes?|\d+ hours?(?: and \d+ minutes)?"
_FIELDS: Final[Mapping[str, str]] = {"span": _SPAN, "ending": r"\d+", "seconds": r"\d+", "ago": r"\d+", "left": r"\d+"}


def label(prompt: str) -> str:
    """A prompt without what separates it from the answer on a terminal."""
    return prompt.strip().rstrip(":").strip()


def joined(lines: Sequence[str]) -> str:
    """Sentences, the last of which is a prompt, as one paragraph."""
    return f"{' '.join(lines).rstrip(': ')}."


def _sentences() -> Iterator[str]:
    for prompt in Prompt:
        if prompt in _TERMINAL:
            continue
        text = prompt.value
        if prompt is Prompt.CLOCK:
            for way in ("ahead", "behind"):
                for what in ("time", "time and time zone"):
                    yield text.format(off=f"{{span}} {way}", what=what)
        elif prompt in _JOINED:
            yield joined(text.replace("{minutes}", "{span}").split("\n"))
        else:
            yield from (label(line) if line.endswith(": ") else line for line in text.split("\n") if line)


SENTENCES: Final = tuple(
    sentence for sentence in dict.fromkeys((*_sentences(), *OTHERS)) if not re.fullmatch(r"\{\w+\}", sentence)
)
"""All that the catalogues have to have."""


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", sentence)
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = [f"(?P<{name}>{_FIELDS[name]})" for name in parts[1::2]]
    return re.compile("".join(parts))


_WITH_FIELDS: Final = {sentence: _pattern(sentence) for sentence in SENTENCES if "{" in sentence}


def say(text: str) -> str:
    """A sentence in the language of the page. One that nobody knows is shown as it is."""
    for sentence, pattern in _WITH_FIELDS.items():
        if match := pattern.fullmatch(text):
            fields = match.groupdict()
            if "span" in fields:
                fields["span"] = _span(fields["span"])
            return _(sentence).format(**fields)
    return _(text)


def _span(text: str) -> str:
    """What core.prompts.span made, in the language of the page."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if "hour" not in text:
        return spans.minutes(numbers[0] * 60)
    if len(numbers) == 1:
        return spans.hours(numbers[0])
    return _("{hours} and {minutes}").format(hours=spans.hours(numbers[0]), minutes=spans.minutes(numbers[1] * 60))
