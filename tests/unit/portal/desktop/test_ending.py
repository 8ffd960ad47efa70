"""What users are told about sessions."""

import pytest

from rw2fa_portal.desktop.ending import SENTENCES, Ending, read_ending


def test_every_ending_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Ending)
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


@pytest.mark.parametrize("word", ["", "owner", "KILLED", "<b>", "killed\n"])
def test_a_word_that_a_user_made_up_is_a_failure(word: str) -> None:
    assert read_ending(word) is Ending.FAILED
    assert read_ending("killed") is Ending.KILLED
