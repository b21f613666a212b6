"""Figures as people read them: no digit that says nothing, and none that is rounded past its unit."""

import pytest

from pointsman.conversation.figures import duration


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.7, "1 min"),
        (185.0, "3 min 05 s"),
        (300.0, "5 min"),
        (3_599.8, "1 h"),
        (7_500.0, "2 h 05 min"),
        (7_220.0, "2 h"),
    ],
)
def test_a_duration_is_told_in_two_units_at_most_and_in_one_when_the_second_would_be_nothing(
    seconds: float, told: str
) -> None:
    assert duration(seconds) == told
