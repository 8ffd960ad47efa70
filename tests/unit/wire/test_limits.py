"""Every limit of this package is documented, and is what the documentation says."""

from tests.support.limits import documented, of_package


def test_promise_11_every_limit_is_what_is_documented() -> None:
    assert of_package("wire") == documented("wire")
