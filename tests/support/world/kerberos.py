"""A Kerberos realm in a world: MIT's key distribution centre on loopback, and the host's own key."""

from tests.support.world.accounts import User
from tests.support.world.waiting import wait_until
from tests.support.world.world import HOST_NAME, World

REALM = "WORK.EXAMPLE"

_PORT = 88
_CLIENT = f"""\
[libdefaults]
    default_realm = {REALM}
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
    rdns = false
[realms]
    {REALM} = {{
        kdc = 127.0.0.1
    }}
"""
_CENTRE = f"""\
[realms]
    {REALM} = {{
        database_name = /var/lib/krb5kdc/principal
        kdc_ports = {_PORT}
        kdc_tcp_ports = {_PORT}
    }}
"""


class Realm:
    """The running realm; sshd on the host can be opened with its tickets."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.write("/etc/krb5.conf", _CLIENT)
        world.write("/etc/krb5kdc/kdc.conf", _CENTRE)
        world.run("kdb5_util", "create", "-s", "-r", REALM, "-P", "a master key that nobody types")
        self._administer(f"addprinc -randkey host/{HOST_NAME}", f"ktadd host/{HOST_NAME}")
        self.process = world.start("krb5kdc", "-n")
        wait_until("the key distribution centre", self._answers)

    def stop(self) -> None:
        """Ends the key distribution centre."""
        self.world.kill(self.process)

    def ticket(self, user: User) -> dict[str, str]:
        """The environment of a client that holds the person's ticket. The realm's password is not the host's."""
        password = f"of-the-realm-{user.name}"
        cache = f"FILE:/run/ticket-{user.name}"
        self._administer(f"addprinc -pw {password} {user.name}")
        self.world.run("kinit", "-c", cache, user.name, stdin=f"{password}\n")
        return {"KRB5CCNAME": cache}

    def _administer(self, *queries: str) -> None:
        for query in queries:
            self.world.run("kadmin.local", "-q", query)

    def _answers(self) -> bool:
        return self.world.listens(_PORT)
