"""REST: reviews of pull requests and remarks on lines, refused as GitHub refuses them."""

from tests.worlds.github import acts_pulls, find
from tests.worlds.github.acts_pulls import Placed
from tests.worlds.github.diffs import FileDiff, Spot
from tests.worlds.github.ground import Ground
from tests.worlds.github.rest_issues import limited
from tests.worlds.github.rest_pulls import pull_in
from tests.worlds.github.routes import Answer, Refused, Request, not_found, paged, route, unprocessable
from tests.worlds.github.shapes_pulls import pull_of
from tests.worlds.github.state import Issue, Review, ReviewComment, Side
from tests.worlds.github.wire import Json

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED", "": "PENDING"}
_THREAD = "Pull request review thread"
_NO_HUNK = f"{_THREAD} diff hunk can't be blank"
_NO_LINE = f"{_THREAD} line must be part of the diff"
_OTHER_HUNK = f"{_THREAD} start line must be part of the same hunk as the line."
_NOT_BEFORE = f"{_THREAD} start line must precede the end line."


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "pull_requests:read")
def reviews(ground: Ground, request: Request) -> Answer:
    """Submitted reviews, oldest first, and the caller's own pending one."""
    issue = pull_in(request)
    found = [one for one in pull_of(issue).reviews if one.state != "PENDING" or one.by == request.by]
    return paged(ground, request, [ground.shapes.review(request.repository, issue, one) for one in found])


@route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "pull_requests:write")
def create_review(ground: Ground, request: Request) -> Answer:
    """All or nothing: one bad anchor and none of the review is there."""
    issue, given = pull_in(request), request.json or {}
    event, body = str(given.get("event") or ""), limited(request.text("body"))
    _check_event(request, issue, event, body, bool(given.get("comments")))
    commit = str(given.get("commit_id") or pull_of(issue).head_sha)
    anchors = _Anchors(ground, request, issue, commit)
    remarks = [anchors.placed(one) for one in given.get("comments", ())]
    state = _STATES[event]
    if state == "PENDING" and any(one.state == state and one.by == request.by for one in pull_of(issue).reviews):
        raise Refused(422, "Unprocessable Entity", errors=["User can only have one pending review per pull request"])
    review = Review(ground.next_id(), request.by, body, state, commit, ground.stamp())
    acts_pulls.post_review(ground, request.repository, request.by, issue, review, remarks)
    return Answer(200, ground.shapes.review(request.repository, issue, review))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}", "pull_requests:read")
def review(ground: Ground, request: Request) -> Answer:
    issue, one = _review(request)
    return Answer(200, ground.shapes.review(request.repository, issue, one))


@route("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}", "pull_requests:write")
def edit_review(ground: Ground, request: Request) -> Answer:
    issue, one = _review(request)
    one.body = limited(request.text("body"))
    ground.did(request.by, "review edited", request.repository, issue.number, one.body)
    return Answer(200, ground.shapes.review(request.repository, issue, one))


@route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/events", "pull_requests:write")
def submit_review(ground: Ground, request: Request) -> Answer:
    issue, one = _review(request)
    event, body = request.text("event"), request.text("body", one.body)
    _check_event(request, issue, event, body, True)
    if one.state != "PENDING":
        raise Refused(422, "Unprocessable Entity", errors=["Can not submit a review that is not pending"])
    one.state, one.body = _STATES[event], body
    acts_pulls.submit_review(ground, request.repository, request.by, issue, one)
    return Answer(200, ground.shapes.review(request.repository, issue, one))


@route("DELETE", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}", "pull_requests:write")
def delete_review(ground: Ground, request: Request) -> Answer:
    issue, one = _review(request)
    if one.state != "PENDING":
        raise Refused(422, "Unprocessable Entity", errors=["Can not delete a non-pending pull request review"])
    pull = pull_of(issue)
    pull.reviews.remove(one)
    pull.comments = [comment for comment in pull.comments if comment.review != one.id]
    return Answer(200, ground.shapes.review(request.repository, issue, one))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments", "pull_requests:read")
def review_remarks(ground: Ground, request: Request) -> Answer:
    issue, one = _review(request)
    return _remarks(ground, request, issue, [mark for mark in pull_of(issue).comments if mark.review == one.id])


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", "pull_requests:read")
def remarks(ground: Ground, request: Request) -> Answer:
    issue = pull_in(request)
    pending = {one.id for one in pull_of(issue).reviews if one.state == "PENDING"}
    return _remarks(ground, request, issue, [mark for mark in pull_of(issue).comments if mark.review not in pending])


@route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", "pull_requests:write")
def create_remark(ground: Ground, request: Request) -> Answer:
    """One remark, on a line or on a file, in a review of its own."""
    issue = pull_in(request)
    anchors = _Anchors(ground, request, issue, request.text("commit_id"))
    placed = anchors.on_file(request.json) if request.text("subject_type") == "file" else anchors.placed(request.json)
    made = Review(ground.next_id(), request.by, "", "COMMENTED", request.text("commit_id"), ground.stamp())
    acts_pulls.post_review(ground, request.repository, request.by, issue, made, [placed])
    return Answer(201, ground.shapes.review_comment(request.repository, issue, pull_of(issue).comments[-1]))


