"""Git over HTTP through git's own `http-backend`, behind installation tokens, with the effects of a push."""

import re
import subprocess

from tests.worlds.github.access import caller_of
from tests.worlds.github.acts_pulls import moved
from tests.worlds.github.git import environment
from tests.worlds.github.ground import Ground
from tests.worlds.github.routes import Answer, Refused, Request
from tests.worlds.github.state import Repository

_PATH = re.compile(r"/(?P<name>[^/]+/[^/]+)\.git/(?P<rest>info/refs|git-upload-pack|git-receive-pack)")
_PROTECTED = b"protected branch hook declined"


def answer(ground: Ground, request: Request) -> Answer:
    """One request of git's smart protocol. Never raises Refused; git reads plain text."""
    found = _PATH.fullmatch(request.path)
    if found is None:
        return _plain(404, "Not Found")
    pushing = "git-receive-pack" in (found["rest"], request.query.get("service"))
    with ground.lock:
        try:
            request.caller = caller_of(ground, request.headers.get("authorization", ""))
        except Refused:
            return _denied("Invalid username or token. Password authentication is not supported for Git operations.")
        repository = ground.found(found["name"])
        refusal = _refusal(request, repository, pushing)
        if refusal is not None or repository is None:
            return refusal or _plain(404, "Repository not found.")
        if repository.full_name.lower() != found["name"].lower() and request.method == "GET":
            query = f"?service={request.query.get('service', '')}"
            address = f"{ground.url}/{repository.full_name}.git/{found['rest']}{query}"
            return Answer(301, headers={"Location": address}, raw=b"")
        if found["rest"] == "git-receive-pack":
            return _push(ground, request, repository)
    return _backend(request, repository, found["rest"], pushing=pushing)


def _refusal(request: Request, repository: Repository | None, pushing: bool) -> Answer | None:
    caller = request.caller
    if repository is None or (repository.private and not caller.holds(repository)):
        if caller.kind == "none":
            return _denied("Authentication required")
        return _plain(404, "Repository not found.")
    if pushing and caller.kind == "none":
        return _denied("Authentication required")
    if pushing and repository.archived:
        return _plain(403, "This repository was archived so it is read-only.")
    if pushing and not (caller.holds(repository) and caller.may("contents:write")):
        return _plain(403, "Write access to repository not granted.")
    if repository.private and not caller.may("contents:read"):
        return _plain(403, "Resource not accessible by integration")
    return None


def _push(ground: Ground, request: Request, repository: Repository) -> Answer:
    refs = _refs_of(request.body)
    before = repository.git.refs()
    answered = _backend(request, repository, "git-receive-pack", pushing=True)
    for ref in refs:
        moved(ground, repository, request.by, ref, before.get(ref, ""))
    return Answer(answered.status, headers=answered.headers, raw=_reworded(answered.raw or b""), kind=answered.kind)


def _backend(request: Request, repository: Repository, rest: str, *, pushing: bool) -> Answer:
    path = repository.git.path
    workflows = "yes" if request.caller.may("workflows:write") else "no"
    extra = {
        "GIT_PROJECT_ROOT": str(path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{path.name}/{rest}",
        "QUERY_STRING": f"service={request.query['service']}" if "service" in request.query else "",
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "WORLD_WORKFLOWS": workflows,
        "WORLD_PROTECTED": " ".join(f"refs/heads/{name}" for name in sorted(repository.protected)),
        **({"REMOTE_USER": request.by.login} if pushing else {}),
    }
    done = subprocess.run(
        ["git", "http-backend"], input=request.body, env=environment(extra), check=False, capture_output=True
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200 OK").split()[0])
    kind = headers.pop("Content-Type", "text/plain")
    return Answer(status, headers=headers, raw=body, kind=kind)


def _packets(body: bytes) -> list[bytes | None]:
    """The packets of git's protocol; None is a flush."""
    found: list[bytes | None] = []
    place = 0
    while place + 4 <= len(body):
        if body[place : place + 4] == b"PACK":
            break
        size = int(body[place : place + 4], 16)
        found.append(body[place + 4 : place + size] if size >= 4 else None)
        place += max(size, 4)
    return found


def _packed(packet: bytes | None) -> bytes:
    return b"0000" if packet is None else b"%04x" % (len(packet) + 4) + packet


def _refs_of(body: bytes) -> list[str]:
    """The refs that a push wants to move."""
    refs = []
    for packet in _packets(body):
        if packet is None:
            break
        if packet.startswith(b"shallow "):
            continue  # a push from a shallow clone says first where its history ends
        refs.append(packet.split(b"\0")[0].split(b" ", 2)[2].decode().rstrip("\n"))
    return refs


def _reworded(body: bytes) -> bytes:
    """Give each refusal of the hook its reason, as GitHub does, instead of git's own "hook declined"."""
    if b"hook declined" not in body:
        return body
    packets = _packets(body)
    told = b"".join(packet[1:] for packet in packets if packet and packet[:1] == b"\x02")
    refusing = re.search(rb"refusing to allow .* permission", told)
    words = refusing.group() if refusing else _PROTECTED
    report = b"".join(packet[1:] for packet in packets if packet and packet[:1] == b"\x01")
    lines = [packet and packet.replace(b"hook declined", words) for packet in _packets(report)]
    others = [packet for packet in packets if packet and packet[:1] == b"\x02"]
    return b"".join(map(_packed, [*others, b"\x01" + b"".join(map(_packed, lines)), None]))


def _plain(status: int, text: str) -> Answer:
    return Answer(status, raw=text.encode(), kind="text/plain; charset=utf-8")


def _denied(text: str) -> Answer:
    challenge = {"WWW-Authenticate": 'Basic realm="GitHub"'}
    return Answer(401, headers=challenge, raw=text.encode(), kind="text/plain; charset=utf-8")
