"""REST: issues, comments, labels and reactions; pull requests answer here too, as issues."""

from tests.worlds.github import acts_issues, find
from tests.worlds.github.ground import Ground
from tests.worlds.github.routes import Answer, Refused, Request, not_found, paged, route, unprocessable
from tests.worlds.github.shapes import CONTENTS
from tests.worlds.github.state import BODY_LIMIT, Comment, Issue, Reaction
from tests.worlds.github.wire import Value

BOTH = "issues:write|pull_requests:write"
READ = "issues:read|pull_requests:read"


@route("GET", "/repos/{owner}/{repo}/issues", READ)
def issues(ground: Ground, request: Request) -> Answer:
    """Newest first; filtered by state, labels, creator and time of the last change."""
    wanted = request.query.get("state", "open")
    labels = {name for name in request.query.get("labels", "").split(",") if name}
    found = [
        issue
        for issue in request.repository.issues.values()
        if wanted in ("all", issue.state)
        and labels <= set(issue.labels)
        and request.query.get("creator", issue.by.login) == issue.by.login
        and issue.updated_at >= request.query.get("since", "")
    ]
    ordered = sorted(found, key=lambda issue: issue.number, reverse=request.query.get("direction", "desc") == "desc")
    return paged(ground, request, [ground.shapes.issue(request.repository, issue) for issue in ordered])


@route("POST", "/repos/{owner}/{repo}/issues", "issues:write")
def create_issue(ground: Ground, request: Request) -> Answer:
    body = limited(request.text("body"))
    title = _title(request)
    labels = [str(one) for one in request.json.get("labels", ())]
    made = acts_issues.open_issue(ground, request.repository, request.by, title=title, body=body, labels=labels)
    return Answer(201, ground.shapes.issue(request.repository, made))


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}", READ)
def issue(ground: Ground, request: Request) -> Answer:
    return Answer(200, ground.shapes.issue(request.repository, _issue(request, "read")))


@route("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", BOTH)
def edit_issue(ground: Ground, request: Request) -> Answer:
    one, given = _issue(request), request.json
    body = limited(str(given["body"])) if given.get("body") is not None else None
    title = _title(request) if "title" in given else None
    acts_issues.edit_issue(ground, request.repository, request.by, one, title=title, body=body)
    if "labels" in given:
        _replace(ground, request, one, given["labels"])
    if given.get("state") in ("open", "closed"):
        reason = given.get("state_reason") or ("completed" if given["state"] == "closed" else "reopened")
        acts_issues.set_state(ground, request.repository, request.by, one, given["state"], reason)
    return Answer(200, ground.shapes.issue(request.repository, one))


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", READ)
def comments(ground: Ground, request: Request) -> Answer:
    one = _issue(request, "read")
    since = request.query.get("since", "")
    found = [comment for comment in one.comments if comment.updated_at >= since]

    def shaped(shown: list[Comment]) -> Value:
        return [ground.shapes.comment(request.repository, one, comment) for comment in shown]

    return paged(ground, request, found, shaped)


@route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", BOTH)
def create_comment(ground: Ground, request: Request) -> Answer:
    one, body = _issue(request), limited(request.text("body"))
    if not body.strip():
        raise unprocessable("IssueComment", "body", "body cannot be blank", code="missing_field")
    made = acts_issues.add_comment(ground, request.repository, request.by, one, body)
    return Answer(201, ground.shapes.comment(request.repository, one, made))


@route("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}", READ)
def comment(ground: Ground, request: Request) -> Answer:
    one, parent = _comment(request)
    return Answer(200, ground.shapes.comment(request.repository, parent, one))


@route("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", BOTH)
def edit_comment(ground: Ground, request: Request) -> Answer:
    one, parent = _comment(request, "write")
    acts_issues.edit_comment(ground, request.repository, request.by, one, limited(request.text("body")))
    return Answer(200, ground.shapes.comment(request.repository, parent, one))


@route("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}", BOTH)
def delete_comment(ground: Ground, request: Request) -> Answer:
    acts_issues.delete_comment(ground, request.repository, request.by, _comment(request, "write")[0])
    return Answer(204)


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/labels", READ)
def labels(ground: Ground, request: Request) -> Answer:
    return paged(ground, request, _labels(ground, request, _issue(request, "read")))


@route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", BOTH)
def add_labels(ground: Ground, request: Request) -> Answer:
    one = _issue(request)
    for name in request.json["labels"] if isinstance(request.json, dict) else request.json:
        acts_issues.add_label(ground, request.repository, request.by, one, name)
    return Answer(200, _labels(ground, request, one))


