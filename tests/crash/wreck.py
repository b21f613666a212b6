"""What a run left, to hold a crashed one against an uncrashed one."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.crash.killing import Step, recorded, rows_of, strays
from tests.worlds.script import Rule, Script, rule
from tests.worlds.stage import APPROVAL, BELOW_ZERO, PLAN, RIGHT, SEATS, Seat, Stage, edit, finding, replies

FAILS = "price + percent"
NEGATIVE = "price - price * percent / 100"
REMARK = "The price must never fall below zero."
# One dialect for all: a client's package takes longer to load than such a run to go.
ONE_DIALECT = tuple(Seat(seat.name, seat.family, kind="ollama") for seat in SEATS)


def winding() -> Script:
    """A first try that fails, a second that passes, a review that finds something, a fix, a review that approves.

    Each answer hangs on what is asked and never on how often, so that a repeated call hears the same.
    """
    remark = {"summary": "", "findings": [finding(f"    return {NEGATIVE}", REMARK)]}
    rules: tuple[Rule, ...] = (
        rule(replies(PLAN), model="planner"),
        rule(edit(RIGHT, old=NEGATIVE), model="coder", when=(REMARK,)),
        rule(edit(NEGATIVE, old=FAILS), model="coder", when=("210 != 180",)),
        rule(edit(FAILS), model="coder"),
        rule(BELOW_ZERO, model="reviewer", when=("You write one test",)),
        rule(replies(APPROVAL), model="reviewer", when=("max(0.0",)),
        rule(replies(remark), model="reviewer"),
    )
    return Script(rules=rules)


@dataclass(frozen=True)
class Left:
    """What is the same whether or not the process was killed on the way."""

    commits: int
    tree: str
    result: object
    verdict: object
    evidence: object
    findings: tuple[str, ...]
    tries: tuple[str, ...]
    steps: tuple[str, ...]
    calls: int


def left_by(stage: Stage, run_id: str) -> Left:
    """What the run came to; on the way it is checked that everything is there once and whole."""
    whole = stage.does("show", run_id, "--json").json
    run = whole["run"]
    assert isinstance(run, dict), whole
    branch = str(run["branch"])
    code = _published_once(stage, branch)
    steps = recorded(stage.home, run_id)
    return Left(
        commits=code,
        tree=stage.git("rev-parse", f"{branch}~1^{{tree}}"),
        result=run["result"],
        verdict=whole["review"],
        evidence=whole["evidence"],
        findings=_plain(whole["findings"], run_id),
        tries=_plain(whole["tries"], run_id, without=("commit",)),
        steps=tuple(step.name for step in steps),
        calls=len(_asks(steps)),
    )


def _plain(value: object, run_id: str, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    assert isinstance(value, list), value
    kept = ({name: held for name, held in each.items() if name not in without} for each in value)
    # The calls that show a finding are named by their run.
    return tuple(json.dumps(each, sort_keys=True).replace(run_id, "this run") for each in kept)


def _asks(steps: tuple[Step, ...]) -> list[Step]:
    return [step for step in steps if step.name.startswith("ask:")]


def _published_once(stage: Stage, branch: str) -> int:
    """Code commits, then one note commit, and one page; the chain of notes is whole. How many code commits."""
    *code, note = stage.git("rev-list", "--reverse", f"main..{branch}").split()
    *shown, changed = stage.git("diff", "--name-only", "main", code[-1]).split()[::-1]
    assert changed == "shop/prices.py"
    assert all(name.startswith("tests/test_review_") for name in shown) and len(shown) < 2, shown
    noted = stage.git("diff", "--name-only", code[-1], note).split()
    assert len([name for name in noted if name.endswith(".intoto.jsonl")]) == 1, noted
    assert all(name.startswith(".pointsman/") for name in noted), noted
    pages = [page.name for page in (stage.home / "changes").glob(f"*/{branch.removeprefix('pointsman/')}.*")]
    assert sorted(name.partition(".")[2] for name in pages) == ["check.json", "md", "review.md"], pages
    verified = stage.does("audit", "verify", "--repo", str(stage.repository), f"main..{branch}")
    assert verified.code == 0, verified
    return len(code)


def asked_once(stage: Stage, run_id: str, *, since: int, repeated: int) -> None:
    """Each call that the ledger settled was made once; `repeated` more requests came, each cut off by a kill."""
    seen = [one.body_sha256 for one in stage.server.seen[since:] if one.model]
    answered = rows_of(stage.home, f"SELECT call_id FROM calls WHERE run_id = '{run_id}' AND state = 'answered'")
    assert all(times == 1 for times in Counter(answered).values()), answered
    assert len(seen) == len(answered) + repeated, (seen, answered)
    assert rows_of(stage.home, "SELECT * FROM answers") == []


def litter(stage: Stage) -> list[str]:
    """Scratch that a killed process left, in the home, in the user's repository, and among the processes."""
    patterns = ("job-*", "*.new", "tmp_*", "new-*", "*.lock")
    found = [path for pattern in patterns for place in _places(stage) for path in place.rglob(pattern)]
    return [str(path) for path in found if path.name != "engine.lock"] + strays(stage.folder)


def _places(stage: Stage) -> tuple[Path, ...]:
    return (stage.home, stage.repository / ".git")
