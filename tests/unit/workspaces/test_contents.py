"""What was read last is kept, within its room."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman.workspaces.contents import Contents


def test_what_was_read_last_stays_and_the_oldest_goes() -> None:
    kept = Contents(10)
    kept.keep("a", b"12345")
    kept.keep("b", b"1234")
    assert kept.get("a") == b"12345"
    kept.keep("c", b"12")
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (b"12345", None, b"12")
    kept.clear()
    assert kept.get("a") is None


def test_a_content_that_would_drive_out_all_others_is_not_kept() -> None:
    kept = Contents(10)
    kept.keep("a", b"123")
    kept.keep("large", b"123456")
    assert (kept.get("large"), kept.get("a")) == (None, b"123")


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 12)), max_size=60))
def test_never_more_than_its_room_and_never_another_content(read: list[tuple[str, int]]) -> None:
    sizes = {name: len([one for one, _ in read if one == name]) % 7 for name in "abcdefgh"}
    kept = Contents(12)
    for name, _ in read:
        kept.keep(name, name.encode() * sizes[name])
    held = [content for name in sizes if (content := kept.get(name)) is not None]
    assert sum(map(len, held)) <= 12
    assert all(kept.get(name) in (None, name.encode() * size) for name, size in sizes.items())
