"""The benchmark of edits: mined from two versions of a package, spoilt as models do, judged by what came of it."""

import io
import tarfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from benchmarks.edits import VERDICTS, chosen, judged, verdict_of
from benchmarks.hunks import hunks_in
from benchmarks.matchers import codex, ours, unique
from benchmarks.mistakes import Case

BODY = "    def run(self):\n        # as it was\n        first = self.value\n        return first\n"
OLD = f"class One:\n{BODY}\n\nclass Two:\n{BODY}\n\nclass Three:\n{BODY}"
NEW = OLD.replace("return first\n\n\nclass Three", "return first + 1\n\n\nclass Three")


def packed(folder: Path, name: str, text: str) -> None:
    data = text.encode()
    with tarfile.open(folder / f"{name}.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo(f"{name}/src/things.py")
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))


def test_hunks_of_neighbouring_versions_are_spoilt_and_ours_makes_none_in_the_wrong_place(tmp_path: Path) -> None:
    for version, text in (("1.9", OLD), ("1.10", NEW), ("1.11", NEW.replace("class Three", "class Four"))):
        packed(tmp_path, f"things-{version}", text)
    hunks = list(hunks_in(tmp_path))
    assert [(hunk.start, hunk.lines) for hunk in hunks] == [
        (11, ("        return first + 1",)),
        (14, ("class Four:",)),
    ]
    cases = chosen(hunks, 7, 4)
    assert {"none", "crlf", "sent again", "trailing blanks", "word in a deleted line"} <= {
        one.mistake for one in cases
    }
    told: list[str] = []
    matchers = {"Pointsman": ours, "exact and unique": unique, "apply_patch (port)": codex}
    tallies = judged(cases, matchers, told)
    assert all(tally.verdicts.total() == len(cases) for tally in tallies.values())
    mine = tallies["Pointsman"].verdicts
    assert told == [] and set(mine) <= {"right", "refused"} and mine["right"] > 0
    assert tallies["apply_patch (port)"].verdicts["wrong place"] > 0, (
        "the first of several places is not the right one"
    )
    assert chosen(hunks, 7, 4) == cases


def test_a_result_is_judged_by_its_text_and_by_where_it_differs() -> None:
    text = "\n".join(f"line {number}" for number in range(20))
    wanted = text.replace("line 10", "line ten")
    case = Case("none", "p", "a.txt", text, ("line 10",), ("line ten",), 10, 11, wanted)
    again, made_up = replace(case, mistake="sent again", wanted=None), replace(case, mistake="x", wanted=None)
    results = [(case, None), (case, text), (case, wanted), (case, text.replace("line 10", "  line ten"))]
    results += [(case, text.replace("line 3\n", "line ten\n")), (again, wanted), (made_up, wanted)]
    counted = Counter(verdict_of(one, made) for one, made in results)
    assert counted == {**dict.fromkeys(VERDICTS, 1), "refused": 2}
