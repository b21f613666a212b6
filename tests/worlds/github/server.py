"""The HTTP server of the GitHub world: reads a request, lets faults strike, asks the right part, answers."""

import gzip
import json
import socket
import threading
import urllib.parse
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.worlds.github import (
    git_http,
    graphql,
    pages,
    rest_app,
    rest_checks,
    rest_issues,
    rest_pulls,
    rest_repositories,
    rest_reviews,
)
from tests.worlds.github.access import admit, caller_of, seen
from tests.worlds.github.faults import Fault, Faults
from tests.worlds.github.ground import Ground
from tests.worlds.github.routes import Answer, Caller, Refused, Request, matched
from tests.worlds.github.schemas import answer_problems, request_problems
from tests.worlds.github.state import Call
from tests.worlds.github.wire import Value

# Importing a module enters its routes into the table.
REST = (rest_app, rest_repositories, rest_issues, rest_pulls, rest_reviews, rest_checks)
_LIMIT = 5000


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    front: "Server"


class Server:
    """The server in threads of this process."""

    def __init__(self, ground: Ground, faults: Faults) -> None:
        self._ground = ground
        self._faults = faults
        self._http = _Http(("127.0.0.1", 0), _Connection)
        self._http.front = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="github", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, request: Request) -> Answer | None:
        """The answer, with the faults of the moment; None when the connection is to be cut."""
        number = self._note(request)
        striking = self._faults.striking(number, request.method, request.path)
        for fault in striking:
            if fault.kind == "stall":
                self._faults.wait(fault.seconds)
            elif fault.kind == "before" and fault.act is not None:
                fault.act()
        failing = next((fault for fault in striking if fault.kind == "fail"), None)
        answer = _failed(failing) if failing else self._asked(request)
        with self._ground.lock:
            self._ground.calls[number - 1] = replace(self._ground.calls[number - 1], status=answer.status)
        for fault in striking:
            if fault.kind == "after" and fault.act is not None:
                fault.act()
        if any(fault.kind == "lose" for fault in striking):
            return None
        return replace(answer, headers={**self._limits(number), **answer.headers})

    def _note(self, request: Request) -> int:
        """Keep the request, with what its credentials are worth."""
        ground = self._ground
        with ground.lock:
            try:
                caller = caller_of(ground, request.headers.get("authorization", ""))
                kind: str = caller.kind
            except Refused:
                caller, kind = Caller("none"), "wrong"
            number = len(ground.calls) + 1
            token = caller.token
            call = Call(
                number=number,
                method=request.method,
                path=request.path,
                query=request.query,
                token=kind,
                permissions=dict(token.permissions) if token else {},
                repositories=token.repositories if token else frozenset(),
                body=request.json,
            )
            ground.calls.append(call)
            return number

    def _asked(self, request: Request) -> Answer:
        try:
            if ".git/" in request.path:
                return git_http.answer(self._ground, request)
            with self._ground.lock:
                if request.path == "/graphql":
                    request.caller = caller_of(self._ground, request.headers.get("authorization", ""))
                    return graphql.answer(self._ground, request)
                if request.headers.get("x-world-part") == "web":
                    return pages.answer(self._ground, request)
                return self._rest(request)
        except Refused as refusal:
            return Answer(refusal.status, refusal.body(), refusal.headers)

    def _rest(self, request: Request) -> Answer:
        ground = self._ground
        self._by_id(request)
        found = matched(request.method, request.path)
        if found is None:
            raise Refused(404, "Not Found")
        route, request.parts = found
        request.caller = caller_of(ground, request.headers.get("authorization", ""))
        try:
            admit(ground, request, route)
            if route.writes:
                ground.mismatches += request_problems(route.method, route.template, request.json)
            answer = route.function(ground, request)
        except Refused as refusal:
            answer = Answer(refusal.status, refusal.body(), refusal.headers)
        if answer.raw is None and route.described:
            ground.mismatches += answer_problems(route.method, route.template, answer.status, answer.json)
        return answer

    def _by_id(self, request: Request) -> None:
        """`/repositories/{id}/...` is where renamed repositories lead to."""
        head, _, rest = request.path.removeprefix("/repositories/").partition("/")
        if not request.path.startswith("/repositories/") or not head.isdigit() or not rest:
            return
        caller = caller_of(self._ground, request.headers.get("authorization", ""))
        repository = seen(caller, self._ground.repositories.get(int(head)))
        request.path = f"/repos/{repository.full_name}/{rest}"

    def _limits(self, number: int) -> Mapping[str, str]:
        reset = int(self._ground.now().timestamp()) // 3600 * 3600 + 3600
        return {
            "X-RateLimit-Limit": str(_LIMIT),
            "X-RateLimit-Remaining": str(max(0, _LIMIT - number)),
            "X-RateLimit-Used": str(number),
            "X-RateLimit-Reset": str(reset),
            "X-RateLimit-Resource": "core",
            "X-GitHub-Request-Id": f"0000:{number:04X}",
        }


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing; what was asked is in `world.calls`."""

    def _serve(self) -> None:
        try:
            answer = self.server.front.answer(self._request())
            if answer is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self._write(answer)
        except OSError:
            self.close_connection = True

    def _request(self) -> Request:
        target = urllib.parse.urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._body(headers)
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        path = target.path
        if path.startswith("/api/v3"):
            path = path.removeprefix("/api/v3") or "/"
        elif path == "/api/graphql":
            path = "/graphql"
        else:
            headers["x-world-part"] = "web"
        query = dict(urllib.parse.parse_qsl(target.query, keep_blank_values=True))
        return Request(self.command, path, query, headers, body, json=_parsed(body))

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length", "0")))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _write(self, answer: Answer) -> None:
        body = (
            answer.raw if answer.raw is not None else b"" if answer.json is None else json.dumps(answer.json).encode()
        )
        reason = HTTPStatus(answer.status).phrase
        headers = {"Content-Type": answer.kind, "Content-Length": str(len(body)), **answer.headers}
        if answer.status == 204:
            del headers["Content-Length"], headers["Content-Type"]
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {answer.status} {reason}\r\n{lines}\r\n".encode("latin-1")
        self.wfile.write(head + (b"" if self.command == "HEAD" else body))


def _failed(fault: Fault) -> Answer:
    message = fault.message or HTTPStatus(fault.status).phrase
    refusal = Refused(fault.status, message)
    return Answer(fault.status, refusal.body(), fault.headers)


def _parsed(body: bytes) -> Value:
    try:
        return json.loads(body)
    except ValueError:
        return None
