"""One review for one run on a pull request: found again by its marker, and never short of a finding."""

from dataclasses import dataclass
from typing import Protocol

from pointsman.domain.errors import OwnerMust
from pointsman.domain.forge import ReviewPost
from pointsman.forges.github.anchors import ChangedFile, Comment, place, remark_text
from pointsman.forges.github.markers import MOST, bears, length, marker

_OPENING = 62_000
_GAP = 2


@dataclass(frozen=True, slots=True)
class Posted:
    """What somebody said on a pull request: the numeric id of who, and the text."""

    author: int
    body: str


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """A review to be made with event COMMENT on one commit."""

    commit: str
    body: str
    comments: tuple[Comment, ...]


class PullRequest(Protocol):
    """One pull request as a review needs it. What is no refusal is raised as the errors of the domain."""

    def files(self, commit: str) -> tuple[ChangedFile, ...]:
        """The files that differ between where the pull request parted from its base and a commit of it."""

    def reviews(self) -> tuple[Posted, ...]:
        """Every review that was submitted."""

    def comments(self) -> tuple[Posted, ...]:
        """Every comment that is not on a line."""

    def create_review(self, draft: ReviewDraft) -> str:
        """Submit a review. Empty when it is there, else what GitHub refused (422) it with."""

    def create_comment(self, body: str) -> str:
        """Comment below the pull request; answers in the same way."""


def post_review(pull: PullRequest, post: ReviewPost, *, me: int) -> None:
    """The review of a run on the commit that was reviewed, once; `me` is the numeric id of our own user.

    GitHub takes all of a review or nothing and does not say which comment it minds (REST documentation, "Create a
    review for a pull request"). So what it may mean goes into the text, then everything, and at last the whole text
    below the pull request. Raises OwnerMust when GitHub refuses even that.
    """
    if _is_there(pull, post.run_id, me):
        return
    commit = post.review.commit
    comments = place(post.remarks, pull.files(commit)).comments
    while comments:
        refusal = pull.create_review(ReviewDraft(commit, _body(post, comments), comments))
        if not refusal:
            return
        comments = _unsuspected(comments, refusal)
    whole = _body(post, ())
    refusal = pull.create_review(ReviewDraft(commit, whole, ())) and pull.create_comment(whole)
    if refusal:
        raise OwnerMust(
            f"GitHub refused the review of run {post.run_id}: {refusal[:200]}",
            code="review-refused",
            hint="Look whether the pull request is locked or its head is gone, then ask for the review again.",
        )


def _is_there(pull: PullRequest, run_id: str, me: int) -> bool:
    """Only our own word counts: anybody can write the marker."""
    ours = (one for said in (pull.reviews, pull.comments) for one in said() if one.author == me)
    return any(bears(one.body, "review", run_id) for one in ours)


def _unsuspected(comments: tuple[Comment, ...], refusal: str) -> tuple[Comment, ...]:
    """The comments that a refusal cannot mean, fewer than there were; none when it can mean each of them."""
    words = refusal.casefold()
    if "start" in words and "line" in words:
        kept = tuple(comment for comment in comments if not comment.start_line)
    elif "line" in words or "hunk" in words or "position" in words:
        kept = tuple(comment for comment in comments if comment.is_sure and not comment.start_line)
    elif "path" in words:
        kept = tuple(comment for comment in comments if comment.path == comment.remark.finding.path)
    else:
        kept = ()
    return kept if len(kept) < len(comments) else ()


def _body(post: ReviewPost, comments: tuple[Comment, ...]) -> str:
    """The text of the review with every remark that has no comment: each whole, or counted among those left out."""
    placed = [comment.remark for comment in comments]
    left = [remark for remark in post.remarks if remark not in placed]
    parts = [f"{marker('review', post.run_id)}\n{_cut(post.body)}"]
    if left and post.unplaced:
        parts.append(post.unplaced)
    room = MOST - sum(length(part) + _GAP for part in parts) - length(_left_out(len(left)))
    out = 0
    for remark in left:
        text = remark_text(remark)
        if length(text) + _GAP <= room:
            parts.append(text)
            room -= length(text) + _GAP
        else:
            out += 1
    return "\n\n".join([*parts, _left_out(out)] if out else parts)


def _cut(text: str) -> str:
    """A text of a length that leaves room for remarks; half as many code points are never too many characters."""
    return text if length(text) <= _OPENING else f"{text[: _OPENING // 2].rstrip()}\n\n(The rest was cut.)"


def _left_out(count: int) -> str:
    those = "One more finding is" if count == 1 else f"{count} more findings are"
    return f"{those} left out here: the text would be longer than GitHub takes. The run's record has them all."
