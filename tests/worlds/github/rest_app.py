"""REST: the app itself, its installations and tokens, its webhook's deliveries, and the end of the manifest flow."""

import secrets

from tests.worlds.github.access import mint
from tests.worlds.github.ground import Ground
from tests.worlds.github.hooks import Attempt
from tests.worlds.github.routes import Answer, Caller, Refused, Request, not_found, paged, route
from tests.worlds.github.state import App, Installation
from tests.worlds.github.wire import Json

_LEVELS = ("read", "write", "admin")
_REDELIVERABLE = 3 * 86400  # seconds


@route("GET", "/app", auth="jwt")
def app(ground: Ground, request: Request) -> Answer:
    shape = ground.shapes.app(_app(request))
    return Answer(
        200, shape | {"client_id": _app(request).client_id, "installations_count": len(_app(request).installations)}
    )


@route("GET", "/apps/{app_slug}", auth="any")
def app_by_slug(ground: Ground, request: Request) -> Answer:
    for one in ground.apps:
        if one.slug == request.parts["app_slug"]:
            return Answer(200, ground.shapes.app(one))
    raise not_found()


@route("GET", "/app/installations", auth="jwt")
def installations(ground: Ground, request: Request) -> Answer:
    known = _app(request).installations.values()
    return paged(ground, request, [ground.shapes.installation(_app(request), one) for one in known])


@route("GET", "/app/installations/{installation_id}", auth="jwt")
def installation(ground: Ground, request: Request) -> Answer:
    return Answer(200, ground.shapes.installation(_app(request), _installation(request)))


@route("POST", "/app/installations/{installation_id}/access_tokens", auth="jwt")
def access_token(ground: Ground, request: Request) -> Answer:
    """A token, narrowed to repositories and permissions that the installation has."""
    given = _installation(request)
    if given.suspended_at:
        raise Refused(403, "This installation has been suspended")
    wanted: Json = request.json if isinstance(request.json, dict) else {}
    ids = _narrowed_repositories(ground, given, wanted)
    permissions = _narrowed_permissions(given, wanted.get("permissions"))
    token = mint(ground, given, _app(request), permissions, ids)
    shape: Json = {
        "token": token.text,
        "expires_at": _time(ground, token.expires),
        "permissions": permissions,
        "repository_selection": "selected",
    }
    if "repository_ids" in wanted or "repositories" in wanted:
        shape["repositories"] = [ground.shapes.repository(ground.repositories[number]) for number in sorted(ids)]
    return Answer(201, shape)


@route("GET", "/installation/repositories")
def installation_repositories(ground: Ground, request: Request) -> Answer:
    known = [one for one in ground.repositories.values() if request.caller.holds(one)]
    shapes = [ground.shapes.repository(one) for one in known]
    return paged(ground, request, shapes, lambda page: {"total_count": len(known), "repositories": page})


@route("DELETE", "/installation/token")
def revoke(ground: Ground, request: Request) -> Answer:
    assert request.caller.token is not None
    del ground.tokens[request.caller.token.text]
    return Answer(204)


@route("GET", "/repos/{owner}/{repo}/installation", auth="jwt")
def repository_installation(ground: Ground, request: Request) -> Answer:
    found = ground.installation_of(_app(request), request.repository)
    if found is None:
        raise not_found()
    return Answer(200, ground.shapes.installation(_app(request), found))


@route("GET", "/app/hook/config", auth="jwt")
def hook_config(ground: Ground, request: Request) -> Answer:
    return Answer(200, _config(_app(request)))


@route("PATCH", "/app/hook/config", auth="jwt")
def set_hook_config(ground: Ground, request: Request) -> Answer:
    one = _app(request)
    one.hook_url = request.text("url", one.hook_url)
    one.webhook_secret = request.text("secret", one.webhook_secret)
    return Answer(200, _config(one))


@route("GET", "/app/hook/deliveries", auth="jwt")
def deliveries(ground: Ground, request: Request) -> Answer:
    """Newest first; a cursor names the try that the next page begins with."""
    tries = [one for one in reversed(ground.outbox.attempts) if one.app is _app(request)]
    wanted = request.query.get("status", "")
    if wanted == "failure":
        tries = [one for one in tries if 400 <= one.status_code < 600]
    if wanted == "success":
        tries = [one for one in tries if one.ok]
    cursor = request.query.get("cursor", "")
    if cursor:
        tries = [one for one in tries if f"v1_{one.id}" == cursor or one.id <= int(cursor.removeprefix("v1_") or 0)]
    size = max(1, min(int(request.query.get("per_page", "30")), 100))
    page, rest = tries[:size], tries[size:]
    link = f'<{ground.url}/api/v3{request.path}?per_page={size}&cursor=v1_{rest[0].id}>; rel="next"' if rest else ""
    return Answer(200, [_item(one) for one in page], {"Link": link} if link else {})