@route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies", "pull_requests:write")
def reply(ground: Ground, request: Request) -> Answer:
    issue = pull_in(request)
    _, first = _remark(request)
    if first.is_reply:
        raise unprocessable("PullRequestReviewComment", "in_reply_to", "Replies to replies are not supported")
    made = acts_pulls.reply(ground, request.repository, request.by, issue, first, limited(request.text("body")))
    return Answer(201, ground.shapes.review_comment(request.repository, issue, made))


@route("GET", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", "pull_requests:read")
def remark(ground: Ground, request: Request) -> Answer:
    issue, one = _remark(request)
    return Answer(200, ground.shapes.review_comment(request.repository, issue, one))


@route("PATCH", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", "pull_requests:write")
def edit_remark(ground: Ground, request: Request) -> Answer:
    issue, one = _remark(request)
    if one.by != request.by:
        raise Refused(403, "Resource not accessible by integration")
    acts_pulls.edit_remark(ground, request.repository, request.by, issue, one, limited(request.text("body")))
    return Answer(200, ground.shapes.review_comment(request.repository, issue, one))


class _Anchors:
    """Finds remarks in the diff from the merge base to one commit."""

    def __init__(self, ground: Ground, request: Request, issue: Issue, commit: str) -> None:
        git = request.repository.git
        if not git.resolve(commit):
            raise unprocessable("PullRequestReview", "commit_id", "commit_id is not part of the pull request")
        base = git.ref(f"refs/heads/{pull_of(issue).base_branch}")
        if not git.contains(commit, pull_of(issue).head_sha):
            raise unprocessable("PullRequestReview", "commit_id", "commit_id is not part of the pull request")
        self._files = {file.path: file for file in ground.diff_between(request.repository, base, commit)}

    def placed(self, given: Json) -> Placed:
        """A remark on a line or a range of lines. Raises Refused (422) in GitHub's words."""
        file = self._file(given)
        body = limited(str(given.get("body") or ""))
        side: Side = "LEFT" if given.get("side") == "LEFT" else "RIGHT"
        line, start = given.get("line"), given.get("start_line")
        if "position" in given and line is None:
            side, line = _by_position(file, int(given["position"]))
        start_side: Side = "LEFT" if given.get("start_side", side) == "LEFT" else "RIGHT"
        spot = file.spots.get((side, line)) if isinstance(line, int) else None
        troubles = [] if spot else [_NO_LINE]
        if start is not None:
            first = file.spots.get((start_side, start))
            if first is None or spot is None or first.hunk != spot.hunk:
                troubles.append(_OTHER_HUNK)
            elif first.position >= spot.position:
                troubles.append(_NOT_BEFORE)
        if spot is None or troubles:
            raise _bad_anchor([*troubles, *([] if spot else [_NO_HUNK])])
        return Placed(file.path, body, side, line, start, start_side if start is not None else None, spot)

    def on_file(self, given: Json) -> Placed:
        """A remark on a whole file."""
        file, body = self._file(given), limited(str(given.get("body") or ""))
        return Placed(file.path, body, "RIGHT", None, None, None, Spot(0, 1, ""), subject="file")

    def _file(self, given: Json) -> FileDiff:
        if not str(given.get("body") or "").strip():
            raise Refused(422, "Unprocessable Entity", errors=["Body cannot be blank"])
        file = self._files.get(str(given.get("path")))
        if file is None:
            raise Refused(422, "Unprocessable Entity", errors=["Path could not be resolved"])
        return file


def _bad_anchor(troubles: list[str]) -> Refused:
    """Several troubles in one sentence, joined as GitHub joins them."""
    *most, last = troubles
    joint = ", and " if len(most) > 1 else " and "
    return Refused(422, "Unprocessable Entity", errors=[joint.join([", ".join(most), last]) if most else last])


def _by_position(file: FileDiff, position: int) -> tuple[Side, int | None]:
    for (side, line), spot in file.spots.items():
        if spot.position == position and (side == "RIGHT" or spot.shown.split("\n")[-1].startswith("-")):
            return side, line
    return "RIGHT", None


def _check_event(request: Request, issue: Issue, event: str, body: str, has_comments: bool) -> None:
    if event not in _STATES:
        raise unprocessable("PullRequestReview", "event", f"{event} is no event", code="invalid")
    if issue.by == request.by and event in ("APPROVE", "REQUEST_CHANGES"):
        words = "approve" if event == "APPROVE" else "request changes on"
        raise Refused(422, "Unprocessable Entity", errors=[f"Can not {words} your own pull request"])
    needs_body = event == "REQUEST_CHANGES" or (event == "COMMENT" and not has_comments)
    if needs_body and not body.strip():
        raise Refused(422, "Unprocessable Entity", errors=["Body cannot be blank"])


def _review(request: Request) -> tuple[Issue, Review]:
    issue, number = pull_in(request), request.number("review_id")
    for one in pull_of(issue).reviews:
        if one.id == number:
            return issue, one
    raise not_found()


def _remark(request: Request) -> tuple[Issue, ReviewComment]:
    try:
        return find.remark(request.repository, request.number("comment_id"))
    except KeyError as error:
        raise not_found() from error


def _remarks(ground: Ground, request: Request, issue: Issue, marks: list[ReviewComment]) -> Answer:
    return paged(ground, request, [ground.shapes.review_comment(request.repository, issue, mark) for mark in marks])
