"""The lines of a file as the matcher looks at them, so that no search costs more than the file is long."""

from collections.abc import Sequence
from functools import cached_property
from itertools import islice

MOST_ALIKE = 2000
"""How many places may read alike but for blanks before a search among them is given up as ambiguous."""


class Rows:
    """Lines without their newlines, and their forms without blanks, each made once."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)

    @cached_property
    def trimmed(self) -> list[str]:
        """The lines without the blanks at their ends."""
        return [line.rstrip() for line in self.lines]

    @cached_property
    def bare(self) -> list[str]:
        """The lines without the blanks at both ends."""
        return [line.strip() for line in self.lines]

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where each bare line stands."""
        found: dict[str, list[int]] = {}
        for number, line in enumerate(self.bare):
            found.setdefault(line, []).append(number)
        return found

    def alike(self, search: Sequence[str]) -> list[int]:
        """Where all lines of SEARCH stand one after the other, blanks at their ends aside; no more than matter."""
        wanted = [line.strip() for line in search]
        size = len(wanted)
        if not size or size > len(self.bare):
            return []
        rarest = min(range(size), key=lambda number: (len(self.places.get(wanted[number], ())), number))
        starts = (place - rarest for place in self.places.get(wanted[rarest], ()))
        hits = (at for at in starts if at >= 0 and self.bare[at : at + size] == wanted)
        return list(islice(hits, MOST_ALIKE + 1))
