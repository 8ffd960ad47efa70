"""What the daemon says, in the language of the page."""

from collections.abc import Iterator

import pytest

from rw2fa_daemon.core.prompts import Prompt, clock_text, span
from rw2fa_portal.web.language import current
from rw2fa_portal.web.language.catalogues import catalogue
from rw2fa_portal.web.language.judged import SENTENCES, joined, label, say


@pytest.fixture
def french() -> Iterator[None]:
    token = current._language.set("fr")
    yield
    current._language.reset(token)


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (-60, "retarde d’environ 1 minute. Activez l’heure automatique"),
        (180, "avance d’environ 3 minutes. Activez l’heure automatique"),
        (7200, "avance d’environ 2 heures. Activez l’heure et le fuseau horaire automatiques"),
        (-5700, "retarde d’environ 1 heure et 35 minutes. Activez l’heure et le fuseau horaire automatiques"),
    ],
)
def test_a_phone_s_clock(french: None, offset: int, words: str) -> None:
    assert words in say(clock_text(offset))


def test_the_sentences_of_an_activation(french: None) -> None:
    lines = Prompt.ENROL_CLOCK.value.format(minutes=span(240)).split("\n")
    assert "décalée de 4 minutes" in say(joined(lines))
    assert say(joined([Prompt.ENROL_WRONG.value])).startswith("Ce n’est pas le code")


def test_the_lines_of_a_question(french: None) -> None:
    first, second, prompt = Prompt.SMS_PROMPT.value.format(ending="78", seconds=60).split("\n")
    assert say(first).endswith("se terminant par 78.")
    assert "60 secondes" in say(second)
    assert say(label(prompt)) == "Code de vérification"


@pytest.mark.parametrize("text", ["", "Passcode or option (1-1)", "Votre mot de passe à 100 % …", "{span} %(user)s {"])
def test_what_nobody_knows_stays_as_it_is(french: None, text: str) -> None:
    assert say(text) == text


def test_everything_that_is_said_is_known(french: None) -> None:
    assert all(catalogue("fr").gettext(sentence) != sentence for sentence in SENTENCES)
