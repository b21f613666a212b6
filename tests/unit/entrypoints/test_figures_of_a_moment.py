"""Figures are read again after a while, and stand a while longer when they cannot be read."""

import pytest

from pointsman.domain.errors import TryAgain
from pointsman.domain.figures import days_before
from pointsman.entrypoints.lately import Lately


class Times:
    """A clock that is set by hand, and a value that changes whenever it is read."""

    now = 0.0
    reads = 0
    busy = False

    def monotonic(self) -> float:
        return self.now

    def read(self) -> int:
        if self.busy:
            raise TryAgain("Busy.", after=1.0, code="ledger-busy")
        self.reads += 1
        return self.reads


def test_what_was_read_stands_for_a_minute_and_longer_while_nobody_can_read_it() -> None:
    times = Times()
    lately = Lately(times.read, monotonic=times.monotonic)
    assert (lately(), lately()) == (1, 1)
    times.now = 61.0
    assert lately() == 2
    times.now, times.busy = 122.0, True
    assert lately() == 2
    times.now, times.busy = 183.0, False
    assert lately() == 3


def test_without_anything_to_fall_back_on_the_trouble_is_told() -> None:
    times = Times()
    times.busy = True
    with pytest.raises(TryAgain):
        Lately(times.read, monotonic=times.monotonic)()


def test_a_decision_looks_back_thirty_days() -> None:
    assert days_before("2026-03-01T00:00:10Z") == "2026-01-30"
