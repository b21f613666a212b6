"""What can be done to branches, pull requests and their reviews, by people and by the bot alike."""

import subprocess
from dataclasses import dataclass

from tests.worlds.github.acts_issues import add_label, new_issue, set_state
from tests.worlds.github.diffs import Spot
from tests.worlds.github.git import ZERO, Written
from tests.worlds.github.ground import Ground
from tests.worlds.github.shapes import node
from tests.worlds.github.shapes_pulls import pull_of
from tests.worlds.github.state import Issue, Person, Pull, Repository, Review, ReviewComment, Side
from tests.worlds.github.wire import Json


@dataclass(frozen=True, slots=True)
class Placed:
    """A remark with the place in the diff where it was found."""

    path: str
    body: str
    side: Side
    line: int | None
    start_line: int | None
    start_side: Side | None
    spot: Spot
    subject: str = "line"


def moved(ground: Ground, repository: Repository, by: Person, ref: str, before: str) -> None:
    """A ref is somewhere else now: tell of the push, and bring the pull requests from that branch along."""
    after = repository.git.ref(ref)
    if after == before:
        return
    ground.did(by, "ref pushed" if after else "ref deleted", repository, ref, after)
    if ref.startswith("refs/heads/"):
        _tell_push(ground, repository, by, ref, before, after)
        _synchronize(ground, repository, by, ref.removeprefix("refs/heads/"), after)


def open_pull(
    ground: Ground,
    repository: Repository,
    by: Person,
    *,
    head: Repository,
    head_branch: str,
    base_branch: str,
    title: str,
    body: str | None,
    draft: bool = False,
) -> Issue:
    sha = head.git.ref(f"refs/heads/{head_branch}")
    pull = Pull(head=head, head_branch=head_branch, head_sha=sha, base_branch=base_branch, draft=draft)
    issue = new_issue(ground, repository, by, title, body, pull)
    keep_head(repository, issue)
    ground.did(by, "pull opened", repository, issue.number, title)
    tell_pull(ground, repository, by, issue, "opened", {})
    return issue


def keep_head(repository: Repository, issue: Issue) -> None:
    """Bring the head into the base's repository as `refs/pull/N/head`, where GitHub keeps it too."""
    pull = pull_of(issue)
    ref = f"refs/pull/{issue.number}/head"
    if pull.head is not None and pull.head is not repository:
        repository.git.run("fetch", "--quiet", str(pull.head.git.path), f"+refs/heads/{pull.head_branch}:{ref}")
    else:
        repository.git.run("update-ref", ref, pull.head_sha)


def request_review(ground: Ground, repository: Repository, by: Person, issue: Issue, reviewer: Person) -> None:
    pull_of(issue).reviewers.append(reviewer)
    more = {"requested_reviewer": ground.shapes.person(reviewer)}
    tell_pull(ground, repository, by, issue, "review_requested", more)


def set_draft(ground: Ground, repository: Repository, by: Person, issue: Issue, draft: bool) -> None:
    pull_of(issue).draft = draft
    tell_pull(ground, repository, by, issue, "converted_to_draft" if draft else "ready_for_review", {})


def merge(ground: Ground, repository: Repository, by: Person, issue: Issue) -> None:
    """Merge with a merge commit, as far as git can without a conflict. Raises CalledProcessError otherwise."""
    pull, git = pull_of(issue), repository.git
    ref = f"refs/heads/{pull.base_branch}"
    before = git.ref(ref)
    tree = git.run("merge-tree", "--write-tree", before, pull.head_sha).splitlines()[0]
    who = f"{by.login} <{by.email}> {ground.next_commit_time()} +0000"
    text = f"tree {tree}\nparent {before}\nparent {pull.head_sha}\nauthor {who}\ncommitter {who}\n\n{issue.title}\n"
    sha = git.run("hash-object", "-t", "commit", "-w", "--stdin", given=text.encode())
    git.run("update-ref", ref, sha, before)
    pull.merged_at, pull.merged_by, pull.merged_as = ground.stamp(), by, sha
    moved(ground, repository, by, ref, before)
    set_state(ground, repository, by, issue, "closed", None)


