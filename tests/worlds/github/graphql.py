"""GraphQL: threads of reviews, signed commits, resolving and minimizing; unknown fields are an error."""

import base64
import binascii
from collections.abc import Callable
from functools import partial

from tests.worlds.github import acts_issues, acts_pulls, find
from tests.worlds.github.access import seen
from tests.worlds.github.git import Bare
from tests.worlds.github.graphql_query import BadQuery, Field, chosen, read
from tests.worlds.github.ground import Ground
from tests.worlds.github.routes import Answer, Refused, Request
from tests.worlds.github.shapes import node, number_of
from tests.worlds.github.shapes_pulls import pull_of
from tests.worlds.github.state import Comment, Issue, Person, Repository, ReviewComment, Thread
from tests.worlds.github.wire import Json, Value

_CLASSIFIERS = ("ABUSE", "DUPLICATE", "LOW_QUALITY", "OFF_TOPIC", "OUTDATED", "RESOLVED", "SPAM")


class Failed(Exception):
    """A field that GitHub answers with null and an error of a type."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def answer(ground: Ground, request: Request) -> Answer:
    """Answer one document; errors are told with status 200, as GraphQL does."""
    if request.caller.kind != "installation":
        raise Refused(401, "This endpoint requires you to be authenticated.")
    given = request.json if isinstance(request.json, dict) else {}
    try:
        operation = read(str(given.get("query") or ""), dict(given.get("variables") or {}))
    except BadQuery as error:
        return Answer(200, {"errors": [{"message": str(error)}]})
    roots = _MUTATIONS if operation.kind == "mutation" else _QUERIES
    data: Json = {}
    errors: list[Json] = []
    for one in operation.fields:
        name = one.alias or one.name
        try:
            data[name] = _root(ground, request, roots, one)
        except BadQuery as error:
            return Answer(200, {"errors": [{"message": str(error), "path": [operation.kind, name]}]})
        except Failed as failure:
            data[name] = None
            errors.append({"type": failure.kind, "path": [name], "message": str(failure)})
    return Answer(200, {"data": data, **({"errors": errors} if errors else {})})


def _root(ground: Ground, request: Request, roots: dict[str, Value], one: Field) -> Value:
    if one.name not in roots:
        kind = "Mutation" if roots is _MUTATIONS else "Query"
        raise BadQuery(f"Field '{one.name}' doesn't exist on type '{kind}'")
    return chosen(roots[one.name](ground, request, **one.arguments), one.fields, one.name)


def _repository(ground: Ground, request: Request, *, owner: str, name: str, **_: object) -> Json:
    found = ground.found(f"{owner}/{name}")
    try:
        repository = seen(request.caller, found)
    except Refused as error:
        raise Failed("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.") from error
    return {
        "__typename": "Repository",
        "id": node("R", repository.id),
        "databaseId": repository.id,
        "nameWithOwner": repository.full_name,
        "pullRequest": partial(_pull, ground, request, repository),
    }


def _pull(ground: Ground, request: Request, repository: Repository, number: int) -> Json:
    _require(request, repository, "pull_requests:read")
    issue = repository.issues.get(number)
    if issue is None or issue.pull is None:
        raise Failed("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
    threads = [_thread(ground, repository, issue, one) for one in find.threads(issue.pull)]
    return {
        "__typename": "PullRequest",
        "id": node("PR", issue.id),
        "databaseId": issue.id,
        "number": number,
        "headRefOid": issue.pull.head_sha,
        "isDraft": issue.pull.draft,
        "reviewThreads": partial(_connection, threads),
    }


def _thread(ground: Ground, repository: Repository, issue: Issue, thread: Thread) -> Json:
    first = thread.comments[0]
    comments = [_remark(ground, repository, issue, one) for one in thread.comments]
    return {
        "__typename": "PullRequestReviewThread",
        "id": node("PRRT", thread.first),
        "isResolved": thread.is_resolved,
        "resolvedBy": _actor(ground, thread.resolved_by) if thread.resolved_by is not None else None,
        "isOutdated": thread.line is None and first.subject == "line",
        "isCollapsed": thread.is_resolved,
        "path": thread.path,
        "line": thread.line,
        "originalLine": first.original_line,
        "startLine": first.start_line,
        "diffSide": first.side,
        "subjectType": first.subject.upper(),
        "comments": partial(_connection, comments),
    }


def _remark(ground: Ground, repository: Repository, issue: Issue, comment: ReviewComment) -> Json:
    shape = ground.shapes.review_comment(repository, issue, comment)
    return {
        "__typename": "PullRequestReviewComment",
        "id": shape["node_id"],
        "databaseId": comment.id,
        "fullDatabaseId": str(comment.id),
        "author": _actor(ground, comment.by),
        "authorAssociation": shape["author_association"],
        "body": comment.body,
        "createdAt": comment.created_at,
        "updatedAt": comment.updated_at,
        "lastEditedAt": comment.updated_at if comment.updated_at != comment.created_at else None,
        "path": comment.path,
        "line": comment.line,
        "originalLine": comment.original_line,
        "url": shape["html_url"],
        "isMinimized": False,
        "commit": {"oid": shape["commit_id"]},
        "originalCommit": {"oid": comment.commit},
        "pullRequestReview": {"id": node("PRR", comment.review), "databaseId": comment.review},
        "replyTo": {"id": node("PRRC", comment.first), "databaseId": comment.first} if comment.is_reply else None,
    }


def _actor(ground: Ground, person: Person) -> Json:
    """Bots have a login without `[bot]` here, unlike in REST."""
    return {
        "__typename": person.kind,
        "login": person.login.removesuffix("[bot]"),
        "id": ground.shapes.person(person)["node_id"],
        "databaseId": person.id,
        "url": f"{ground.url}/{person.login}",
    }


def _connection(items: list[Json], first: int = 0, last: int = 0, after: str | None = None) -> Json:
    """A page of a list; GitHub wants `first` or `last`, 100 at most."""
    size = first or last
    if not 1 <= size <= 100:
        raise BadQuery("You must provide a `first` or `last` value between 1 and 100 to properly paginate.")
    start = int(after) if after else (max(0, len(items) - last) if last and not first else 0)
    page = items[start : start + size]
    ends = {"hasNextPage": start + size < len(items), "hasPreviousPage": start > 0}
    cursors = {"startCursor": str(start), "endCursor": str(start + len(page)) if page else None}
    edges = [{"node": one, "cursor": str(start + place + 1)} for place, one in enumerate(page)]
    return {"totalCount": len(items), "nodes": page, "edges": edges, "pageInfo": {**ends, **cursors}}


def _viewer(ground: Ground, request: Request) -> Json:
    return _actor(ground, request.by) | {"login": request.by.login}


def _resolve(ground: Ground, request: Request, resolved: bool, input: Json) -> Json:
    """The thread, resolved or not; `contents:write` is what GitHub wants for it beside pull requests."""
    number = number_of(str(input.get("threadId")))
    for repository in ground.repositories.values():
        try:
            issue, first = find.remark(repository, number)
        except KeyError:
            continue
        if request.caller.holds(repository):
            _require(request, repository, "pull_requests:write")
            acts_pulls.resolve_thread(ground, repository, request.by, issue, first.id, resolved=resolved)
            thread = next(one for one in find.threads(pull_of(issue)) if one.first == first.id)
            return _payload(input, {"thread": _thread(ground, repository, issue, thread)})
    raise Failed("NOT_FOUND", f"Could not resolve to a node with the global id of '{input.get('threadId')}'")


def _minimize(ground: Ground, request: Request, input: Json) -> Json:
    if input.get("classifier") not in _CLASSIFIERS:
        raise BadQuery("Argument 'classifier' on InputObject 'MinimizeCommentInput' has an invalid value.")
    number = number_of(str(input.get("subjectId")))
    for repository in ground.repositories.values():
        comment = acts_issues.comment_of(repository, number)
        if comment is not None and request.caller.holds(repository):
            _require(request, repository, "issues:write|pull_requests:write")
            return _payload(input, {"minimizedComment": _minimized(ground, request, repository, comment, input)})
    raise Failed("NOT_FOUND", f"Could not resolve to a node with the global id of '{input.get('subjectId')}'")


def _minimized(ground: Ground, request: Request, repository: Repository, comment: Comment, input: Json) -> Json:
    if not comment.is_minimized:
        comment.is_minimized = True
        ground.did(request.by, "comment minimized", repository, comment.id)
    return {"__typename": "IssueComment", "isMinimized": True, "minimizedReason": str(input["classifier"]).lower()}


def _commit(ground: Ground, request: Request, input: Json) -> Json:
    """A commit by GitHub's own key on a branch that is where the caller expects it."""
    repository, branch = _branch(ground, request, input["branch"])
    _require(request, repository, "contents:write")
    ref = f"refs/heads/{branch}"
    before = repository.git.ref(ref)
    if not before:
        raise Failed("NOT_FOUND", f"Branch '{branch}' does not exist.")
    if before != input["expectedHeadOid"]:
        words = f'Expected branch to point to "{input["expectedHeadOid"]}" but it did not. Pull and try again.'
        raise Failed("STALE_DATA", words)
    if branch in repository.protected:
        raise Failed("UNPROCESSABLE", f"Changes must be made through a pull request: {branch} is protected.")
    files = _changes(repository.git, before, input.get("fileChanges") or {})
    _check_workflows(request, files)
    message = "\n\n".join(part for part in (input["message"].get("headline"), input["message"].get("body")) if part)
    sha = repository.git.commit(
        branch,
        files,
        who=f"{request.by.login} <{request.by.email}>",
        committer="GitHub <noreply@github.example>",
        at=ground.next_commit_time(),
        message=message,
    )
    ground.did(request.by, "commit created", repository, ref, sha)
    acts_pulls.moved(ground, repository, request.by, ref, before)
    url = f"{ground.shapes.html_of(repository)}/commit/{sha}"
    commit: Json = {"__typename": "Commit", "id": node("C", int(sha[:8], 16)), "oid": sha, "url": url}
    commit["signature"] = {"isValid": True, "state": "VALID", "wasSignedByGitHub": True}
    return _payload(input, {"commit": commit, "ref": {"name": branch, "target": {"oid": sha}}})


