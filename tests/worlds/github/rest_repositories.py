"""REST: people, repositories, who may do what there, commits, comparisons, refs and files."""

import base64
import subprocess

from tests.worlds.github.access import seen
from tests.worlds.github.acts_pulls import moved
from tests.worlds.github.git import Written
from tests.worlds.github.ground import Ground
from tests.worlds.github.routes import Answer, Refused, Request, not_found, route
from tests.worlds.github.shapes import node
from tests.worlds.github.state import Person, Repository
from tests.worlds.github.wire import Json

# GitHub REST documentation, "Get repository permissions for a user": maintain reads as write, triage as read.
_PERMISSION = {"admin": "admin", "maintain": "write", "write": "write", "triage": "read", "read": "read"}
_NUMBERS = ["followers", "following", "public_gists", "public_repos"]
_NOTHING = ["bio", "blog", "company", "email", "hireable", "location", "name"]


@route("GET", "/users/{username}", auth="any")
def user(ground: Ground, request: Request) -> Answer:
    person = _person(ground, request.parts["username"])
    if person is None:
        raise not_found()
    times = {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z"}
    more: Json = {**dict.fromkeys(_NUMBERS, 0), **dict.fromkeys(_NOTHING), **times}
    return Answer(200, {**ground.shapes.person(person), **more})


@route("GET", "/user/{account_id}", auth="any")
def user_by_id(ground: Ground, request: Request) -> Answer:
    person = ground.people.get(request.number("account_id"))
    if person is None:
        raise not_found()
    request.parts["username"] = person.login
    return user(ground, request)


@route("GET", "/repositories/{repository_id}", described=False)
def repository_by_id(ground: Ground, request: Request) -> Answer:
    """Not in the published description, and stable all the same: renamed repositories are redirected here."""
    found = seen(request.caller, ground.repositories.get(request.number("repository_id")))
    return Answer(200, ground.shapes.full_repository(found))


@route("GET", "/repos/{owner}/{repo}", "metadata:read")
def repository(ground: Ground, request: Request) -> Answer:
    return Answer(200, ground.shapes.full_repository(request.repository))


@route("GET", "/repos/{owner}/{repo}/languages", "metadata:read")
def languages(ground: Ground, request: Request) -> Answer:
    """Bytes by language; everything here is Python."""
    return Answer(200, {"Python": 1000})


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", "metadata:read")
def permission(ground: Ground, request: Request) -> Answer:
    """What somebody may do; people without a role read what is public; bots have no role of their own."""
    person = _person(ground, request.parts["username"])
    if person is None:
        raise Refused(404, f"{request.parts['username']} is not a user")
    role = request.repository.roles.get(person.id, "none" if request.repository.private else "read")
    if person.kind == "Bot":
        role = "none"
    level = _PERMISSION.get(role, "none")
    order = {"none": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}
    had = {"pull": 1, "triage": 2, "push": 3, "maintain": 4, "admin": 5}
    flags = {name: order[role] >= least for name, least in had.items()}
    shape = {**ground.shapes.person(person), "role_name": role, "permissions": flags}
    return Answer(200, {"permission": level, "role_name": role, "user": shape})


@route("GET", "/repos/{owner}/{repo}/commits/{ref}", "contents:read")
def commit(ground: Ground, request: Request) -> Answer:
    git = request.repository.git
    sha = git.resolve(request.parts["ref"])
    if not sha:
        raise Refused(422, f"No commit found for SHA: {request.parts['ref']}")
    return Answer(200, shaped(ground, request.repository, git.log("--max-count=1", sha)[0]))


@route("GET", "/repos/{owner}/{repo}/compare/{basehead}", "contents:read")
def compare(ground: Ground, request: Request) -> Answer:
    """A three-dot comparison with its merge base, files and commits."""
    repository, git = request.repository, request.repository.git
    base_name, _, head_name = request.parts["basehead"].partition("...")
    base, head = _resolved(repository, base_name), _resolved(repository, head_name)
    start = git.merge_base(base, head)
    if not start:
        raise Refused(404, f"No common ancestor between {base_name} and {head_name}.")
    ahead, behind = git.log(head, f"^{base}"), git.log(base, f"^{head}")
    words = {(False, False): "identical", (True, False): "ahead", (False, True): "behind", (True, True): "diverged"}
    html = f"{ground.shapes.html_of(repository)}/compare/{base_name}...{head_name}"
    files = ground.diff_between(repository, base, head)
    return Answer(
        200,
        {
            "url": f"{ground.shapes.api_of(repository)}/compare/{base_name}...{head_name}",
            "html_url": html,
            "permalink_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "base_commit": shaped(ground, repository, git.log("--max-count=1", base)[0]),
            "merge_base_commit": shaped(ground, repository, git.log("--max-count=1", start)[0]),
            "status": words[bool(ahead), bool(behind)],
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": [shaped(ground, repository, one) for one in ahead[:250]],
            "files": [ground.shapes.file(repository, one, head) for one in files[:300]],
        },
    )


@route("GET", "/repos/{owner}/{repo}/branches/{branch}", "contents:read")
def branch(ground: Ground, request: Request) -> Answer:
    repository, name = request.repository, request.parts["branch"]
    sha = repository.git.ref(f"refs/heads/{name}")
    if not sha:
        raise Refused(404, "Branch not found")
    api = f"{ground.shapes.api_of(repository)}/branches/{name}"
    return Answer(
        200,
        {
            "name": name,
            "commit": shaped(ground, repository, repository.git.log("--max-count=1", sha)[0]),
            "_links": {"self": api, "html": f"{ground.shapes.html_of(repository)}/tree/{name}"},
            "protected": name in repository.protected,
            "protection": {"enabled": name in repository.protected},
            "protection_url": f"{api}/protection",
        },
    )


@route("GET", "/repos/{owner}/{repo}/git/ref/{ref}", "contents:read")
def git_ref(ground: Ground, request: Request) -> Answer:
    name = f"refs/{request.parts['ref']}"
    sha = request.repository.git.ref(name)
    if not sha:
        raise not_found()
    return Answer(200, _ref(ground, request.repository, name, sha))


@route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", "contents:read")
def matching_refs(ground: Ground, request: Request) -> Answer:
    start = f"refs/{request.parts['ref']}"
    refs = request.repository.git.refs().items()
    return Answer(200, [_ref(ground, request.repository, name, sha) for name, sha in refs if name.startswith(start)])


@route("POST", "/repos/{owner}/{repo}/git/refs", "contents:write")
def create_ref(ground: Ground, request: Request) -> Answer:
    name, sha = request.text("ref"), request.text("sha")
    git = request.repository.git
    if git.ref(name):
        raise Refused(422, "Reference already exists")
    if not name.startswith("refs/") or not git.resolve(sha):
        raise Refused(422, "Object does not exist")
    git.run("update-ref", name, sha)
    moved(ground, request.repository, request.by, name, "")
    return Answer(201, _ref(ground, request.repository, name, sha))


@route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", "contents:write")
def update_ref(ground: Ground, request: Request) -> Answer:
    name, sha, git = f"refs/{request.parts['ref']}", request.text("sha"), request.repository.git
    before = git.ref(name)
    if not before:
        raise Refused(422, "Reference does not exist")
    if not request.json.get("force") and not git.contains(before, sha):
        raise Refused(422, "Update is not a fast forward")
    if name.removeprefix("refs/heads/") in request.repository.protected:
        raise Refused(422, "Cannot update this protected ref.")
    git.run("update-ref", name, sha)
    moved(ground, request.repository, request.by, name, before)
    return Answer(200, _ref(ground, request.repository, name, sha))


@route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", "contents:write")
def delete_ref(ground: Ground, request: Request) -> Answer:
    name, git = f"refs/{request.parts['ref']}", request.repository.git
    before = git.ref(name)
    if not before:
        raise Refused(422, "Reference does not exist")
    git.run("update-ref", "-d", name)
    moved(ground, request.repository, request.by, name, before)
    return Answer(204)


@route("GET", "/repos/{owner}/{repo}/contents/{path}", "contents:read")
def contents(ground: Ground, request: Request) -> Answer:
    """One file, whole; folders are listed with their files alone."""
    repository, path = request.repository, request.parts["path"].strip("/")
    wanted = request.query.get("ref", repository.default_branch)
    sha = repository.git.resolve(wanted)
    if not sha:
        raise Refused(404, f"No commit found for the ref {wanted}")
    files = repository.git.files(sha)
    if path in files:
        return Answer(200, _file(ground, repository, path, files[path], wanted))
    inside = [name for name in files if name.startswith(f"{path}/") and "/" not in name[len(path) + 1 :]]
    if not inside:
        raise not_found()
    listed = [_file(ground, repository, name, files[name], wanted) for name in inside]
    return Answer(
        200, [{name: value for name, value in one.items() if name not in ("content", "encoding")} for one in listed]
    )


def shaped(ground: Ground, repository: Repository, written: Written) -> Json:
    """A commit with the account of its author, found by its address."""
    who = next((person for person in ground.people.values() if person.email == written.email), None)
    return ground.shapes.commit(repository, written, who)


def _person(ground: Ground, login: str) -> Person | None:
    return next((one for one in ground.people.values() if one.login.lower() == login.lower()), None)


def _resolved(repository: Repository, name: str) -> str:
    """A branch, a commit, or `owner:branch` of a fork whose head is kept here. Raises Refused (404)."""
    sha = repository.git.resolve(name)
    owner, _, branch = name.partition(":")
    if not sha and branch:
        for issue in repository.issues.values():
            pull = issue.pull
            if pull and pull.head_branch == branch and pull.head and pull.head.owner.login == owner:
                sha = pull.head_sha
        sha = sha or (repository.git.resolve(branch) if owner == repository.owner.login else "")
    if not sha:
        raise not_found()
    return sha


def _ref(ground: Ground, repository: Repository, name: str, sha: str) -> Json:
    api = f"{ground.shapes.api_of(repository)}/git"
    target = {"sha": sha, "type": "commit", "url": f"{api}/commits/{sha}"}
    return {"ref": name, "node_id": node("REF", repository.id), "url": f"{api}/{name}", "object": target}


def _file(ground: Ground, repository: Repository, path: str, blob: str, ref: str) -> Json:
    try:
        content = repository.git.blob(blob)
    except subprocess.CalledProcessError as error:
        raise not_found() from error
    api = f"{ground.shapes.api_of(repository)}/contents/{path}?ref={ref}"
    html = f"{ground.shapes.html_of(repository)}/blob/{ref}/{path}"
    git = f"{ground.shapes.api_of(repository)}/git/blobs/{blob}"
    return {
        "type": "file",
        "encoding": "base64",
        "size": len(content),
        "name": path.rpartition("/")[2],
        "path": path,
        "content": base64.encodebytes(content).decode(),
        "sha": blob,
        "url": api,
        "git_url": git,
        "html_url": html,
        "download_url": html.replace("/blob/", "/raw/"),
        "_links": {"git": git, "self": api, "html": html},
    }
