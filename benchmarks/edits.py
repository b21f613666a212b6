"""Whether edits land where they are meant: real hunks, with the mistakes that models make, by several matchers.

python -m pip download --no-binary :all: --no-deps -d sdists flask==2.3.3 flask==3.0.3 attrs==23.2.0 attrs==24.3.0
python -m benchmarks.edits --sdists sdists --seeds 7 11 23 --hunks 400 --aider ENVIRONMENT/bin/python
"""

import argparse
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.hunks import Hunk, hunks_in
from benchmarks.matchers import Made, Matcher, aider, codex, neighbours, ours, right_place, unique
from benchmarks.mistakes import Case, cases_of

VERDICTS = ("right", "refused", "garbled", "wrong place", "sent again", "made up")
_AT_ONCE = 200


@dataclass
class Tally:
    """What one matcher came to: verdicts, by mistake as well, and its time."""

    verdicts: Counter[str] = field(default_factory=Counter)
    by_mistake: dict[str, Counter[str]] = field(default_factory=dict)
    seconds: float = 0.0

    def count(self, case: Case, made: Made) -> str:
        """Add one result, and say what it was."""
        verdict = verdict_of(case, made.text)
        self.verdicts[verdict] += 1
        self.by_mistake.setdefault(case.mistake, Counter())[verdict] += 1
        self.seconds += made.seconds
        return verdict


def verdict_of(case: Case, text: str | None) -> str:
    """`right`, `refused`, `garbled` (the right lines, another text) or `wrong place`.

    `sent again` is an edit that was made a second time, `made up` one whose old lines are not in the file.
    """
    if text is None or text == case.text:
        return "refused"
    if case.wanted is None and case.mistake == "sent again":
        return "sent again"
    if text == case.wanted:
        return "right"
    if not right_place(case, text):
        return "wrong place"
    return "made up" if case.wanted is None else "garbled"


def chosen(hunks: Sequence[Hunk], seed: int, most: int) -> list[Case]:
    """The cases of a seed: so many hunks, spread evenly over the packages, each with its mistakes."""
    chance = random.Random(seed)
    by_package: dict[str, list[Hunk]] = {}
    for hunk in hunks:
        by_package.setdefault(hunk.package, []).append(hunk)
    share = -(-most // max(1, len(by_package)))
    taken = [hunk for found in by_package.values() for hunk in chance.sample(found, min(share, len(found)))]
    return [case for hunk in taken for case in cases_of(hunk, chance)]


def judged(cases: Sequence[Case], matchers: Mapping[str, Matcher], told: list[str]) -> dict[str, Tally]:
    """Every matcher on every case; what our own put in the wrong place is told."""
    tallies = {name: Tally() for name in matchers}
    for part in neighbours(cases, _AT_ONCE):
        for name, matcher in matchers.items():
            for case, made in zip(part, matcher(part), strict=True):
                if tallies[name].count(case, made) == "wrong place" and name == "Pointsman":
                    told.append(f"{case.package} {case.path}:{case.start + 1} ({case.mistake})")
    return tallies


def main() -> None:
    """Mine, spoil, edit, count."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--sdists", type=Path, required=True)
    reader.add_argument("--seeds", type=int, nargs="+", default=[7, 11, 23])
    reader.add_argument("--hunks", type=int, default=400)
    reader.add_argument("--packages", nargs="*", default=[], help="only these; all without")
    reader.add_argument("--aider", type=Path, help="the interpreter of an environment that holds aider-chat")
    given = reader.parse_args()
    hunks = [hunk for hunk in hunks_in(given.sdists) if not given.packages or hunk.package in given.packages]
    matchers: dict[str, Matcher] = {"Pointsman": ours, "exact and unique": unique, "apply_patch (port)": codex}
    if given.aider:
        matchers |= {f"aider {which}": aider(given.aider, which) for which in ("diff", "udiff")}
    console, told = Console(width=150), list[str]()
    console.print(f"{len(hunks)} hunks of {len({hunk.package for hunk in hunks})} packages")
    for seed in given.seeds:
        cases = chosen(hunks, seed, given.hunks)
        tallies = judged(cases, matchers, told)
        console.print(_table(f"seed {seed}: {len(cases)} edits", tallies))
        console.print(_mistakes(tallies["Pointsman"]))
    console.print("\n".join(told) or "Nothing of ours in the wrong place.")


def _table(title: str, tallies: Mapping[str, Tally]) -> Table:
    table = Table(title=title)
    for heading in ("matcher", *VERDICTS, "ms an edit"):
        table.add_column(heading, justify="left" if heading == "matcher" else "right")
    for name, tally in tallies.items():
        total = max(1, tally.verdicts.total())
        counts = [str(tally.verdicts[verdict]) for verdict in VERDICTS]
        counts[0] += f" ({tally.verdicts['right'] / total:.1%})"
        table.add_row(name, *counts, f"{tally.seconds / total * 1000:.2f}")
    return table


def _mistakes(tally: Tally) -> Table:
    table = Table(title="Pointsman by mistake")
    for heading in ("mistake", *VERDICTS):
        table.add_column(heading, justify="left" if heading == "mistake" else "right")
    for mistake, verdicts in tally.by_mistake.items():
        table.add_row(mistake, *(str(verdicts[verdict]) for verdict in VERDICTS))
    return table


if __name__ == "__main__":
    main()