@route("GET", "/app/hook/deliveries/{delivery_id}", auth="jwt")
def delivery(ground: Ground, request: Request) -> Answer:
    one = _attempt(ground, request)
    whole: Json = {"headers": one.headers(), "payload": one.payload}
    answered: Json = {"headers": {}, "payload": one.answer}
    return Answer(200, {**_item(one), "url": one.app.hook_url, "request": whole, "response": answered})


@route("POST", "/app/hook/deliveries/{delivery_id}/attempts", auth="jwt")
def redeliver(ground: Ground, request: Request) -> Answer:
    one = _attempt(ground, request)
    ground.outbox.again(one, ground.stamp())
    return Answer(202, {})


@route("POST", "/app-manifests/{code}/conversions", auth="any")
def convert(ground: Ground, request: Request) -> Answer:
    """The end of the manifest flow: a code, once and within the hour, becomes an app."""
    manifest = ground.codes.pop(request.parts["code"], None)
    if manifest is None or manifest["until"] <= ground.now().timestamp():
        raise not_found()
    made = ground.register(manifest["slug"], owner=manifest["owner"], hook_url=manifest["hook_url"])
    made.name = manifest["name"]
    made.permissions = {"metadata": "read", **manifest["permissions"]}
    made.events = list(manifest["events"])
    made.webhook_secret = secrets.token_hex(20)
    secret = {name: getattr(made, name) for name in ("client_id", "client_secret", "webhook_secret")}
    return Answer(201, {**ground.shapes.app(made), **secret, "pem": made.private_key_pem})


def _app(request: Request) -> App:
    caller: Caller = request.caller
    assert caller.app is not None
    return caller.app


def _installation(request: Request) -> Installation:
    found = _app(request).installations.get(request.number("installation_id"))
    if found is None:
        raise not_found()
    return found


def _narrowed_repositories(ground: Ground, given: Installation, wanted: Json) -> frozenset[int]:
    ids = set(given.repositories)
    if "repository_ids" in wanted:
        ids = set(wanted["repository_ids"])
    if "repositories" in wanted:
        names = set(wanted["repositories"])
        ids = {one.id for one in ground.repositories.values() if one.name in names and one.id in given.repositories}
        if len(ids) < len(names):
            ids.add(0)
    if not ids <= given.repositories:
        raise Refused(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    return frozenset(ids)


def _narrowed_permissions(given: Installation, wanted: object) -> dict[str, str]:
    """An empty object narrows nothing: PyGithub sends one whenever nobody names permissions, and is given all."""
    if not isinstance(wanted, dict) or not wanted:
        return dict(given.permissions)
    for name, level in wanted.items():
        had = given.permissions.get(name)
        if had is None or _LEVELS.index(level) > _LEVELS.index(had):
            raise Refused(422, "The permissions requested are not granted to this installation.")
    return {"metadata": "read", **wanted}


def _time(ground: Ground, seconds: float) -> str:
    moment = ground.now()
    return moment.fromtimestamp(seconds, moment.tzinfo).strftime("%Y-%m-%dT%H:%M:%SZ")


def _config(one: App) -> Json:
    return {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": one.hook_url}


def _attempt(ground: Ground, request: Request) -> Attempt:
    number = request.number("delivery_id")
    for one in ground.outbox.attempts:
        if one.id == number and one.app is _app(request):
            age = ground.now() - ground.now().fromisoformat(one.delivered_at)
            if request.method == "POST" and age.total_seconds() > _REDELIVERABLE:
                break
            return one
    raise not_found()


def _item(one: Attempt) -> Json:
    return {
        "id": one.id,
        "guid": one.guid,
        "delivered_at": one.delivered_at,
        "redelivery": one.redelivery,
        "duration": one.duration,
        "status": one.status,
        "status_code": one.status_code,
        "event": one.event,
        "action": one.action,
        "installation_id": one.installation,
        "repository_id": one.repository,
        "throttled_at": None,
    }
