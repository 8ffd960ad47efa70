"""Every limit of this package is documented, and is what the documentation says."""

from rw2fa_daemon.wire import (
    login,
    logon,
    message,
    notification,
    relay,
    serving,
    sms,
)
from tests.support.limits import documented, of_modules, of_package

MODULES = (
    login,
    logon,
    message,
    notification,
    relay,
    serving,
    sms,
)
"""Those that have limits; named here so that mutation testing knows whose test this is."""


def test_promise_11_every_limit_is_what_is_documented() -> None:
    assert of_modules(MODULES) == documented("wire"), "docs/limits.md"


def test_no_other_module_has_limits() -> None:
    assert of_package("wire") == of_modules(MODULES), "name the module here, and its limits in docs/limits.md"