def _branch(ground: Ground, request: Request, given: Json) -> tuple[Repository, str]:
    name = str(given.get("repositoryNameWithOwner") or "")
    try:
        repository = seen(request.caller, ground.found(name))
    except Refused as error:
        raise Failed("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.") from error
    return repository, str(given.get("branchName") or "").removeprefix("refs/heads/")


def _changes(git: Bare, before: str, given: Json) -> dict[str, str | bytes | None]:
    files: dict[str, str | bytes | None] = {}
    for one in given.get("additions") or ():
        try:
            files[one["path"]] = base64.b64decode(one["contents"], validate=True)
        except binascii.Error as error:
            raise BadQuery("Argument 'contents' has an invalid value. Expected type 'Base64String!'.") from error
    known = git.files(before)
    for one in given.get("deletions") or ():
        if one["path"] not in known:
            raise Failed("NOT_FOUND", f"A path was requested for deletion which does not exist: {one['path']}")
        files[one["path"]] = None
    return files


def _check_workflows(request: Request, files: dict[str, str | bytes | None]) -> None:
    touched = [path for path in files if path.startswith(".github/workflows/")]
    if touched and not request.caller.may("workflows:write"):
        raise Failed("FORBIDDEN", "Resource not accessible by integration")


def _require(request: Request, repository: Repository, needs: str) -> None:
    public_read = not repository.private and needs.endswith(":read")
    if not public_read and not (request.caller.holds(repository) and request.caller.may(needs)):
        raise Failed("FORBIDDEN", "Resource not accessible by integration")


def _payload(input: Json, more: Json) -> Json:
    return {"clientMutationId": input.get("clientMutationId"), **more}


_Root = Callable[..., Json]
_QUERIES: dict[str, _Root] = {"repository": _repository, "viewer": _viewer}
_MUTATIONS: dict[str, _Root] = {
    "createCommitOnBranch": _commit,
    "resolveReviewThread": lambda ground, request, input: _resolve(ground, request, True, input),
    "unresolveReviewThread": lambda ground, request, input: _resolve(ground, request, False, input),
    "minimizeComment": _minimize,
}
