"""The pull request that a review is posted on, over GitHub's API."""

from collections.abc import Mapping

from pointsman.domain.forge import Change, ReviewPost
from pointsman.forges.github import rest_wire as wire
from pointsman.forges.github.anchors import ChangedFile
from pointsman.forges.github.app import Api, GitHubApp
from pointsman.forges.github.comments import may_say
from pointsman.forges.github.refusals import NotThere, Refused
from pointsman.forges.github.reviews import Posted, ReviewDraft, post_review

# GitHub REST documentation: "List pull requests files" ends at 3,000 files, "Compare two commits" at 300.
_FILE_PAGES = 30


def ensure_review(app: GitHubApp, change: Change, post: ReviewPost) -> None:
    """The review of a run, once; nothing on a pull request that is closed, locked or gone."""
    api = app.api(change.repository)
    if not change.number.isdecimal():
        return
    with app.one_at_a_time(change.repository.id, change.number, "review", post.run_id):
        try:
            pull = api.get(wire.Pull, f"/pulls/{change.number}")
            if pull.state != "open" or not may_say(api.get(wire.Issue, f"/issues/{change.number}")):
                return
        except NotThere:
            return
        try:
            post_review(_Page(api, pull), post, me=app.me().id)
        except Refused as error:
            if not error.is_closed:
                raise


class _Page:
    """Answers what `reviews.PullRequest` asks."""

    def __init__(self, api: Api, pull: wire.Pull) -> None:
        self._api = api
        self._pull = pull
        self._path = f"/pulls/{pull.number}"

    def files(self, commit: str) -> tuple[ChangedFile, ...]:
        """GitHub's own list at the head; at an earlier commit what a comparison gives."""
        if commit == self._pull.head.sha:
            return tuple(map(_file, self._api.every(wire.File, f"{self._path}/files", pages=_FILE_PAGES)))
        try:
            found = self._api.get(wire.Compared, f"/compare/{self._pull.base.sha}...{commit}")
        except NotThere:
            return ()
        return tuple(map(_file, found.files))

    def reviews(self) -> tuple[Posted, ...]:
        """The reviews that were submitted, of very many the first and the newest."""
        return tuple(map(_said, self._api.newest(wire.Remark, f"{self._path}/reviews")))

    def comments(self) -> tuple[Posted, ...]:
        """The comments below it, of very many the first and the newest."""
        return tuple(map(_said, self._api.newest(wire.Remark, f"/issues/{self._pull.number}/comments")))

    def create_review(self, draft: ReviewDraft) -> str:
        """Submit it as a comment: a change of ours can be neither approved nor refused by us."""
        remarks = [
            {"path": one.path, "body": one.body, "side": one.side, "line": one.line}
            | ({"start_line": one.start_line, "start_side": one.side} if one.start_line else {})
            for one in draft.comments
        ]
        order = {"commit_id": draft.commit, "body": draft.body, "event": "COMMENT", "comments": remarks}
        return self._refusal(f"{self._path}/reviews", order)

    def create_comment(self, body: str) -> str:
        """Comment below the pull request."""
        return self._refusal(f"/issues/{self._pull.number}/comments", {"body": body})

    def _refusal(self, path: str, order: Mapping[str, object]) -> str:
        try:
            self._api.write("POST", path, order)
        except Refused as error:
            if error.status != 422:
                raise
            return error.said or "no reason given"
        return ""


def _file(found: wire.File) -> ChangedFile:
    return ChangedFile(found.filename, found.patch, found.previous_filename)


def _said(found: wire.Remark) -> Posted:
    return Posted(found.user.id if found.user is not None else 0, found.body or "")
