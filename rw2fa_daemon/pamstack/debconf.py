"""The choice of profiles in debconf, which `pam-auth-update --force` uses."""

from typing import Final

from rw2fa_daemon.pamstack import programs

_QUESTION: Final = "libpam-runtime/profiles"
_SUCCESS: Final = "0"
#: debconf-devel(7): there is no such question, so it was never asked.
_NO_QUESTION: Final = "10"


def remember(profile: str, *, chosen: bool) -> str | None:
    """Record in debconf whether a profile of pam-auth-update is chosen.

    Returns why that failed, None if it did not. If there is no debconf, or the question was never asked, there is
    nothing to record.
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
