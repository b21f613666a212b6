"""Canonical JSON is told quickly where it is plain, and exactly everywhere."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from pointsman.audit.checking.opening import is_plainly_canonical

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(st.dictionaries(st.text(), VALUES), st.booleans())
def test_what_is_told_quickly_is_canonical_by_the_slow_rule_too(value: dict[str, object], ascii_only: bool) -> None:
    raw = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=ascii_only).encode()
    if is_plainly_canonical(raw):
        assert rfc8785.dumps(json.loads(raw)) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1.0}',
        b'{"a":-0}',
        b'{"a":9007199254740993}',
        b'{"a":NaN}',
        b'{"a":"\\u00e9"}',
        b'{"a":"\\/"}',
        '{"\ue000":1,"\U0001f600":2}'.encode(),
        b'["a"]',
        b"{" * 100_000,
        b"\xff",
    ],
)
def test_what_is_doubtful_is_left_to_the_slow_rule(raw: bytes) -> None:
    assert not is_plainly_canonical(raw)


def test_a_note_is_of_the_plain_kind_with_any_text_in_it() -> None:
    assert is_plainly_canonical('{"a":"\u00fc \U0001f600 \x7f \\u0001 \\n","n":[0,-7,9007199254740]}'.encode())
