"""What is wrong with a note, as one value; apart from what a note is made of, which takes longer to read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NoteProblem:
    """One thing that verification found wrong: which note, which rule, what to look at."""

    note: str
    rule: str
    message: str
