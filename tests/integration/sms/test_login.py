"""Logins by text message: daemon, relay and Twilio's interface, the hook spoken by hand."""

from tests.integration.sms.office import Office


def test_a_right_code_lets_in_and_counts_once(office: Office) -> None:
    office.give_numbers(["daemon", "bin"])
    with office.site.daemon():
        with office.site.hook() as hook:
            asked = hook.open("daemon")
            assert "number ending 00." in asked["text"]
            code = office.code("daemon")
            ended = hook.reply(code)
            assert (ended["rc"], ended["rule"]) == ("SUCCESS", "code-right")
        with office.site.hook() as hook:
            asked = hook.open("daemon")
            again = hook.reply(code)
            assert "not accepted" in again["text"]
