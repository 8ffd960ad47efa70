"""What debconf remembers of the profiles that were chosen: what `pam-auth-update --force` goes by."""

from typing import Final

from rw2fa_daemon.pamstack import programs

_QUESTION: Final = "libpam-runtime/profiles"
_SUCCESS: Final = "0"
#: debconf-devel(7): there is no such question, so nobody was ever asked.
_NO_QUESTION: Final = "10"


def remember(profile: str, *, chosen: bool) -> str | None:
    """Have debconf remember whether a profile of pam-auth-update is chosen.

    Gives why that failed, None if it did not. Where there is no debconf, or none that was ever asked, there is nothing
    to remember.
    """
    program = programs.find("debconf-communicate")
    if program is None:
        return None
    code, value = _ask(program, f"GET {_QUESTION}")
    if code == _NO_QUESTION:
        return None
    if code != _SUCCESS:
        return value
    others = [name for name in value.split(", ") if name and name != profile]
    wanted = ", ".join([profile, *others] if chosen else others)
    if wanted == value or (chosen and profile in value.split(", ")):
        return None
    code, complaint = _ask(program, f"SET {_QUESTION} {wanted}")
    return None if code == _SUCCESS else complaint


def _ask(program: str, command: str) -> tuple[str, str]:
    """The number and the text of debconf's answer; the number is empty where there was none."""
    done = programs.run(
        [program, "libpam-runtime"], environment={"DEBIAN_FRONTEND": "noninteractive"}, input_text=f"{command}\n"
    )
    if not done.output.strip():
        return "", done.complaint
    number, _, text = done.output.splitlines()[0].partition(" ")
    return number, text
