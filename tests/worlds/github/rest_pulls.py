"""REST: pull requests, their files and commits."""

from tests.worlds.github import acts_issues, acts_pulls
from tests.worlds.github.ground import Ground
from tests.worlds.github.rest_issues import limited
from tests.worlds.github.rest_repositories import shaped
from tests.worlds.github.routes import Answer, Refused, Request, not_found, paged, route, unprocessable
from tests.worlds.github.shapes_pulls import base_of, pull_of
from tests.worlds.github.state import Issue, Repository

_FILES = 3000  # GitHub REST documentation, "List pull requests files"
_COMMITS = 250  # GitHub REST documentation, "List commits on a pull request"


@route("GET", "/repos/{owner}/{repo}/pulls", "pull_requests:read")
def pulls(ground: Ground, request: Request) -> Answer:
    """Newest first; filtered by state, head (`owner:branch`) and base."""
    wanted = request.query.get("state", "open")
    found = []
    for issue in request.repository.issues.values():
        pull = issue.pull
        if pull is None or wanted not in ("all", issue.state):
            continue
        owner = pull.head.owner.login if pull.head else issue.by.login
        head_fits = request.query.get("head", f"{owner}:{pull.head_branch}") == f"{owner}:{pull.head_branch}"
        if head_fits and request.query.get("base", pull.base_branch) == pull.base_branch:
            found.append(ground.shapes.pull(request.repository, issue))
    return paged(ground, request, found if request.query.get("direction") == "asc" else found[::-1])


@route("POST", "/repos/{owner}/{repo}/pulls", "pull_requests:write")
def create_pull(ground: Ground, request: Request) -> Answer:
    repository = request.repository
    owner, _, branch = request.text("head").rpartition(":")
    head = _head_repository(ground, repository, owner)
    base = request.text("base")
    _check_pull(ground, request, head, branch, base)
    made = acts_pulls.open_pull(
        ground,
        repository,
        request.by,
        head=head,
        head_branch=branch,
        base_branch=base,
        title=request.text("title"),
        body=limited(request.text("body")),
        draft=request.json.get("draft") is True,
    )
    return Answer(201, ground.whole_pull(repository, made))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", "pull_requests:read")
def pull_request(ground: Ground, request: Request) -> Answer:
    return Answer(200, ground.whole_pull(request.repository, pull_in(request)))


@route("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", "pull_requests:write")
def edit_pull(ground: Ground, request: Request) -> Answer:
    issue, given = pull_in(request), request.json
    body = limited(str(given["body"])) if given.get("body") is not None else None
    acts_issues.edit_issue(ground, request.repository, request.by, issue, title=given.get("title"), body=body)
    if given.get("state") in ("open", "closed"):
        acts_issues.set_state(ground, request.repository, request.by, issue, given["state"], None)
    return Answer(200, ground.whole_pull(request.repository, issue))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/files", "pull_requests:read")
def files(ground: Ground, request: Request) -> Answer:
    issue = pull_in(request)
    found = ground.files_of(request.repository, issue)[:_FILES]
    head = pull_of(issue).head_sha
    return paged(ground, request, [ground.shapes.file(request.repository, file, head) for file in found])


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/commits", "pull_requests:read")
def commits(ground: Ground, request: Request) -> Answer:
    issue, repository = pull_in(request), request.repository
    found = repository.git.log(pull_of(issue).head_sha, f"^{base_of(repository, issue)}")[:_COMMITS]
    return paged(ground, request, [shaped(ground, repository, one) for one in found])


@route("GET", "/repos/{owner}/{repo}/commits/{commit}/pulls", "pull_requests:read")
def pulls_of_commit(ground: Ground, request: Request) -> Answer:
    """The pull requests whose head this commit is or whose commits it is among."""
    repository, sha = request.repository, request.parts["commit"]
    if not repository.git.resolve(sha):
        raise Refused(422, f"No commit found for SHA: {sha}")
    found = [
        ground.shapes.pull(repository, issue)
        for issue in repository.issues.values()
        if issue.pull is not None
        and sha in repository.git.run("rev-list", issue.pull.head_sha, f"^{base_of(repository, issue)}")
    ]
    return paged(ground, request, found)


def pull_in(request: Request) -> Issue:
    """The pull request that the path names. Raises Refused (404)."""
    found = request.repository.issues.get(request.number("pull_number"))
    if found is None or found.pull is None:
        raise not_found()
    return found


def _head_repository(ground: Ground, repository: Repository, owner: str) -> Repository:
    if not owner or owner.lower() == repository.owner.login.lower():
        return repository
    for one in ground.repositories.values():
        if one.parent is repository and one.owner.login.lower() == owner.lower():
            return one
    raise unprocessable("PullRequest", "head", "", code="invalid")


def _check_pull(ground: Ground, request: Request, head: Repository, branch: str, base: str) -> None:
    repository = request.repository
    head_sha, base_sha = head.git.ref(f"refs/heads/{branch}"), repository.git.ref(f"refs/heads/{base}")
    for name, sha in (("head", head_sha), ("base", base_sha)):
        if not sha:
            raise unprocessable("PullRequest", name, "", code="invalid")
    for issue in repository.issues.values():
        pull = issue.pull
        if (
            pull
            and issue.state == "open"
            and pull.head is head
            and (pull.head_branch, pull.base_branch) == (branch, base)
        ):
            words = f"A pull request already exists for {head.owner.login}:{branch}."
            raise Refused(422, "Validation Failed", errors=[_custom(words)])
    if head is repository and repository.git.contains(head_sha, base_sha):
        raise Refused(422, "Validation Failed", errors=[_custom(f"No commits between {base} and {branch}")])
    if request.json.get("draft") and not repository.has_drafts:
        raise Refused(422, "Draft pull requests are not supported in this repository.")


def _custom(message: str) -> dict[str, str]:
    return {"resource": "PullRequest", "code": "custom", "message": message}
