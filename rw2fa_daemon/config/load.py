"""Reading the configuration: the main file, then the drop-ins; later ones override earlier ones key by key."""

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, cast

from rw2fa_daemon.config import arrays, trusted
from rw2fa_daemon.config.config import Config, Portal
from rw2fa_daemon.config.database_url import PASSWORD_FILE
from rw2fa_daemon.config.database_url import parse as parse_database
from rw2fa_daemon.config.domain import NAME_BYTES_MAX, Refused, Value
from rw2fa_daemon.config.settings import ANY_SERVICE, SECTIONS, SETTINGS, Setting, find
from rw2fa_daemon.core.budget import allowance, largest_discrepancy
from rw2fa_daemon.core.database import Database
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import GROUP_MARK, UserList

DEFAULT_PATH: Final = Path("/etc/rw2fa/rw2fa.toml")
DROPINS_MAX: Final = 256
LONG_LIST: Final = 4_096
"""Characters from which on a list of names is read separately: tomllib takes seconds for a hundred thousand names."""
PERCENT: Final = 100
GROUPS_MAX: Final = 256
"""Every look-up of a user resolves each group of the configuration."""


@dataclass(frozen=True, slots=True)
class Layers:
    """What the files set together.

    `values` has the effective value of each key that is set in some file, `origins` the file that it
    is from; `files` are all that were read, in order. `read` is each file's content, and what it sets.
    """

    values: Mapping[str, Value]
    origins: Mapping[str, Path]
    files: tuple[Path, ...]
    read: Mapping[Path, tuple[bytes, Mapping[str, Value]]]

    def value(self, key: str) -> Value | None:
        """The value of a key, or its default."""
        setting = find(key)
        return self.values.get(key, setting.default if setting else None)


def load(path: Path, dropins: Path | None = None) -> Config:
    """The configuration from the file at `path` and the *.toml files of the folder `dropins`.

    Unless given, the folder is the file's name with `.d`; it need not exist. Raises Problem, which
    names file, key, reason and what to do.
    """
    return build(read_layers(path, dropins))


def read_layers(path: Path, dropins: Path | None = None) -> Layers:
    """What the files set, with the file that sets each key; raises Problem."""
    return layers_of(path, trusted.read(path), dropins)


def layers_of(path: Path, main: bytes, dropins: Path | None = None, known: Layers | None = None) -> Layers:
    """Like read_layers, with `main` as the content of the file at `path`, to check it before it is written.

    Files whose bytes are the same as in `known` are not parsed again.
    """
    trusted.check_way(path)
    sources = [(path, main)]
    sources += [(file, trusted.read(file)) for file in dropin_files(dropins or default_dropins(path))]
    values: dict[str, Value] = {}
    origins: dict[str, Path] = {}
    read: dict[Path, tuple[bytes, Mapping[str, Value]]] = {}
    for file, content in sources:
        before = known.read.get(file) if known else None
        read[file] = before if before and before[0] == content else (content, settings_in(file, content))
        for key, value in read[file][1].items():
            values[key] = value
            origins[key] = file
    return Layers(values, origins, tuple(file for file, _ in sources), read)


def default_dropins(path: Path) -> Path:
    """The folder of drop-ins for a main file."""
    return path.with_name(path.name + ".d")


