"""A small scene in the GitHub world, a client that asks with one token, and an ear for its webhooks."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.worlds.github import GitHubWorld, Person
from tests.worlds.github.wire import Value

LINES = "".join(f"line {number}\n" for number in range(1, 61))
CHANGED = LINES.replace("line 30\n", "LINE 30\n").replace("line 50\n", "")


class Client:
    """Speaks REST to the world with one token."""

    def __init__(self, world: GitHubWorld, token: str = "") -> None:
        self.world = world
        self.token = token
        self.headers: dict[str, str] = {}

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, Value]:
        connection = HTTPConnection(self.world.url.removeprefix("http://"), timeout=30)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path if path.startswith("/api") else f"/api/v3{path}", text, headers)
            response = connection.getresponse()
            self.headers = {name.lower(): value for name, value in response.getheaders()}
            answer = response.read()
            return response.status, json.loads(answer) if answer else None
        finally:
            connection.close()

    def refused(self, method: str, path: str, body: object, status: int) -> str:
        """The message and errors of a refusal; the request may break GitHub's description, that is its point."""
        known = len(self.world.mismatches)
        answered, answer = self(method, path, body)
        del self.world.mismatches[known:]
        assert answered == status, answer
        return " ".join([answer["message"], *(str(one) for one in answer.get("errors", ()))])


class Story:
    """A world with one repository, a writer, and the app installed in it."""

    def __init__(self, world: GitHubWorld) -> None:
        self.world = world
        self.ada = world.person("ada")
        self.shop = world.repository("acme/shop", {"a.txt": LINES, "b.txt": "b\n"})
        self.shop.collaborator(self.ada, "write")
        self.installation = world.install(self.shop)

    def client(self, **narrowed: object) -> Client:
        app = Client(self.world, jwt(self.world))
        status, answer = app("POST", f"/app/installations/{self.installation.id}/access_tokens", narrowed)
        assert status == 201, answer
        return Client(self.world, answer["token"])


def jwt(world: GitHubWorld, *, lives: float = 300, algorithm: str = "RS256", key: RSAPrivateKey | None = None) -> str:
    now = world.now().timestamp()
    claims = {"iat": int(now) - 60, "exp": int(now + lives), "iss": world.app.client_id}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": algorithm}, claims)
    ]
    signer = key or load_pem_private_key(world.app.private_key_pem.encode(), None)
    assert isinstance(signer, RSAPrivateKey)
    signature = signer.sign(".".join(parts).encode(), PKCS1v15(), SHA256())
    return ".".join([*parts, base64.urlsafe_b64encode(signature).decode().rstrip("=")])


@contextmanager
def ear(
    answers: Callable[[int], int] = lambda number: 202,
) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A listener for webhooks; `answers` says the status for the n-th."""
    heard: list[tuple[dict[str, str], bytes]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((dict(self.headers.items()), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers(len(heard)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks/github", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def change(story: Story, by: Person | None = None) -> int:
    return story.shop.pull(by=by or story.ada, head_branch="change", files={"a.txt": CHANGED})


def own_change(story: Story) -> int:
    """A pull request of the bot's."""
    story.shop.commit("own", {"a.txt": CHANGED}, by=story.ada)
    order = {"title": "Mine", "head": "own", "base": "main", "body": "", "draft": True}
    status, answer = story.client()("POST", "/repos/acme/shop/pulls", order)
    assert status == 201, answer
    return int(answer["number"])
