"""Adding our lines to a host and removing them: all of them or none, and never a file half written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.clients import ClientTable
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.data import shipped_clients
from rw2fa_daemon.pamstack import accepted, programs
from rw2fa_daemon.pamstack.common_auth import (
    is_additional,
    is_saved,
    profile_line,
    put_in_common,
    put_in_saved,
    take_out_of_common,
    take_out_of_saved,
)
from rw2fa_daemon.pamstack.debconf import remember
from rw2fa_daemon.pamstack.host import (
    COMMON_AUTH,
    PROFILE,
    PROFILE_PATH,
    PROFILES_FOLDER,
    SAVED_AUTH,
    facilities_in,
    service_faults,
)
from rw2fa_daemon.pamstack.lines import DEFAULT_SOCKET, OurLine, copy_of, our_lines, put_in, uncopied, without
from rw2fa_daemon.pamstack.lock import locked
from rw2fa_daemon.pamstack.module_files import OUR_MODULE, modules, under
from rw2fa_daemon.pamstack.search import TooManyWays
from rw2fa_daemon.pamstack.sshd.ask import files_of, refuses, wanted_dropin
from rw2fa_daemon.pamstack.sshd.changes import changes_on_host
from rw2fa_daemon.pamstack.sshd.dropin import DROPIN, NOBODY, Scope
from rw2fa_daemon.pamstack.stack import INCLUDE_FOLDER, SERVICE_FOLDERS, host_reader
from rw2fa_daemon.pamstack.syntax import SyntaxProblem, physical_lines
from rw2fa_daemon.pamstack.transaction import Transaction, read_bytes
from rw2fa_daemon.pamstack.unasked import Difference, differences
from rw2fa_daemon.wire.client import ask_daemon

_HOST: Final = Path("/")
#: The PAM service whose program reads the drop-in, and the units that are told to reload it.
_SSHD: Final = "sshd"
_SSHD_UNITS: Final = ("ssh.service", "sshd.service")


@dataclass(frozen=True, slots=True)
class Report:
    """What was done: the files that changed, and notes for the administrator, a sentence each."""

    changed: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Work:
    """One installation or removal under way."""

    root: Path
    files: Transaction
    changed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def write(self, path: str, text: str) -> bool:
        wrote = self.files.write(under(self.root, path), text.encode("utf-8", "surrogateescape"))
        if wrote and path not in self.changed:
            self.changed.append(path)
        return wrote

    def delete(self, path: str) -> bool:
        deleted = self.files.delete(under(self.root, path))
        if deleted:
            self.changed.append(path)
        return deleted

    def report(self) -> Report:
        return Report(tuple(self.changed), tuple(self.notes))


def install(
    services: Iterable[str] = (),
    *,
    root: Path = _HOST,
    scope: Scope = NOBODY,
    clients: ClientTable | None = None,
    socket: Path = DEFAULT_SOCKET,
) -> Report:
    """Add our lines to the files of `services` (if empty, of all that have lines of ours), and to common-auth.

    Also writes the drop-in for sshd, for the users of `scope`. Changes nothing that is already done. Services that
    are not on this host are skipped with a note. `socket` is where the daemon listens; if it does not answer, there is
    a note, as logins are refused until it does.

    Raises Problem, with everything as it was, if the outcome would be wrong: the module or the profile is
    missing, the daemon does not answer although systemd could start it, a check of the stacks finds a fault, or sshd
    refuses the drop-in.
    """
    chosen = _chosen(services)
    table = clients or shipped_clients()
    _require_installed(root)
    with locked(root), Transaction() as files:
        work = _Work(root, files)
        _require_daemon(work, socket)
        present = [service for service in chosen if _add_lines(work, service, socket)]
        added = _add_profile(work, socket)
        if _SSHD in present:
            _write_dropin(work, scope)
            _check_dropin(work, scope)
        _check(root, present, table)
    if added:
        _remember_profile(work, chosen=True)
    _reload_sshd(work)
    return work.report()


def remove(services: Iterable[str] = (), *, root: Path = _HOST) -> Report:
    """Remove our lines from the files of `services`; if empty, from all and from common-auth.

    Lines written by hand stay, with a note. Raises Problem, with everything as it was, if a file cannot be
    written.
    """
    chosen = _chosen(services)
    with locked(root), Transaction() as files:
        work = _Work(root, files)
        for service in chosen:
            _drop_lines(work, service)
        if _SSHD in chosen:
            work.delete(DROPIN)
        dropped = not tuple(services) and _drop_profile(work)
    if dropped:
        _remember_profile(work, chosen=False)
    _reload_sshd(work)
    return work.report()


def refresh_dropin(scope: Scope, *, root: Path = _HOST) -> Report:
    """Write sshd's drop-in again for another scope; does nothing if it was not installed.

    Raises Problem, with the old one in place, if sshd refuses it or would change more than it may.
    """
    if not under(root, DROPIN).exists():
        return Report((), ())
    with locked(root), Transaction() as files:
        work = _Work(root, files)
        if _write_dropin(work, scope):
            _check_dropin(work, scope)
    _reload_sshd(work)
    return work.report()


def installed(*, root: Path = _HOST) -> bool:
    """Whether any line of ours is in common-auth or in a service for which we have lines."""
    paths = [COMMON_AUTH, *(f"{INCLUDE_FOLDER}/{service}" for service in our_lines())]
    return any(OUR_MODULE.encode() in (read_bytes(under(root, path)) or b"") for path in paths)


def _chosen(services: Iterable[str]) -> Sequence[str]:
    wanted = tuple(services)
    unknown = [service for service in wanted if service not in our_lines()]
    if unknown:
        raise Problem(
            f"there are no lines for the PAM service {unknown[0]}",
            f"name one of {', '.join(our_lines())}; every other service asks for the code through common-auth",
        )
    return wanted or tuple(our_lines())


def _require_installed(root: Path) -> None:
    if not modules(root):
        raise Problem(
            f"{OUR_MODULE} is not where PAM looks for it, and its lines would lock everybody out",
            "run `make install` first",
        )
    if not under(root, PROFILE_PATH).is_file():
        raise Problem(f"{PROFILE_PATH} does not exist", "run `make install` first")


def _require_daemon(work: _Work, socket: Path) -> None:
    if work.root != _HOST:
        return
    try:
        ask_daemon(socket, "status")
    except Problem as problem:
        if programs.under_systemd():
            raise Problem(f"{problem.what}: all logins would be refused", problem.fix) from problem
        work.notes.append(f"{problem.what}: logins are refused until it does")


# Lines of single services


def _add_lines(work: _Work, service: str, socket: Path) -> bool:
    """Whether the service is on this host."""
    wanted = [line.speaking_to(socket) for line in our_lines()[service]]

    def edit(text: str) -> str:
        return put_in(text, wanted, lambda target: facilities_in(work.root, target))

    return _edit(work, service, edit, wanted)


def _drop_lines(work: _Work, service: str) -> None:
    if _edit(work, service, without, ()):
        path = f"{INCLUDE_FOLDER}/{service}"
        if _names_us(work.root, path):
            work.notes.append(f"{path} still has a line with {OUR_MODULE} that was written by hand")


def _edit(work: _Work, service: str, edit: Callable[[str], str], wanted: Sequence[OurLine]) -> bool:
    """Edit the file of a service; whether there is one.

    A service whose only file is in /usr/lib gets a copy in /etc, which takes precedence and which no package
    overwrites; a copy without any change of its own is deleted, whatever the package ships by then.
    """
    path = f"{INCLUDE_FOLDER}/{service}"
    before = _text(work.root, path)
    if before is None and wanted:
        shipped = _text(work.root, f"{SERVICE_FOLDERS[-1]}/{service}")
        before = None if shipped is None else copy_of(shipped)
    if before is None:
        if wanted:
            work.notes.append(f"{service} was skipped: there is no {path}")
        return False
    try:
        text = edit(before)
    except SyntaxProblem as problem:
        raise Problem(f"{path} cannot be edited: {problem}", "correct that line, then run this again") from problem
    rest, only_copied = uncopied(text)
    if wanted:
        work.write(path, text)
    elif only_copied:
        work.delete(path)
    else:
        work.write(path, rest)
    return True


# common-auth


def _text(root: Path, path: str) -> str | None:
    """The content of a file, None if there is none."""
    content = read_bytes(under(root, path))
    return None if content is None else content.decode("utf-8", "surrogateescape")


def _names_us(root: Path, path: str) -> bool:
    """Whether a file has a line with our module, whether installed or written by hand."""
    return any(OUR_MODULE in line.partition("#")[0] for line in physical_lines(_text(root, path) or ""))


def _add_profile(work: _Work, socket: Path) -> bool:
    """Add our line to common-auth, as pam-auth-update would; False if it is there already. Raises Problem."""
    if _names_us(work.root, COMMON_AUTH):
        return False
    try:
        line = profile_line(_text(work.root, PROFILE_PATH) or "")
    except ValueError:
        raise Problem(f"{PROFILE_PATH} has no line for auth", "run `make install` again") from None
    speaking = line if socket == DEFAULT_SOCKET else f"{line} socket={socket}"
    after = put_in_common(_text(work.root, COMMON_AUTH) or "", speaking)
    if after is None:
        raise Problem(
            f"{COMMON_AUTH} lacks the comments between which pam-auth-update puts lines",
            f"add `auth requisite {OUR_MODULE}` after the lines that check the password, then run this again",
        )
    work.write(COMMON_AUTH, after)
    if saved := take_out_of_saved(_text(work.root, SAVED_AUTH) or "", PROFILE):
        # Without the socket: pam-auth-update keeps arguments of a line that are not in its records.
        work.write(SAVED_AUTH, put_in_saved(saved, PROFILE, line, lambda name: _runs_late(work.root, name)))
    return True


def _runs_late(root: Path, profile: str) -> bool:
    return is_additional(_text(root, f"{PROFILES_FOLDER}/{profile}") or "")


def _drop_profile(work: _Work) -> bool:
    """Remove from common-auth what was added; whether there was anything."""
    if not _names_us(work.root, COMMON_AUTH):
        return False
    saved = _text(work.root, SAVED_AUTH) or ""
    dropped = False
    if not saved or is_saved(saved, PROFILE):
        dropped = work.write(COMMON_AUTH, take_out_of_common(_text(work.root, COMMON_AUTH) or ""))
    if saved:
        work.write(SAVED_AUTH, take_out_of_saved(saved, PROFILE))
    if _names_us(work.root, COMMON_AUTH):
        work.notes.append(
            f"{COMMON_AUTH} still has a line with {OUR_MODULE} that was written by hand; remove it by hand"
        )
    return dropped


def _remember_profile(work: _Work, *, chosen: bool) -> None:
    complaint = remember(PROFILE, chosen=chosen) if work.root == _HOST else None
    if complaint is not None:
        work.notes.append(
            f"debconf could not be updated ({complaint}): after `pam-auth-update --force`, run `rw2fa pam check`"
        )


# sshd


def _write_dropin(work: _Work, scope: Scope) -> bool:
    """Write the drop-in for these users; whether it changed."""
    if not under(work.root, DROPIN).parent.is_dir():
        work.notes.append(f"sshd's drop-in was skipped: there is no folder {Path(DROPIN).parent}")
        return False
    return work.write(DROPIN, wanted_dropin(scope, work.root))


def _check_dropin(work: _Work, scope: Scope) -> None:
    """Have sshd judge the drop-in. Raises Problem if it refuses it, or if it would change more than it may."""
    dropin = read_bytes(under(work.root, DROPIN))
    judged = programs.sshd("-t") if work.root == _HOST and dropin is not None else None
    if judged is None or dropin is None:
        return
    if not judged.ok:
        if refuses(files_of()):
            work.notes.append(
                "the drop-in could not be checked, since sshd refuses the rest of its configuration; run `sshd -t`"
            )
            return
        raise Problem(
            f"sshd refuses {DROPIN}: {judged.complaint}",
            "nothing was changed; run `sshd -t` and correct the line that it names",
        )
    for change in changes_on_host(scope, dropin.decode("utf-8", "surrogateescape")):
        raise Problem(f"nothing was changed, since sshd would be weakened or changed: {change.detail}", change.fix)


def _reload_sshd(work: _Work) -> None:
    if DROPIN not in work.changed:
        return
    if work.root != _HOST or not programs.under_systemd():
        work.notes.append("sshd reads its configuration again on SIGHUP or when it is restarted")
        return
    for unit in _SSHD_UNITS:
        if programs.run(["systemctl", "is-active", "--quiet", unit]).ok:
            done = programs.run(["systemctl", "--job-mode=ignore-dependencies", "reload", unit])
            if done.ok:
                work.notes.append(f"{unit} was reloaded")
            else:
                work.notes.append(f"{unit} could not be reloaded ({done.complaint}); run `systemctl reload {unit}`")
            return
    work.notes.append("sshd is not running; it reads its configuration when it starts")


# The outcome


def _check(root: Path, services: Sequence[str], clients: ClientTable) -> None:
    taken = accepted.read(root)
    for service in services:
        try:
            faults = [fault for fault in service_faults(root, service, clients) if fault.grave]
            found = [fault for fault in faults if not taken.counts(root, service, fault.name)]
            changed = _change_for_others(root, service)
        except SyntaxProblem as problem:
            raise Problem(
                f"PAM cannot read {service}: {problem}", "correct that line, then run this again"
            ) from problem
        if found:
            raise Problem(f"nothing was changed, since there would be a way past it: {found[0].detail}", found[0].fix)
        if changed is not None:
            raise Problem(
                f"nothing was changed, since it would affect users who are not asked: {changed.detail}", changed.fix
            )


def _change_for_others(root: Path, service: str) -> Difference | None:
    try:
        return next(differences(service, host_reader(root)), None)
    except TooManyWays:
        # A fault reports it.
        return None
