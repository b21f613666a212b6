"""Web pages: the manifest flow as a person clicks through it, and the page on which an app is installed."""

import html
import json
import re
import secrets
import urllib.parse

from tests.worlds.github.ground import Ground
from tests.worlds.github.routes import Answer, Request, not_found

_NEW = re.compile(r"/(?:organizations/(?P<org>[^/]+)/)?settings/apps/new")
_MADE = re.compile(r"/settings/apps/manifest/(?P<code>[^/]+)")
_INSTALL = re.compile(r"/apps/(?P<slug>[^/]+)/installations/new")
_HOUR = 3600


def answer(ground: Ground, request: Request) -> Answer:
    """A page, a redirect, or 404."""
    if found := _NEW.fullmatch(request.path):
        return _confirm(ground, request, found["org"] or "")
    if found := _MADE.fullmatch(request.path):
        return _back(ground, found["code"])
    if found := _INSTALL.fullmatch(request.path):
        known = [app for app in ground.apps if app.slug == found["slug"]]
        if known:
            return _page(f"Install {known[0].name}", "<p>Choose the repositories.</p>")
    raise not_found()


def _confirm(ground: Ground, request: Request, organization: str) -> Answer:
    """The page that shows the manifest's name with a button; GitHub checks the manifest before it does."""
    form = dict(urllib.parse.parse_qsl(request.body.decode()))
    try:
        manifest = json.loads(form.get("manifest", ""))
    except ValueError:
        return _page("Error", "<p>Invalid GitHub App configuration: the manifest is no JSON.</p>", 422)
    hook = manifest.get("hook_attributes", {})
    missing = [name for name in ("url", "redirect_url") if not manifest.get(name)] + (
        [] if hook.get("url") else ["hook url"]
    )
    if missing:
        words = html.escape(", ".join(missing))
        return _page("Error", f"<p>Invalid GitHub App configuration: {words} is missing.</p>", 422)
    code = secrets.token_hex(20)
    name = str(manifest.get("name") or "an app")
    owner = ground.person(organization, "Organization") if organization else ground.person("operator")
    ground.codes[code] = {
        "name": name,
        "slug": re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"),
        "owner": owner,
        "hook_url": hook["url"],
        "permissions": dict(manifest.get("default_permissions", {})),
        "events": list(manifest.get("default_events", ())),
        "public": manifest.get("public", False),
        "redirect": manifest["redirect_url"],
        "state": request.query.get("state", form.get("state", "")),
        "until": ground.now().timestamp() + _HOUR,
    }
    button = "<button type=submit>Create GitHub App</button>"
    field = f'<input name=name value="{html.escape(name, quote=True)}">'
    return _page(
        "Create GitHub App", f"<form method=get action=/settings/apps/manifest/{code}>{field}{button}</form>"
    )


def _back(ground: Ground, code: str) -> Answer:
    made = ground.codes.get(code)
    if made is None:
        raise not_found()
    query = {"code": code} | ({"state": made["state"]} if made["state"] else {})
    joint = "&" if "?" in made["redirect"] else "?"
    return Answer(302, headers={"Location": made["redirect"] + joint + urllib.parse.urlencode(query)}, raw=b"")


def _page(title: str, body: str, status: int = 200) -> Answer:
    whole = f"<!doctype html><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>{body}"
    return Answer(status, raw=whole.encode(), kind="text/html; charset=utf-8")