def dropin_files(folder: Path) -> list[Path]:
    """The drop-ins in the order in which they are read: by name, hidden ones left out."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise trusted.unreadable(folder, error) from None
    trusted.check_folder(folder)
    files = [folder / name for name in names if name.endswith(".toml") and not name.startswith(".")]
    if len(files) > DROPINS_MAX:
        raise Problem(f"{folder} contains {len(files)} drop-ins", f"reduce them to at most {DROPINS_MAX}")
    return files


def settings_in(file: Path, content: bytes) -> dict[str, Value]:
    """What one file sets, by full key, each value checked."""
    return {key: _value(file, key, raw) for key, raw in _keys(file, _parse(file, content))}


def _parse(file: Path, content: bytes) -> dict[str, Any]:
    try:
        text = content.decode()
        rest, lists = arrays.cut(text, LONG_LIST)
        if lists:
            # Without them a parser reports wrong lines and columns: text that is not TOML is parsed again as a whole.
            with suppress(tomllib.TOMLDecodeError, RecursionError):
                document = tomllib.loads(rest)
                arrays.put_back(document, lists)
                return document
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Problem(f"{file}, line {line}: not UTF-8", "save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise Problem(*_syntax(file, str(error), content)) from None
    except RecursionError:
        raise Problem(f"{file}: brackets are nested too deeply", "remove the nested brackets") from None


def _syntax(file: Path, message: str, content: bytes) -> tuple[str, str]:
    """What is wrong and what to do, from tomllib's message, which ends with the position."""
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    reason = message[: place.start()] if place else message
    line = place.group(1) if place and place.group(1) else str(content.rstrip().count(b"\n") + 1)
    column = f", column {place.group(2)}" if place and place.group(2) else ""
    if reason == "Cannot overwrite a value" or reason.endswith("twice"):
        return f"{file}, line {line}{column}: a key or table is defined twice", "keep one of the two"
    return f"{file}, line {line}{column}: not TOML: {reason[:1].lower()}{reason[1:]}", "correct that line"


