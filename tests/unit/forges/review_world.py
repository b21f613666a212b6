"""Findings, remarks and diffs for tests of how a review is placed."""

import difflib
from typing import Literal

from tests.worlds.github.scene import Story

from pointsman.domain.forge import Remark, ReviewPost
from pointsman.domain.levels import Severity
from pointsman.domain.outcome import Finding, Review
from pointsman.forges.github.anchors import ChangedFile
from pointsman.forges.github.reviews import Posted, PullRequest, ReviewDraft


def finding(path: str, line: int, quote: str, *, side: str = "new", number: int = 0) -> Finding:
    where: Literal["new", "old"] = "old" if side == "old" else "new"
    return Finding(f"{number:012x}", path, line, where, Severity.MINOR, quote, "It may be wrong.")


def remark(one: Finding, suggestion: str = "") -> Remark:
    return Remark(one, f"minor `{one.path}:{one.line}`: {one.message}", suggestion)


def post_of(remarks: tuple[Remark, ...], commit: str, *, body: str = "Two things to look at.") -> ReviewPost:
    findings = tuple(one.finding for one in remarks)
    review = Review("changes", "s", findings, (), "reviewer", 1, commit)
    return ReviewPost("r-12345678", review, body, remarks, unplaced="**On lines outside the diff**")


def file_of(before: str, after: str, path: str = "app.py") -> ChangedFile:
    """A patch as GitHub lists it, made by the standard library."""
    old, new = (text.split("\n")[:-1] for text in (before, after))
    lines = list(difflib.unified_diff(old, new, lineterm=""))[2:]
    return ChangedFile(path, "\n".join(lines))


class WorldPull(PullRequest):
    """A pull request of the GitHub world over its REST API."""

    def __init__(self, story: Story, number: int) -> None:
        self.ask = story.client()
        self.path = f"/repos/{story.shop.full_name}"
        self.number = number

    def files(self, commit: str) -> tuple[ChangedFile, ...]:
        base = self.ask("GET", f"{self.path}/pulls/{self.number}")[1]["base"]["ref"]
        _, found = self.ask("GET", f"{self.path}/compare/{base}...{commit}")
        return tuple(
            ChangedFile(one["filename"], one.get("patch"), one.get("previous_filename", "")) for one in found["files"]
        )

    def reviews(self) -> tuple[Posted, ...]:
        return self._said(f"pulls/{self.number}/reviews")

    def comments(self) -> tuple[Posted, ...]:
        return self._said(f"issues/{self.number}/comments")

    def create_review(self, draft: ReviewDraft) -> str:
        comments = [
            {"path": one.path, "body": one.body, "side": one.side, "line": one.line}
            | ({"start_line": one.start_line, "start_side": one.side} if one.start_line else {})
            for one in draft.comments
        ]
        order = {"commit_id": draft.commit, "body": draft.body, "event": "COMMENT", "comments": comments}
        return self._refusal(f"pulls/{self.number}/reviews", order)

    def create_comment(self, body: str) -> str:
        return self._refusal(f"issues/{self.number}/comments", {"body": body})

    def _said(self, where: str) -> tuple[Posted, ...]:
        status, found = self.ask("GET", f"{self.path}/{where}")
        assert status == 200, found
        return tuple(Posted(one["user"]["id"], one["body"] or "") for one in found)

    def _refusal(self, where: str, order: object) -> str:
        status, found = self.ask("POST", f"{self.path}/{where}", order)
        assert status in (200, 201, 422), found
        return "" if status != 422 else " ".join([found["message"], *map(str, found.get("errors", ()))])