@route("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", BOTH)
def remove_label(ground: Ground, request: Request) -> Answer:
    one = _issue(request)
    if request.parts["name"] not in one.labels:
        raise Refused(404, "Label does not exist")
    acts_issues.remove_label(ground, request.repository, request.by, one, request.parts["name"])
    return Answer(200, _labels(ground, request, one))


@route("GET", "/repos/{owner}/{repo}/labels", READ)
def repository_labels(ground: Ground, request: Request) -> Answer:
    repository = request.repository
    return paged(ground, request, [ground.shapes.label(repository, name) for name in repository.label_ids])


@route("POST", "/repos/{owner}/{repo}/labels", BOTH)
def create_label(ground: Ground, request: Request) -> Answer:
    name = request.text("name")
    if name in request.repository.label_ids:
        raise unprocessable("Label", "name", "name already exists", code="already_exists")
    acts_issues.define_label(ground, request.repository, name)
    return Answer(201, ground.shapes.label(request.repository, name))


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/reactions", READ)
def issue_reactions(ground: Ground, request: Request) -> Answer:
    return _listed(ground, request, _issue(request, "read").reactions)


@route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/reactions", BOTH)
def react_to_issue(ground: Ground, request: Request) -> Answer:
    one = _issue(request)
    return _react(ground, request, one.reactions, one.number)


@route("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", READ)
def comment_reactions(ground: Ground, request: Request) -> Answer:
    return _listed(ground, request, _comment(request)[0].reactions)


@route("POST", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", BOTH)
def react_to_comment(ground: Ground, request: Request) -> Answer:
    one, _ = _comment(request, "write")
    return _react(ground, request, one.reactions, one.id)


@route("GET", "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions", "pull_requests:read")
def remark_reactions(ground: Ground, request: Request) -> Answer:
    try:
        _, one = find.remark(request.repository, request.number("comment_id"))
    except KeyError as error:
        raise not_found() from error
    return _listed(ground, request, one.reactions)


@route("POST", "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions", "pull_requests:write")
def react_to_remark(ground: Ground, request: Request) -> Answer:
    try:
        _, one = find.remark(request.repository, request.number("comment_id"))
    except KeyError as error:
        raise not_found() from error
    return _react(ground, request, one.reactions, one.id)


def limited(body: str) -> str:
    """The body, when GitHub takes it. Raises Refused (422)."""
    if len(body) > BODY_LIMIT:
        raise Refused(
            422,
            "Validation Failed",
            errors=[
                {
                    "resource": "IssueComment",
                    "code": "unprocessable",
                    "field": "data",
                    "message": f"Body is too long (maximum is {BODY_LIMIT} characters)",
                }
            ],
        )
    return body


def _title(request: Request) -> str:
    title = request.text("title")
    if not title.strip():
        raise unprocessable("Issue", "title", "title can't be blank", code="missing_field")
    if len(title) > 256:
        raise unprocessable("Issue", "title", "title is too long (maximum is 256 characters)")
    return title


def _issue(request: Request, level: str = "write") -> Issue:
    found = request.repository.issues.get(request.number("issue_number"))
    if found is None:
        raise not_found()
    _require(request, found, level)
    return found


def _comment(request: Request, level: str = "read") -> tuple[Comment, Issue]:
    found = acts_issues.comment_of(request.repository, request.number("comment_id"))
    if found is None:
        raise not_found()
    parent = acts_issues.issue_of(request.repository, found)
    _require(request, parent, level)
    if level == "write" and request.method != "POST" and found.by != request.by:
        raise Refused(403, "Resource not accessible by integration")
    return found, parent


def _require(request: Request, one: Issue, level: str) -> None:
    """Either permission is good for a pull request, an issue wants its own."""
    if level == "read" and not request.repository.private:
        return
    request.require(f"issues:{level}" if one.pull is None else f"issues:{level}|pull_requests:{level}")


def _labels(ground: Ground, request: Request, one: Issue) -> list[object]:
    return [ground.shapes.label(request.repository, name) for name in one.labels]


def _replace(ground: Ground, request: Request, one: Issue, names: list[str]) -> None:
    for name in [name for name in one.labels if name not in names]:
        acts_issues.remove_label(ground, request.repository, request.by, one, name)
    for name in names:
        acts_issues.add_label(ground, request.repository, request.by, one, name)


def _listed(ground: Ground, request: Request, reactions: list[Reaction]) -> Answer:
    return paged(ground, request, [ground.shapes.reaction(one) for one in reactions])


def _react(ground: Ground, request: Request, reactions: list[Reaction], where: int) -> Answer:
    content = request.text("content")
    if content not in CONTENTS:
        raise unprocessable("Reaction", "content", f"{content} is not a reaction", code="invalid")
    made, is_new = acts_issues.react(ground, request.repository, request.by, reactions, content, where)
    return Answer(201 if is_new else 200, ground.shapes.reaction(made))