def post_review(
    ground: Ground, repository: Repository, by: Person, issue: Issue, review: Review, remarks: list[Placed]
) -> None:
    """Post a review whose remarks were found in the diff."""
    pull = pull_of(issue)
    pull.reviews.append(review)
    for remark in remarks:
        pull.comments.append(_remark(ground, by, review, remark))
    if review.state != "PENDING":
        submit_review(ground, repository, by, issue, review)


def submit_review(ground: Ground, repository: Repository, by: Person, issue: Issue, review: Review) -> None:
    """Make a review visible, with its remarks."""
    pull = pull_of(issue)
    remarks = [comment for comment in pull.comments if comment.review == review.id]
    pull.reviewers = [person for person in pull.reviewers if person != by]
    ground.did(by, "review posted", repository, issue.number, f"{len(remarks)} comments")
    for comment in remarks:
        tell_remark(ground, repository, by, issue, comment, "created", {})
    shape = ground.shapes.review(repository, issue, review)
    shape["state"] = review.state.lower()
    more = {"review": shape, "pull_request": ground.shapes.pull(repository, issue)}
    ground.tell("pull_request_review", "submitted", repository, by, more)


def reply(
    ground: Ground, repository: Repository, by: Person, issue: Issue, first: ReviewComment, body: str
) -> ReviewComment:
    """Answer in a thread; GitHub makes a review of its own around it."""
    now = ground.stamp()
    review = Review(ground.next_id(), by, "", "COMMENTED", pull_of(issue).head_sha, now)
    comment = ReviewComment(
        id=ground.next_id(),
        review=review.id,
        first=first.id,
        body=body,
        by=by,
        path=first.path,
        side=first.side,
        line=first.line,
        start_line=first.start_line,
        start_side=first.start_side,
        commit=first.commit,
        hunk=first.hunk,
        position=first.position,
        created_at=now,
        updated_at=now,
        subject=first.subject,
        original_line=first.original_line,
    )
    pull_of(issue).reviews.append(review)
    pull_of(issue).comments.append(comment)
    ground.did(by, "reply created", repository, issue.number, body)
    tell_remark(ground, repository, by, issue, comment, "created", {})
    shape = ground.shapes.review(repository, issue, review) | {"state": "commented", "body": None}
    more = {"review": shape, "pull_request": ground.shapes.pull(repository, issue)}
    ground.tell("pull_request_review", "submitted", repository, by, more)
    return comment


def edit_remark(
    ground: Ground, repository: Repository, by: Person, issue: Issue, comment: ReviewComment, body: str
) -> None:
    before, comment.body = comment.body, body
    comment.updated_at = ground.stamp()
    ground.did(by, "remark edited", repository, issue.number, body)
    tell_remark(ground, repository, by, issue, comment, "edited", {"changes": {"body": {"from": before}}})


def resolve_thread(
    ground: Ground, repository: Repository, by: Person, issue: Issue, first: int, *, resolved: bool = True
) -> None:
    """Close a thread, or open it again."""
    pull = pull_of(issue)
    if (first in pull.resolved) == resolved:
        return
    if resolved:
        pull.resolved[first] = by
    else:
        del pull.resolved[first]
    word = "resolved" if resolved else "unresolved"
    ground.did(by, f"thread {word}", repository, issue.number, str(first))
    shapes = ground.shapes
    comments = [shapes.review_comment(repository, issue, one) for one in pull.comments if one.first == first]
    more = {"thread": {"node_id": node("PRRT", first), "comments": comments}}
    more["pull_request"] = shapes.pull(repository, issue)
    ground.tell("pull_request_review_thread", word, repository, by, more)


def tell_pull(ground: Ground, repository: Repository, by: Person, issue: Issue, action: str, more: Json) -> None:
    pull = {"number": issue.number, "pull_request": ground.whole_pull(repository, issue)}
    ground.tell("pull_request", action, repository, by, {**pull, **more})


def tell_remark(
    ground: Ground, repository: Repository, by: Person, issue: Issue, comment: ReviewComment, action: str, more: Json
) -> None:
    shapes = ground.shapes
    body = {
        "comment": shapes.review_comment(repository, issue, comment),
        "pull_request": shapes.pull(repository, issue),
    }
    ground.tell("pull_request_review_comment", action, repository, by, {**body, **more})


