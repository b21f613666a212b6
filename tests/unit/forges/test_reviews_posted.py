"""Reviews against the GitHub world, which refuses anchors as GitHub does and counts what people see."""

from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path

import pytest
from tests.unit.forges.review_world import WorldPull, finding, post_of, remark
from tests.worlds.github import GitHubWorld
from tests.worlds.github.scene import Story

from pointsman.domain.errors import OwnerMust
from pointsman.domain.forge import Remark
from pointsman.forges.github.anchors import ChangedFile
from pointsman.forges.github.markers import MOST, length
from pointsman.forges.github.reviews import ReviewDraft, post_review

REVIEWS = "POST /repos/acme/shop/pulls/*/reviews"
PLACED = remark(finding("a.txt", 30, "LINE 30", number=1), "line thirty")
GONE = remark(finding("a.txt", 50, "line 50", side="old", number=2))
FAR = remark(finding("a.txt", 10, "line 10", number=3))
AMISS = remark(finding("a.txt", 33, "line 33", number=4))
ALL = (PLACED, GONE, FAR, AMISS)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with GitHubWorld(Path(tmp_path_factory.mktemp("github"))) as made:
        yield Story(made)


class Scene:
    """One pull request and what was said on it."""

    def __init__(self, story: Story) -> None:
        self.story, self.shop, self.faults = story, story.shop, story.world.faults
        files = {"a.txt": story.shop.read("a.txt").replace("line 30\n", "LINE 30\n").replace("line 50\n", "")}
        self.number = story.shop.pull(by=story.ada, files=files)
        self.pull = WorldPull(story, self.number)
        self.me = story.world.app.bot.id
        pull = story.shop.one(self.number).pull
        assert pull is not None
        self.head, self.branch = pull.head_sha, pull.head_branch

    def post(self, remarks: tuple[Remark, ...] = ALL, **more: str) -> None:
        post_review(self.pull, post_of(remarks, self.head, **more), me=self.me)

    def lines(self) -> list[tuple[str, int | None]]:
        return [(one.side, one.line) for one in self.shop.review_comments(self.number)]

    def only(self) -> str:
        """The body of the only review."""
        (one,) = self.shop.reviews(self.number)
        assert (one.state, one.commit) == ("COMMENTED", self.head)
        return one.body

    def told(self, remarks: tuple[Remark, ...] = ALL) -> bool:
        """Whether every remark stands somewhere."""
        texts = [one.body for one in self.shop.review_comments(self.number)]
        texts += [one.body for one in self.shop.reviews(self.number)]
        texts += [one.body for one in self.shop.comments(self.number)]
        return all(sum(one.text in text for text in texts) == 1 for one in remarks)


@pytest.fixture
def scene(world: Story) -> Scene:
    return Scene(world)


def test_a_review_is_one_call_with_comments_on_lines_and_the_rest_in_its_text(scene: Scene) -> None:
    scene.post()
    assert scene.lines() == [("RIGHT", 30), ("LEFT", 50), ("RIGHT", 33)]
    body = scene.only()
    assert body.startswith("<!-- pointsman:review r-12345678 -->\nTwo things to look at.\n\n**On lines outside")
    assert FAR.text in body and PLACED.text not in body and scene.told()
    firsts = [one.body.split("\n")[0] for one in scene.shop.review_comments(scene.number)]
    assert firsts[0] == "<!-- pointsman:finding 000000000001 -->"


def test_a_review_that_found_nothing_is_its_text_alone(scene: Scene) -> None:
    scene.post((), body="Nothing found.")
    assert scene.only() == "<!-- pointsman:review r-12345678 -->\nNothing found." and scene.lines() == []


def test_f6_a_second_try_and_a_lost_answer_leave_one_review(scene: Scene) -> None:
    scene.faults.lose_answer(REVIEWS)
    with pytest.raises((HTTPException, OSError)):
        scene.post()
    for _ in range(2):
        scene.post()
    assert scene.only() and len(scene.lines()) == 3


def test_the_marker_in_the_mouth_of_somebody_else_counts_for_nothing(scene: Scene) -> None:
    scene.shop.comment(scene.number, "<!-- pointsman:review r-12345678 -->", scene.story.ada)
    scene.post()
    assert scene.told()


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        ("Pull request review thread line must be part of the diff", [("RIGHT", 30)]),
        ("Pull request review thread diff hunk can't be blank", [("RIGHT", 30)]),
        ("Path could not be resolved", []),
        ("Something new", []),
    ],
)
def test_a_refused_review_falls_back_without_losing_a_finding(
    scene: Scene, message: str, lines: list[tuple[str, int]]
) -> None:
    scene.faults.fail(REVIEWS, 422, message=message)
    scene.post()
    assert scene.lines() == lines and scene.told()
    assert scene.only()


def test_a_review_refused_again_and_again_ends_as_one_text(scene: Scene) -> None:
    scene.faults.fail(REVIEWS, 422, message="Pull request review thread line must be part of the diff", times=2)
    scene.post()
    assert scene.lines() == [] and scene.told() and scene.only()


def test_a_review_of_a_commit_that_is_gone_is_a_comment_once(scene: Scene) -> None:
    scene.faults.fail(REVIEWS, 422, message="commit_id is not part of the pull request", times=2)
    scene.post()
    scene.post()
    assert scene.told() and len(scene.shop.comments(scene.number)) == 1 and scene.shop.reviews(scene.number) == []


def test_what_github_does_not_take_at_all_is_said_to_the_owner(scene: Scene) -> None:
    scene.faults.fail(REVIEWS, 422, message="locked", times=3)
    scene.faults.fail("POST /repos/acme/shop/issues/*/comments", 422, message="locked")
    with pytest.raises(OwnerMust) as caught:
        scene.post()
    assert caught.value.code == "review-refused" and "locked" in str(caught.value)


def test_a_review_is_posted_on_the_commit_that_was_reviewed_though_the_head_moved(scene: Scene) -> None:
    scene.shop.commit(scene.branch, {"a.txt": "all anew\n"}, by=scene.story.ada)
    scene.post()
    assert scene.only() and scene.told()


def test_f8_each_remark_is_whole_or_counted(scene: Scene) -> None:
    many = tuple(
        replace(FAR, finding=replace(FAR.finding, id=f"{n:012x}"), text=f"{n:05d} " * 400) for n in range(40)
    )
    scene.post(many, body="🙂 " * 10_000)
    body = scene.only()
    kept = [one for one in many if one.text.strip() in body]
    assert 0 < len(kept) < 40 and length(body) <= MOST + 500
    assert f"{40 - len(kept)} more findings are left out here" in body


def test_f8_a_text_that_leaves_no_room_is_cut_and_says_so(scene: Scene) -> None:
    scene.post((FAR,), body="🙂" * 60_000)
    assert "(The rest was cut.)" in scene.only() and FAR.text in scene.only()


class Silent(WorldPull):
    """A pull request whose diff GitHub shows nothing of, as it does when it is too large."""

    def files(self, commit: str) -> tuple[ChangedFile, ...]:
        return tuple(replace(file, patch=None) for file in super().files(commit))

    def create_review(self, draft: ReviewDraft) -> str:
        assert draft.comments == ()
        return super().create_review(draft)


def test_of_a_diff_too_large_to_be_shown_all_is_said_in_the_text(scene: Scene) -> None:
    scene.pull = Silent(scene.story, scene.number)
    scene.post()
    assert scene.told() and scene.lines() == []
