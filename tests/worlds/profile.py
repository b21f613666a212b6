"""How thorough the tests are: CI takes a part of what is dear and much alike, the nightly profile all of it."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")


def is_nightly() -> bool:
    """Whether the tests run as `make test ARGS=--hypothesis-profile=nightly`."""
    return settings.get_current_profile_name() == "nightly"


def part_of(cases: Sequence[T], count: int) -> list[T]:
    """So many of the cases, spread evenly; all of them at night. A cheaper test shows each as well."""
    if is_nightly() or count >= len(cases):
        return list(cases)
    return [cases[place * len(cases) // count] for place in range(count)]