def label_pull(ground: Ground, repository: Repository, by: Person, issue: Issue, labels: tuple[str, ...]) -> None:
    for name in labels:
        add_label(ground, repository, by, issue, name)


def _remark(ground: Ground, by: Person, review: Review, remark: Placed) -> ReviewComment:
    number, now = ground.next_id(), ground.stamp()
    return ReviewComment(
        id=number,
        review=review.id,
        first=number,
        body=remark.body,
        by=by,
        path=remark.path,
        side=remark.side,
        line=remark.line,
        start_line=remark.start_line,
        start_side=remark.start_side,
        commit=review.commit,
        hunk=remark.spot.shown,
        position=remark.spot.position,
        created_at=now,
        updated_at=now,
        subject=remark.subject,
        original_line=remark.line,
    )


def _synchronize(ground: Ground, head: Repository, by: Person, branch: str, after: str) -> None:
    for repository in list(ground.repositories.values()):
        for issue in list(repository.issues.values()):
            pull = issue.pull
            if pull is None or issue.state != "open" or pull.head is not head or pull.head_branch != branch:
                continue
            if not after:
                set_state(ground, repository, by, issue, "closed", None)
                continue
            before, pull.head_sha = pull.head_sha, after
            issue.updated_at = ground.stamp()
            keep_head(repository, issue)
            outdate(ground, repository, issue)
            tell_pull(ground, repository, by, issue, "synchronize", {"before": before, "after": after})


def outdate(ground: Ground, repository: Repository, issue: Issue) -> None:
    """Remarks on lines that are not in the new diff, or read otherwise, lose their line, as on GitHub."""
    files = {file.path: file for file in ground.files_of(repository, issue)}
    for comment in pull_of(issue).comments:
        if comment.line is None or comment.subject == "file":
            continue
        file = files.get(comment.path)
        spot = file.spots.get((comment.side, comment.line)) if file else None
        if spot is None or spot.shown.split("\n")[-1] != comment.hunk.split("\n")[-1]:
            comment.line = comment.start_line = None


def _tell_push(ground: Ground, repository: Repository, by: Person, ref: str, before: str, after: str) -> None:
    git = repository.git
    fresh = (
        git.log("--max-count=20", after, *([f"^{before}"] if before else ["--not", *_others(repository, ref)]))
        if after
        else []
    )
    commits = [_pushed(ground, repository, commit) for commit in fresh]
    forced = bool(before and after) and not git.contains(before, after)
    html = ground.shapes.html_of(repository)
    payload: Json = {
        "ref": ref,
        "before": before or ZERO,
        "after": after or ZERO,
        "created": not before,
        "deleted": not after,
        "forced": forced,
        "base_ref": None,
        "compare": f"{html}/compare/{before[:12]}...{after[:12]}",
        "commits": commits,
        "head_commit": commits[-1] if commits else None,
        "pusher": {"name": by.login, "email": by.email},
    }
    ground.tell("push", "", repository, by, payload)


def _others(repository: Repository, ref: str) -> list[str]:
    return [name for name in repository.git.refs() if name != ref and name.startswith("refs/heads/")]


def _pushed(ground: Ground, repository: Repository, commit: Written) -> Json:
    changed: dict[str, list[str]] = {"A": [], "M": [], "D": []}
    try:
        text = repository.git.run("diff-tree", "--root", "-r", "--no-commit-id", "--name-status", "-z", commit.sha)
    except subprocess.CalledProcessError:
        text = ""
    parts = text.split("\0")
    for letter, path in zip(parts[::2], parts[1::2], strict=False):
        changed.setdefault(letter[:1], []).append(path)
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message,
        "timestamp": commit.at,
        "url": f"{ground.shapes.html_of(repository)}/commit/{commit.sha}",
        "author": {"name": commit.author, "email": commit.email},
        "committer": {"name": commit.committer, "email": commit.committer_email},
        "added": changed["A"],
        "removed": changed["D"],
        "modified": changed["M"],
    }
