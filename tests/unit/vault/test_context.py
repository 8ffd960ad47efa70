"""The bytes that a sealed value is bound to: no two places have the same."""

from hypothesis import assume, given
from hypothesis import strategies as st

from rw2fa_daemon.vault.context import Context

TEXT = st.text(max_size=4)
CONTEXTS = st.builds(
    Context,
    TEXT,
    TEXT,
    TEXT,
    st.integers(0, 2),
    st.lists(st.one_of(st.text(max_size=3), st.integers(0, 9)), max_size=2).map(tuple),
)


def test_every_field_is_there_with_its_length() -> None:
    context = Context("accounts", "secret", "alice", 12, ("SHA1", 30))
    assert context.encoded() == b"8:accounts6:secret5:alice2:124:SHA12:30"


def test_a_name_that_is_no_text_has_an_encoding_too() -> None:
    assert Context("t", "c", "b\udcf6rn", 0).encoded() == b"1:t1:c4:b\xed\xb3\xb6rn1:0"


@given(CONTEXTS, CONTEXTS)
def test_promise_7_no_two_places_have_the_same_encoding(one: Context, other: Context) -> None:
    def shown(context: Context) -> tuple[object, ...]:
        return (*context[:4], *map(str, context.bound))

    assume(shown(one) != shown(other))
    assert one.encoded() != other.encoded()
