"""The catalogues: complete, up to date, and of one form with the sentences."""

import pytest
from babel.messages.catalog import Message

from rw2fa_portal.web.language.catalogues import catalogue
from tests.support.translations import TRANSLATED, extracted, faults, faults_of, file_of, updated


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_with_its_fields_and_tags(language: str) -> None:
    assert not list(faults(language)), "run script/translations, and translate what it lists"


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_has_what_the_sources_have(language: str) -> None:
    assert file_of(language).read_bytes() == updated(language), "run script/translations"


def test_messages_are_found_where_they_are() -> None:
    found = {message.id for message in extracted()}
    of_a_template, of_a_constant, of_a_session, of_the_daemon = (
        "Set up your second factor",
        "You are signed out.",
        "The session has ended. You can open a new one.",
        "That code was not accepted.",
    )
    assert {of_a_template, of_a_constant, of_a_session, of_the_daemon} <= found
    assert ("{count} minute", "{count} minutes") in found


@pytest.mark.parametrize(
    ("sentence", "translation"),
    [
        ("In {wait}.", ""),
        ("In {wait}.", "Dans {attente}."),
        ("As %(user)s.", "En tant que."),
        ("<b>Now</b>", "Maintenant"),
        (("{n} minute", "{n} minutes"), ("{n} minute", "minutes")),
    ],
)
def test_what_is_missing_is_noticed(sentence: str, translation: str) -> None:
    assert list(faults_of(Message(sentence, translation)))


def test_a_catalogue_counts() -> None:
    count = catalogue("de").ngettext
    assert [count("{count} hour", "{count} hours", number) for number in (1, 2)] == [
        "{count} Stunde",
        "{count} Stunden",
    ]
