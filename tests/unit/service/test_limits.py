"""Every limit of this package is documented, and is what the documentation says."""

from rw2fa_daemon.service import (
    daemon,
    executor,
    gauges,
    hashing,
    helper,
    listener,
    login_services,
    loop,
    membership_memory,
    metrics,
    metrics_file,
    pieces,
    rdp_sessions,
    relay_client,
    remote_batcher,
    resolve_names,
    server,
    sms_delivery,
    sms_sender,
    state,
)
from tests.support.limits import documented, of_modules, of_package

MODULES = (
    daemon,
    executor,
    gauges,
    hashing,
    helper,
    listener,
    login_services,
    loop,
    membership_memory,
    metrics,
    metrics_file,
    pieces,
    rdp_sessions,
    relay_client,
    remote_batcher,
    resolve_names,
    server,
    sms_delivery,
    sms_sender,
    state,
)
"""Those that have limits; named here so that mutation testing knows whose test this is."""


def test_promise_11_every_limit_is_what_is_documented() -> None:
    assert of_modules(MODULES) == documented("service"), "docs/limits.md"


def test_no_other_module_has_limits() -> None:
    assert of_package("service") == of_modules(MODULES), "name the module here, and its limits in docs/limits.md"
