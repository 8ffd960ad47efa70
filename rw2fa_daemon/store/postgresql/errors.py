"""PostgreSQL's errors, as an administrator reads them."""

from typing import Final

import psycopg

from rw2fa_daemon.store.problem import StateProblem

REASON_MAX: Final = 300
"""Characters of libpq's reason for a failed connection."""

# By SQLSTATE, or its class (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_BY_STATE: Final[dict[str, tuple[str, str]]] = {
    "55P03": (
        "somebody else keeps the state in {place} locked",
        "try again; if it stays so, find out who with `SELECT * FROM pg_stat_activity` there",
    ),
    "57014": (
        "{place} took too long to answer",
        "look at the load of its server, and who keeps the state locked: `SELECT * FROM pg_stat_activity`",
    ),
    "53100": ("the disk of {place} is full", "make room there; nothing has to be restarted"),
    "25006": ("{place} takes no writes", "name the primary in database.url"),
    "42501": (
        "{place} does not let the user that rw2fa signs in as do what it must",
        "make that user the owner of the database",
    ),
    "XX": ("the state in {place} is damaged", "put it back from a backup, and look for disk errors on its server"),
    "58": ("reading or writing the state in {place} failed", "look for disk errors on its server"),
}
_UNREACHABLE: Final = (
    "make sure that it runs, and compare database.url and the password with what it has (its log, pg_hba.conf); nothing"
    " has to be restarted afterwards"
)
_LOST: Final = frozenset({"08", "57"})
_DOES_NOT_FIT: Final = "42"


def problem(error: Exception, place: str) -> StateProblem:
    """Explain an error, without the server's message, which may quote values."""
    state = getattr(error, "sqlstate", None) or ""
    if known := _BY_STATE.get(state) or _BY_STATE.get(state[:2]):
        what, fix = (text.format(place=place) for text in known)
        return StateProblem(what, fix)
    if not state or state[:2] in _LOST:
        return StateProblem(f"{place} cannot be reached{_reason(error)}", _UNREACHABLE)
    return StateProblem(
        f"the state in {place} cannot be used: the database says {state}",
        "run `rw2fa doctor`; if it finds nothing, look that code up in PostgreSQL's documentation",
    )


def misfit(error: Exception) -> str | None:
    """PostgreSQL's message for a statement that does not fit the tables; None for any other error."""
    if not isinstance(error, psycopg.Error) or not (error.sqlstate or "").startswith(_DOES_NOT_FIT):
        return None
    return None if error.sqlstate in _BY_STATE else error.diag.message_primary


def _reason(error: Exception) -> str:
    """The reason that libpq gives: it names hosts, files and certificates, and no statement was sent yet."""
    if not isinstance(error, psycopg.OperationalError):
        return f" ({type(error).__name__})"
    text = " ".join(str(error).split())
    return f": {''.join(character if character.isprintable() else '?' for character in text)[:REASON_MAX]}"
