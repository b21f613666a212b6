"""REST: check runs, which only apps may write, within GitHub's limits."""

from tests.worlds.github.acts_checks import rerequest, tell_check
from tests.worlds.github.ground import Ground
from tests.worlds.github.routes import Answer, Refused, Request, not_found, paged, route
from tests.worlds.github.state import Check
from tests.worlds.github.wire import Json

# GitHub REST documentation, "Create a check run".
_ANNOTATIONS = 50
_ACTIONS = 3
_TEXT = 65_535
_ACTION_LENGTHS = {"label": 20, "description": 40, "identifier": 20}


@route("POST", "/repos/{owner}/{repo}/check-runs", "checks:write")
def create_check(ground: Ground, request: Request) -> Answer:
    given = request.json
    _check(given)
    sha = str(given["head_sha"])
    if request.repository.git.resolve(sha) != sha:
        raise _invalid(f"No commit found for SHA: {sha}")
    assert request.caller.app is not None
    known = [one for one in request.repository.checks.values() if one.sha == sha and one.app is request.caller.app]
    made = Check(
        id=ground.next_id(),
        app=request.caller.app,
        suite=known[0].suite if known else ground.next_id(),
        name=str(given["name"]),
        sha=sha,
        status="queued",
        conclusion=None,
        started_at=ground.stamp(),
        completed_at=None,
    )
    request.repository.checks[made.id] = made
    _set(ground, made, given)
    ground.did(request.by, "check created", request.repository, sha, made.history[-1])
    tell_check(ground, request.repository, request.by, made, "created")
    if made.status == "completed":
        tell_check(ground, request.repository, request.by, made, "completed")
    return Answer(201, ground.shapes.check(request.repository, made))


@route("PATCH", "/repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:write")
def update_check(ground: Ground, request: Request) -> Answer:
    one, given = _one(request), request.json
    if one.app is not request.caller.app:
        raise Refused(403, "Invalid app_id - check run can only be modified by the GitHub App that created it.")
    _check(given)
    was = one.status
    _set(ground, one, given)
    ground.did(request.by, "check updated", request.repository, one.sha, one.history[-1])
    if one.status == "completed" and was != "completed":
        tell_check(ground, request.repository, request.by, one, "completed")
    return Answer(200, ground.shapes.check(request.repository, one))


@route("GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:read")
def check(ground: Ground, request: Request) -> Answer:
    return Answer(200, ground.shapes.check(request.repository, _one(request)))


@route("GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations", "checks:read")
def annotations(ground: Ground, request: Request) -> Answer:
    one = _one(request)
    blob = f"{ground.shapes.html_of(request.repository)}/blob/{one.sha}"
    nothing = {"start_column": None, "end_column": None, "title": None, "raw_details": None}
    return paged(
        ground, request, [{**nothing, "blob_href": f"{blob}/{mark['path']}", **mark} for mark in one.annotations]
    )


@route("POST", "/repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest", "checks:write")
def rerequest_check(ground: Ground, request: Request) -> Answer:
    rerequest(ground, request.repository, request.by, _one(request))
    return Answer(201, {})


@route("GET", "/repos/{owner}/{repo}/commits/{commit}/check-runs", "checks:read")
def checks(ground: Ground, request: Request) -> Answer:
    """Newest first; of one name only the newest, unless all are asked for."""
    sha = request.repository.git.resolve(request.parts["commit"])
    if not sha:
        raise Refused(422, f"No commit found for SHA: {request.parts['commit']}")
    query = request.query
    found = [
        one
        for one in reversed(request.repository.checks.values())
        if one.sha == sha
        and query.get("check_name", one.name) == one.name
        and query.get("status", one.status) == one.status
        and query.get("app_id", str(one.app.id)) == str(one.app.id)
    ]
    if query.get("filter", "latest") == "latest":
        newest: dict[tuple[str, int], Check] = {}
        for one in found:
            newest.setdefault((one.name, one.app.id), one)
        found = list(newest.values())
    shapes = [ground.shapes.check(request.repository, one) for one in found]
    return paged(ground, request, shapes, lambda page: {"total_count": len(found), "check_runs": page})


def _one(request: Request) -> Check:
    found = request.repository.checks.get(request.number("check_run_id"))
    if found is None:
        raise not_found()
    return found


def _set(ground: Ground, one: Check, given: Json) -> None:
    one.name = str(given.get("name", one.name))
    one.external_id = str(given.get("external_id", one.external_id))
    one.details_url = str(given.get("details_url", one.details_url))
    one.started_at = str(given.get("started_at", one.started_at))
    one.actions = list(given.get("actions", one.actions))
    if given.get("conclusion"):
        one.status, one.conclusion = "completed", str(given["conclusion"])
        one.completed_at = str(given.get("completed_at") or ground.stamp())
    elif given.get("status"):
        one.status, one.conclusion, one.completed_at = str(given["status"]), None, None
    output = given.get("output") or {}
    one.title = output.get("title", one.title)
    one.summary = output.get("summary", one.summary)
    one.text = output.get("text", one.text)
    one.annotations += output.get("annotations", ())
    one.images = output.get("images", one.images)
    one.history.append(one.conclusion or one.status)


def _check(given: Json) -> None:
    """Hold a check against GitHub's limits. Raises Refused (422)."""
    if given.get("status") == "completed" and not given.get("conclusion"):
        raise _invalid("If status is completed, conclusion must be given")
    output = given.get("output") or {}
    if output and "summary" not in output:
        raise _invalid('"summary" wasn\'t supplied.')
    if len(output.get("annotations", ())) > _ANNOTATIONS:
        raise _invalid("No more than 50 items are allowed.")
    for name in ("summary", "text"):
        if len(output.get(name) or "") > _TEXT:
            raise _invalid(f"Only {_TEXT} characters are allowed for {name}.")
    actions = given.get("actions") or ()
    if len(actions) > _ACTIONS:
        raise _invalid(f"No more than {_ACTIONS} items are allowed.")
    for action in actions:
        for name, most in _ACTION_LENGTHS.items():
            if not 0 < len(str(action.get(name, ""))) <= most:
                raise _invalid(f"{name} must be between 1 and {most} characters.")


def _invalid(message: str) -> Refused:
    return Refused(422, f"Invalid request.\n\n{message}")
