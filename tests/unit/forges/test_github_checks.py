"""The check at GitHub: one for each head and run, every annotation once, buttons for what may be asked."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.worlds.github import RepositoryWorld
from tests.worlds.github.state import Check
from tests.worlds.github_app import RUN, AppScene, app_scene, done

from pointsman.domain.errors import OwnerMust, TryAgain
from pointsman.domain.forge import Change, CheckImage, CheckOrder, CheckState
from pointsman.domain.levels import Severity
from pointsman.domain.outcome import Finding


@pytest.fixture(scope="module")
def scene() -> Iterator[AppScene]:
    with app_scene() as made:
        yield made


@pytest.fixture(scope="module")
def change(scene: AppScene) -> Change:
    return scene.opened()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (CheckState.RUNNING, "in_progress"),
        (CheckState.PASSED, "success"),
        (CheckState.FAILED, "failure"),
        (CheckState.NEEDS_PERSON, "action_required"),
        (CheckState.STALE, "action_required"),
        (CheckState.CANCELLED, "cancelled"),
        (CheckState.FAULT, "cancelled"),
    ],
)
def test_a_state_has_githubs_word_for_it(scene: AppScene, change: Change, state: CheckState, said: str) -> None:
    run_id = f"r-{state.value}"
    done(scene.forge.ensure_check(change, CheckOrder(run_id, state, "Title", "Summary", "Text")))
    check = _check(scene.shop, run_id)
    assert (check.name, check.sha) == ("pointsman/review", change.head_commit)
    assert check.history == [said]
    assert (check.title, check.summary, check.text) == ("Title", "Summary", "Text")


def test_pictures_go_beside_the_text_by_their_links(scene: AppScene, change: Change) -> None:
    seen = CheckImage(
        "before: index.html", "https://bot.example.org/previews/png.1.2.3", "index.html before the change"
    )
    order = CheckOrder("r-pictures", CheckState.PASSED, "Title", "Summary", "Text", images=(seen,))
    done(scene.forge.ensure_check(change, order))
    done(scene.forge.ensure_check(change, order))
    check = _check(scene.shop, "r-pictures")
    assert check.images == [{"alt": seen.alt, "image_url": seen.url, "caption": seen.caption}]
    assert check.history == ["success"]


def test_a10_only_a_verdict_that_passes_meets_a_rule_that_requires_the_check(scene: AppScene, change: Change) -> None:
    """A10: a head that nobody judged, since it is new or since we failed, is not merged on our word."""
    takes = {"success", "neutral", "skipped"}
    for state in CheckState:
        done(scene.forge.ensure_check(change, CheckOrder(f"r-rule-{state.value}", state, "Title", "Summary")))
    said = {state: _check(scene.shop, f"r-rule-{state.value}").history[-1] for state in CheckState}
    assert {state for state, word in said.items() if word in takes} == {CheckState.PASSED}


def test_a_check_is_one_while_it_changes_and_after_a_lost_answer_f6(scene: AppScene, change: Change) -> None:
    order = CheckOrder("r-lost0001", CheckState.RUNNING, "Running", "Begun.")
    scene.world.faults.lose_answer("POST */check-runs")
    with pytest.raises(TryAgain):
        done(scene.forge.ensure_check(change, order))
    scene.begin()
    for _ in range(2):
        done(scene.forge.ensure_check(change, order))
    for _ in range(2):
        done(scene.forge.ensure_check(change, replace(order, state=CheckState.PASSED, title="Passed")))
    assert _check(scene.shop, "r-lost0001").history == ["in_progress", "success"]


def test_every_finding_on_a_new_line_is_annotated_once_in_batches(scene: AppScene, change: Change) -> None:
    findings = tuple(_finding(number) for number in range(1, 121))
    findings += (replace(_finding(500), side="old"), replace(_finding(501), fate="fixed"))
    order = CheckOrder("r-many0001", CheckState.FAILED, "Failed", "Many.", findings=findings)
    scene.world.faults.lose_answer(_NthPatch(2))
    with pytest.raises(TryAgain):
        done(scene.forge.ensure_check(change, order))
    scene.begin()
    for _ in range(2):
        done(scene.forge.ensure_check(change, order))
    marks = _check(scene.shop, "r-many0001").annotations
    assert [mark["start_line"] for mark in marks] == list(range(1, 121))
    assert marks[0]["annotation_level"] == "warning"


def test_buttons_are_there_for_what_may_be_asked(scene: AppScene, change: Change) -> None:
    def buttons(run_id: str, state: CheckState, findings: tuple[Finding, ...] = (), branch: str = "") -> list[str]:
        where = replace(change, branch=branch) if branch else change
        done(scene.forge.ensure_check(where, CheckOrder(run_id, state, "T", "S", findings=findings)))
        return [str(one["identifier"]) for one in _check(scene.shop, run_id).actions]

    assert buttons("r-b1", CheckState.RUNNING) == []
    assert buttons("r-b2", CheckState.FAILED, (_finding(1),)) == ["review", "fix", "ci"]
    assert buttons("r-b3", CheckState.PASSED) == ["review", "ci"]
    assert buttons("r-b4", CheckState.STALE, (_finding(1),)) == ["review"]
    assert buttons("r-b5", CheckState.FAILED, (_finding(1),), branch="theirs") == ["review"]


def test_a_check_is_cut_to_what_github_takes_f8(scene: AppScene, change: Change) -> None:
    order = CheckOrder("r-long0001", CheckState.PASSED, "T" * 400, "S\n" * 50_000, "t\n" * 50_000)
    done(scene.forge.ensure_check(change, order))
    check = _check(scene.shop, "r-long0001")
    assert len(check.summary or "") <= 65_535
    assert len(check.text or "") <= 65_535
    done(scene.forge.ensure_check(change, order))
    assert len(check.history) == 1


def test_a_check_on_a_commit_that_is_not_there_is_told(scene: AppScene, change: Change) -> None:
    with pytest.raises(OwnerMust) as caught:
        done(scene.forge.ensure_check(replace(change, head_commit="0" * 40), _order(RUN)))
    assert caught.value.code == "check-refused"


def test_a_check_is_written_with_a_token_for_checks_alone_s4(scene: AppScene, change: Change) -> None:
    done(scene.forge.ensure_check(change, _order("r-token001")))
    call = scene.calls("POST", "/check-runs")[-1]
    assert call.permissions == {"metadata": "read", "checks": "write"}
    assert call.repositories == frozenset({scene.shop.id})


def _order(run_id: str) -> CheckOrder:
    return CheckOrder(run_id, CheckState.PASSED, "Title", "Summary")


def _check(shop: RepositoryWorld, run_id: str) -> Check:
    (found,) = [one for one in shop.state.checks.values() if one.external_id == run_id]
    return found


def _finding(line: int) -> Finding:
    return Finding(f"{line:012x}", "b.py", line, "new", Severity.MINOR, "y = 2", "It may be three.")


class _NthPatch:
    """Fits the n-th change of a check."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, method: str, path: str) -> bool:
        if method == "PATCH" and "/check-runs/" in path:
            self.left -= 1
            return self.left == 0
        return False