def _keys(file: Path, document: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Each key that a document sets, with its value."""
    for name, raw in document.items():
        if name in SECTIONS:
            if not isinstance(raw, dict):
                raise Problem(
                    f"{file}: {name} must be a table", f"write [{name}] on a line of its own, with the keys below it"
                )
            for inner, value in raw.items():
                yield f"{name}.{inner}", value
        else:
            yield name, raw


def _value(file: Path, key: str, raw: object) -> Value:
    setting = find(key)
    if setting is None:
        raise _unknown(file, key)
    try:
        return check(setting, key, raw)
    except Refused as refused:
        raise Problem(f"{file}: {key}: {refused.reason}", refused.fix) from None


def check(setting: Setting, key: str, raw: object) -> Value:
    """The value of a key for `raw`, as parsed from TOML; raises Refused."""
    if setting.key == ANY_SERVICE:
        _service_name(key.partition(".")[2])
    return setting.domain.read(raw)


def _service_name(name: str) -> None:
    if name != name.lower():
        raise Refused("libpam converts service names to lower case", f"write {name.lower()}")
    if not name.isprintable() or "/" in name or " " in name or name == "*" or len(name.encode()) > NAME_BYTES_MAX:
        raise Refused("cannot be the name of a PAM service", "write the name of a file in /etc/pam.d")


def _unknown(file: Path, key: str) -> Problem:
    from difflib import get_close_matches  # noqa: PLC0415 - a third of the time this package takes to import

    known = [*SECTIONS, *(setting.key for setting in SETTINGS if setting.key != ANY_SERVICE)]
    by_name = {setting.name: setting.key for setting in reversed(SETTINGS)}
    name = key.rpartition(".")[2]
    near = [by_name[name]] if name in by_name else get_close_matches(key, known, 1, 0.7)
    advice = (
        f"write {near[0]} if you mean that, or remove the key"
        if near
        else "remove it; `rw2fa settings list` prints all keys"
    )
    return Problem(f"{file}: {key}: there is no such key", advice)


def _roster(entries: Value) -> UserList:
    return UserList.of(cast(tuple[str, ...], entries))


def scope_entries(users: tuple[str, ...], groups: tuple[str, ...]) -> tuple[str, ...]:
    """The scope as one list: users, and groups with their mark, which is optional in scope.groups."""
    marked = (group if group.startswith(GROUP_MARK) else GROUP_MARK + group for group in groups)
    return tuple(dict.fromkeys((*users, *marked)))


def host_issuer() -> str:
    """This host's default issuer."""
    # A colon would end the issuer in the label of an otpauth URI.
    return f"{os.uname().nodename.replace(':', '-')} - remote-work"


def build(layers: Layers) -> Config:
    """The configuration that results from all files; raises Problem if they contradict each other."""
    of = cast(Callable[[str], Any], layers.value)  # The table says which type each key has.
    entries = scope_entries(of("scope.users"), of("scope.groups"))
    services = {
        key.removeprefix("services."): cast(str, value)
        for key, value in layers.values.items()
        if key.startswith("services.") and key != "services.default"
    }
    config = Config(
        enabled=of("enabled"),
        enabled_until=of("enabled_until"),
        scope=_roster(entries),
        scope_entries=entries,
        whitelist=_roster(of("rdp.whitelist")),
        pass_seconds=of("rdp.pass_seconds"),
        pass_without_address=of("rdp.without_address"),
        exempt_users=_roster(of("exempt.users")),
        exempt_networks=tuple(ip_network(text) for text in of("exempt.networks")),
        enrolment_window_days=of("enrolment.window"),
        proof=of("enrolment.proof"),
        discrepancy=of("settings.discrepancy"),
        guess_budget=of("guessing.budget") / PERCENT,
        accept_risk=of("guessing.accept_risk"),
        sudo_minutes=of("settings.sudo_minutes"),
        issuer=of("settings.issuer"),
        issuer_name=of("settings.issuer") or host_issuer(),
        validity_after_first_session=of("settings.validity_after_first_session"),
        validity_before_first_session=of("settings.validity_before_first_session"),
        digits=of("settings.digits"),
        sms_message=of("settings.sms_message"),
        sms_enabled=of("sms.enabled"),
        sms_account_sid=of("sms.account_sid"),
        sms_sender=of("sms.phone_number"),
        sms_api_url=of("sms.api_url"),
        sms_minutes=of("sms.minutes"),
        sms_countries=of("sms.countries"),
        sms_per_user=of("sms.per_user"),
        sms_per_number=of("sms.per_number"),
        sms_per_source=of("sms.per_source"),
        sms_per_day=of("sms.per_day"),
        applications=of("portal.applications"),
        keep_minutes=of("portal.keep"),
        services=services,
        service_default=of("services.default"),
        state=Path(of("paths.state")),
        socket=Path(of("paths.socket")),
        master_key=Path(of("paths.master_key")),
        database=_database(of("database.url"), of("paths.master_key")),
        portal=Portal(
            enabled=of("portal.enabled"),
            listen=of("portal.listen"),
            certificate=_path(of("portal.certificate")),
            key=_path(of("portal.key")),
            trusted_proxies=tuple(ip_network(text) for text in of("portal.trusted_proxies")),
            title=of("portal.title"),
            logo=_path(of("portal.logo")),
            colour=of("portal.colour"),
            notify=of("portal.notify"),
            rdp_address=of("portal.rdp_address"),
            rdp_load_balance_info=of("portal.rdp_load_balance_info"),
        ),
        time_servers=of("time.servers"),
        notify=_path(of("enrolment.notify")),
        metrics_file=_path(of("metrics.file")),
        files=layers.files,
    )
    if (count := len(config.lists.groups)) > GROUPS_MAX:
        raise Problem(
            f"{layers.files[0]}: the lists name {count} groups, and every login has to look up each",
            f"name at most {GROUPS_MAX}",
        )
    _refuse_cheap_guessing(config, layers)
    if (config.portal.certificate is None) != (config.portal.key is None):
        raise Problem(
            f"{layers.files[0]}: portal: of portal.certificate and portal.key one alone is set", "set both, or neither"
        )
    return config


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _database(url: str, master_key: str) -> Database | None:
    if not url:
        return None
    return replace(parse_database(url), password_file=str(Path(master_key).with_name(PASSWORD_FILE)))


def _refuse_cheap_guessing(config: Config, layers: Layers) -> None:
    """Raise Problem for a window so wide that a single guess exceeds the budget, unless the risk is accepted."""
    if config.accept_risk or allowance(config.digits, config.guessing).wide > 0:
        return
    file = layers.origins.get("settings.discrepancy") or layers.origins.get("settings.digits") or layers.files[0]
    fits = largest_discrepancy(config.digits, config.guess_budget)
    raise Problem(
        f"{file}: settings.discrepancy: with {config.digits} digits and {config.discrepancy} steps each way a single"
        f" guess is likelier to be right than the guess budget of {config.guess_budget:.3%} allows",
        f"set it to at most {fits}, use more digits, or accept the risk with guessing.accept_risk = true"
        " (`rw2fa settings set KEY VALUE --accept-risk` sets both)",
    )
