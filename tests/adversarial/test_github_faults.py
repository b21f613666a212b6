"""F6: whatever answer of a whole run is lost, people see everything once."""

import json
from collections.abc import Awaitable, Callable, Iterator

import pytest
from tests.worlds.github import RepositoryWorld
from tests.worlds.github.faults import SECONDARY
from tests.worlds.github_app import AppScene, app_scene, done
from tests.worlds.profile import is_nightly

from pointsman.domain.errors import TryAgain
from pointsman.domain.forge import Change, ChangeOrder, CheckOrder, CheckState, Remark, ReviewPost, Topic
from pointsman.domain.json import JsonObject
from pointsman.domain.levels import Severity
from pointsman.domain.outcome import Finding, Review
from pointsman.forges.github.forge import GitHubForge
from pointsman.forges.github.refusals import Reply, told_of_query

FINDING = Finding("abc123def456", "b.py", 1, "new", Severity.MINOR, "y = 2", "It may be three.")
TRIES = 4


@pytest.fixture(scope="module")
def scene() -> Iterator[AppScene]:
    with app_scene() as made:
        yield made


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "RATE_LIMITED", "message": "API rate limit exceeded"}, "rate-limit"),
        ({"message": SECONDARY}, "rate-limit"),
        ({"message": "Something went wrong while executing your query. This may be a timeout."}, "unreachable"),
        ({"type": "NOT_FOUND", "message": "Could not resolve to a PullRequest."}, "not-there"),
        ({"type": "FORBIDDEN", "message": "Resource not accessible by integration"}, "forge-refused"),
        ({"type": 7}, "unreachable"),
    ],
)
def test_f6_an_error_of_graphql_is_one_of_our_families_though_its_status_is_200(error: JsonObject, code: str) -> None:
    """F6: what a while mends is tried again, and is not taken for a no."""
    reply = Reply(200, {"retry-after": "7"}, json.dumps({"data": None, "errors": [error]}))
    told = told_of_query(reply)
    assert told is not None and told.code == code
    assert not isinstance(told, TryAgain) or code != "rate-limit" or told.after == 7.0
    assert told_of_query(Reply(200, {}, '{"data": {}}')) is None


class Nth:
    """Fits the n-th request over REST or GraphQL, once; `met` says whether it ever came."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, method: str, path: str) -> bool:
        if ".git/" in path:
            return False
        self.left -= 1
        return self.left == 0

    @property
    def met(self) -> bool:
        return self.left <= 0


def test_every_answer_of_a_run_may_be_lost_once_and_people_see_each_thing_once(scene: AppScene) -> None:
    """A question whose answer is lost is a fault like another; of a write it is the worst: it happened."""
    number, met = 0, True
    while met:
        number += 1 if is_nightly() else 4
        nth = Nth(number)
        scene.world.faults.lose_answer(nth)
        run_id, issue = f"r-{number:08d}", scene.shop.issue(by=scene.ada)
        change = _run(scene, run_id, issue)
        met = nth.met
        _seen_once(scene, run_id, issue, change)
    assert number > 15


class Pushed:
    """The hands of a run whose branch is at the forge already; git's own faults are in test_remote_git_cases."""

    def __init__(self, shop: RepositoryWorld) -> None:
        self.shop = shop

    async def publish(self, commit: str, location: str, branch: str, expected_head: str | None) -> None:
        raise AssertionError("it is there already")

    async def branch_head(self, location: str, branch: str) -> str | None:
        return self.shop.branches().get(branch)


def _run(scene: AppScene, run_id: str, issue: int) -> Change:
    """What a run writes at the forge, each step again until it went well, as after a restart."""
    branch, topic = f"pointsman/{issue}-fix", scene.topic(issue)
    message = f"Fix it\n\nPointsman-Run: {run_id}"
    base = scene.shop.branches()["main"]
    head = scene.shop.commit(branch, {"b.py": "y = 2\nz = 3\n"}, by=scene.ada, message=message)
    order = ChangeOrder(run_id, scene.repository, branch, "", base, head, "Fix it", "What it does.")
    _restart(scene)
    _again(scene, lambda: scene.talk.acknowledge(topic, label="pointsman"))
    _again(scene, lambda: scene.forge.ensure_status(topic, run_id, "Begun."))
    _again(scene, lambda: scene.forge.branch_for(run_id, scene.repository, branch))
    change = _again(scene, lambda: scene.forge.ensure_change(order))
    running = CheckOrder(run_id, CheckState.RUNNING, "Running", "Begun.")
    _again(scene, lambda: scene.forge.ensure_check(change, running))
    review = Review("changes", "s", (FINDING,), (), "reviewer", 1, change.head_commit)
    post = ReviewPost(run_id, review, "One thing.", (Remark(FINDING, "It may be three."),), "Elsewhere:")
    _again(scene, lambda: scene.forge.ensure_review(change, post))
    ended = CheckOrder(run_id, CheckState.FAILED, "Found", "One thing.", findings=(FINDING,))
    _again(scene, lambda: scene.forge.ensure_check(change, ended))
    _again(scene, lambda: scene.talk.ensure_reply(Topic(scene.repository, change.number), "k", "An answer."))
    _again(scene, lambda: scene.forge.ensure_status(topic, run_id, "Done."))
    return change


def _restart(scene: AppScene) -> None:
    scene.app.close()
    scene.begin()
    scene.forge = GitHubForge(scene.app, Pushed(scene.shop))


def _again(scene: AppScene, step: Callable[[], Awaitable[Change | str | None]]) -> Change:
    """The step's answer; a change only where it is one."""
    for _ in range(TRIES):
        try:
            found = done(step())
        except TryAgain:
            _restart(scene)
            continue
        return found if isinstance(found, Change) else Change(scene.repository, "", "", "")
    raise AssertionError("it never went well")


def _seen_once(scene: AppScene, run_id: str, issue: int, change: Change) -> None:
    shop, number = scene.shop, int(change.number)
    assert [one.content for one in shop.reactions(issue)] == ["eyes"]
    assert [one.body.split("\n")[1] for one in shop.comments(issue)] == ["Done."]
    assert [pull.number for pull in shop.pulls() if pull.pull and pull.pull.head_branch == change.branch] == [number]
    assert shop.branches()[change.branch] == change.head_commit
    assert len(shop.reviews(number)) == len(shop.review_comments(number)) == 1
    assert [one.body.split("\n")[1] for one in shop.comments(number)] == ["An answer."]
    (check,) = [one for one in shop.state.checks.values() if one.external_id == run_id]
    assert (check.conclusion, len(check.annotations)) == ("failure", 1)
