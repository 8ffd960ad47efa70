"""Generated configurations of sshd, with our drop-in and without, by the word of the real sshd. For a private world.

python -m tests.integration.pamstack.against_sshd HOSTKEY    # fails with a configuration that breaks promise 14
"""

from __future__ import annotations

import sys
from ipaddress import ip_address, ip_network
from pathlib import PurePosixPath
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import User, UserList
from rw2fa_daemon.pamstack.sshd.ask import Connection, sshd_with
from rw2fa_daemon.pamstack.sshd.changes import Representative, compare, representatives
from rw2fa_daemon.pamstack.sshd.dropin import DROPIN, PLACEHOLDER, Scope, planned_dropin
from rw2fa_daemon.pamstack.sshd.policy import ways, with_code
from rw2fa_daemon.pamstack.sshd.read import CONFIG, Files, read

EXAMPLES = 30
CONNECTIONS = 4
#: The people of the world, and the groups that they are in.
PEOPLE = {"amy": {"staff-2fa", "ops"}, "ben": {"staff-2fa"}, "cat": {"ops"}, "root": set[str](), "who": set[str]()}
NETWORK = ip_network("10.0.0.0/8")
OURS = {"authenticationmethods", "kbdinteractiveauthentication"}

lines = st.sampled_from(
    [
        "PasswordAuthentication no",
        "PasswordAuthentication yes",
        "ChallengeResponseAuthentication=yes",
        "KbdInteractiveAuthentication no # not here",
        "PubkeyAuthentication no",
        "HostbasedAuthentication yes",
        "AuthenticationMethods any",
        "AuthenticationMethods publickey",
        'authenticationmethods "publickey,password"',
        "AuthenticationMethods publickey,keyboard-interactive password",
        "AuthenticationMethods keyboard-interactive publickey,publickey",
        "X11Forwarding yes",
    ]
)
criteria = st.sampled_from(
    [
        "User amy",
        "User ben,cat",
        'user "!amy,*"',
        "User ?a*",
        "Group staff-2fa",
        "Group ops,!staff-2fa",
        "Address 10.0.0.0/8",
        "Address *,!10.0.0.0/8",
        "LocalPort 2222",
    ]
)
matches = st.one_of(st.just("all"), st.lists(criteria, min_size=1, max_size=2, unique=True).map(" ".join))
blocks = st.tuples(matches, st.lists(lines, min_size=1, max_size=2)).map(
    lambda pair: f"Match {pair[0]}  # theirs\n" + "".join(f"  {line}\n" for line in pair[1])
)
some_blocks = st.lists(blocks, max_size=2).map("".join)


class Host(NamedTuple):
    """What the files of a configuration say: before our drop-in, after it, the main one, and what that may include."""

    early: str
    late: str
    main: str
    inner: str

    def files(self, host_key: str, dropin: str | None = None) -> Files:
        texts = {
            CONFIG: f"HostKey {host_key}\nUsePAM yes\nInclude sshd_config.d/*.conf\n{self.main}",
            "/etc/ssh/inner.conf": self.inner,
            "/etc/ssh/sshd_config.d/00-early.conf": self.early,
            "/etc/ssh/sshd_config.d/50-late.conf": self.late,
        }
        if dropin is not None:
            texts[DROPIN] = dropin
        return lambda pattern: sorted(
            (path, text) for path, text in texts.items() if PurePosixPath(path).match(pattern)
        )


hosts = st.builds(
    Host,
    early=st.one_of(st.just(""), blocks),
    late=some_blocks,
    main=st.tuples(
        st.lists(lines, max_size=2).map("\n".join), some_blocks, st.sampled_from(["", "Include inner.conf"])
    ).map("\n".join),
    inner=some_blocks,
)
scopes = st.builds(
    Scope,
    st.lists(st.sampled_from(["amy", "cat", "root", "@staff-2fa", "@ops"]), unique=True, max_size=3).map(UserList.of),
    st.lists(st.sampled_from(["ben", "amy", "@ops"]), unique=True, max_size=1).map(UserList.of),
    st.sampled_from([(), (NETWORK,)]),
)
connections = st.builds(
    Connection,
    st.sampled_from([*PEOPLE, "nobody-of-this-name"]),
    st.sampled_from(["192.0.2.7", "10.1.2.3"]),
    local_port=st.sampled_from(["22", "2222"]),
)


def asked(scope: Scope, who: Connection) -> bool:
    """Whether somebody is asked for a code: no code of the project's is used for this."""

    def on(roster: UserList) -> bool:
        return who.user in roster.users or not PEOPLE.get(who.user, set()).isdisjoint(roster.groups)

    away = any(ip_address(who.address) in network for network in scope.exempt_networks)
    return on(scope.scope) and not on(scope.exempt_users) and not away


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    # sshd is asked a dozen times for each example: to find a smaller one takes minutes.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(hosts, scopes, st.lists(connections, min_size=CONNECTIONS, max_size=CONNECTIONS, unique=True))
def nothing_weaker(host: Host, scope: Scope, chosen: list[Connection]) -> None:
    host_key = sys.argv[1]
    files = host.files(host_key)
    try:
        dropin = planned_dropin(scope, host.files(host_key, PLACEHOLDER))
    except Problem as problem:
        if "AuthenticationMethods any" not in problem.what:
            raise
        return
    with sshd_with(files) as before, sshd_with(host.files(host_key, dropin)) as after:
        assert before is not None
        assert after is not None
        try:
            old = {who: before(who) for who in chosen}
        except Problem:
            assume(False)  # sshd refuses what was generated
        for who, was in old.items():
            now = after(who)
            changed = {key for key in was.keys() | now.keys() if was.get(key) != now.get(key)}
            told = compare(Representative(who, asked(scope, who)), was, now)
            if not asked(scope, who):
                assert changed == set(), (who, changed)
                assert told == []
                continue
            assert changed <= OURS, (who, changed)
            if not host.early:
                wanted = with_code(ways({key: values[0] for key, values in was.items()}))
                assert ways({key: values[0] for key, values in now.items()}) == wanted, who
                assert told == []
        known = representatives(read(files), scope, people=PEOPLE, lookup=_look_up, members=_members)
        assert all(one.asked == asked(scope, one.connection) for one in known)
        assert {one.connection.user for one in known} >= {"root", "daemon", "nobody-of-this-name", *PEOPLE}


def _look_up(name: str, groups: tuple[str, ...]) -> User:
    numbers = {group: number for number, group in enumerate(groups)}
    mine = PEOPLE.get(name, set())
    return User(name, 1, frozenset(numbers[group] for group in mine & numbers.keys()), dict(numbers))


def _members(group: str) -> list[str]:
    return [name for name, groups in PEOPLE.items() if group in groups]


if __name__ == "__main__":
    nothing_weaker()
