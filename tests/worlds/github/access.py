"""Who is asking: app JWTs verified for real, installation tokens narrowed, and what each of them may see."""

import base64
import json
import math
import secrets
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.worlds.github.ground import Ground
from tests.worlds.github.routes import Caller, Refused, Request, Route, not_found
from tests.worlds.github.state import App, Installation, Repository, Token
from tests.worlds.github.wire import Json

LONGEST = 600  # seconds from now until a JWT's `exp`, at most
LIFETIME = 3600  # seconds that an installation token lives

_UNDECODABLE = "A JSON web token could not be decoded"
_EXPIRED = (
    "'Expiration time' claim ('exp') must be a numeric value representing the future time"
    " at which the assertion expires"
)
_TOO_FAR = "'Expiration time' claim ('exp') is too far in the future"
_ISSUED = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"


def caller_of(ground: Ground, authorization: str) -> Caller:
    """Who a request's header says is asking. Raises Refused (401) when it says something wrong."""
    if not authorization:
        return Caller("none")
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "basic":
        rest = base64.b64decode(rest).decode("utf-8", "replace").partition(":")[2]
    if rest.startswith("ghs_"):
        return _installation(ground, rest)
    if rest.count(".") == 2:
        return Caller("jwt", app=_app_of(ground, rest))
    raise Refused(401, "Bad credentials")


def mint(
    ground: Ground, installation: Installation, app: App, permissions: dict[str, str], ids: frozenset[int]
) -> Token:
    """A new installation token, in the stateless form that is much longer than 40 characters."""
    parts = (secrets.token_urlsafe(length) for length in (27, 150, 64))
    token = Token(
        text=f"ghs_{app.id}_{'.'.join(parts)}",
        installation=installation.id,
        permissions=permissions,
        repositories=ids,
        expires=ground.now().timestamp() + LIFETIME,
    )
    ground.tokens[token.text] = token
    return token


def admit(ground: Ground, request: Request, route: Route) -> None:
    """Hold a request against its route: credentials, what they can see, what they may do. Raises Refused."""
    if route.auth == "jwt":
        if request.caller.kind != "jwt":
            raise Refused(401, _UNDECODABLE)
    elif route.auth == "installation" and request.caller.kind != "installation":
        if request.caller.kind == "jwt":
            raise Refused(403, "Resource not accessible by integration")
        raise Refused(401, "Requires authentication")
    if "repo" in request.parts:
        name = f"{request.parts['owner']}/{request.parts['repo']}"
        request.found = seen(request.caller, ground.found(name), jwt=route.auth == "jwt")
        _moved(ground, request, name)
        if route.writes and request.found.archived:
            raise Refused(403, "Repository was archived so is read-only.")
    if route.needs:
        outside = request.found is not None and not request.caller.holds(request.found)
        if outside and (route.writes or request.repository.private):
            raise Refused(403, "Resource not accessible by integration")
        if not outside:
            request.require(route.needs)


def seen(caller: Caller, repository: Repository | None, *, jwt: bool = False) -> Repository:
    """The repository, when the caller can see that it is there. Raises Refused (404) otherwise."""
    if repository is None:
        raise not_found()
    if jwt or caller.holds(repository) or not repository.private:
        return repository
    raise not_found()


def _moved(ground: Ground, request: Request, name: str) -> None:
    repository = request.repository
    if repository.full_name.lower() == name.lower():
        return
    rest = request.path.split("/", 4)[4:]
    address = "/".join([f"{ground.url}/api/v3/repositories/{repository.id}", *rest])
    status = 301 if request.method in ("GET", "HEAD") else 307
    message = "Moved Permanently" if status == 301 else "Temporary Redirect"
    raise Refused(status, message, headers={"Location": address})


def _installation(ground: Ground, text: str) -> Caller:
    token = ground.tokens.get(text)
    if token is None or token.expires <= ground.now().timestamp():
        raise Refused(401, "Bad credentials")
    for app in ground.apps:
        installation = app.installations.get(token.installation)
        if installation is not None:
            if installation.suspended_at:
                raise Refused(403, "This installation has been suspended")
            return Caller("installation", app=app, installation=installation, token=token)
    raise Refused(401, "Bad credentials")


def _app_of(ground: Ground, text: str) -> App:
    header, claims, signature = (_decoded(part) for part in text.split("."))
    issuer = str(_object(claims).get("iss", ""))
    app = next((app for app in ground.apps if issuer in (str(app.id), app.client_id)), None)
    if app is None:
        raise Refused(404, "Integration not found")
    try:
        _public(app.private_key_pem).verify(signature, text.rpartition(".")[0].encode(), PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise Refused(401, _UNDECODABLE) from error
    if _object(header).get("alg") != "RS256":
        raise Refused(401, _UNDECODABLE)
    _check_times(_object(claims), ground.now().timestamp())
    return app


@cache
def _public(pem: str) -> RSAPublicKey:
    """Reading a private key takes longer than everything else of a request."""
    key = load_pem_private_key(pem.encode(), None).public_key()
    assert isinstance(key, RSAPublicKey)
    return key


def _check_times(claims: Json, now: float) -> None:
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int | float) or expires <= now:
        raise Refused(401, _EXPIRED)
    # A JWT of exactly ten minutes is good in the second in which it was made.
    if expires > math.ceil(now) + LONGEST:
        raise Refused(401, _TOO_FAR)
    if not isinstance(issued, int) or issued > now + 60:
        raise Refused(401, _ISSUED)


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise Refused(401, _UNDECODABLE) from error


def _object(part: bytes) -> Json:
    try:
        value = json.loads(part)
    except ValueError as error:
        raise Refused(401, _UNDECODABLE) from error
    if not isinstance(value, dict):
        raise Refused(401, _UNDECODABLE)
    return value
