"""Git over HTTP on 127.0.0.1: git's own http-backend behind a small server that can refuse, redirect and stall."""

import base64
import contextlib
import hmac
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

_PIECE = 1 << 16
_ENDINGS = ("/info/refs", "/git-upload-pack", "/git-receive-pack")
# As forges serve it: any id that can be reached from a ref may be asked for, partial clones are allowed.
_SETTINGS = {
    "uploadpack.allowReachableSHA1InWant": "true",
    "uploadpack.allowTipSHA1InWant": "true",
    "uploadpack.allowFilter": "true",
    "http.receivepack": "true",
    "safe.directory": "*",
    "core.sharedRepository": "false",
}


def token_of(authorization: str) -> str:
    """The password of a basic authorization header, which is where a token stands; empty when there is none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    with contextlib.suppress(ValueError):
        return base64.b64decode(encoded).decode("utf-8", "replace").partition(":")[2]
    return ""


class GitHttp:
    """Runs `git http-backend` for the bare repositories below `root`, for any handler of `http.server`.

    `/owner/name/info/refs` and `/owner/name.git/info/refs` are the folder `root/owner/name.git`. Who may read or
    write is for the caller to say before; hooks of the repositories run, so they can play the rules of a forge.
    `sent_bytes` and `received_bytes` count the bodies.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sent_bytes = 0
        self.received_bytes = 0
        self._git = shutil.which("git") or "git"

    @staticmethod
    def wants(path: str) -> bool:
        """Whether a request's path is one of git's three."""
        return urlsplit(path).path.endswith(_ENDINGS)

    @staticmethod
    def is_write(path: str) -> bool:
        """Whether a request's path belongs to a push."""
        return "git-receive-pack" in path

    @staticmethod
    def name_of(path: str) -> str:
        """The `owner/name` that a request's path asks for."""
        plain = unquote(urlsplit(path).path)
        for ending in _ENDINGS:
            plain = plain.removesuffix(ending)
        return plain.strip("/").removesuffix(".git")

    def folder(self, path: str) -> Path:
        """The bare repository that a request's path asks for, existing or not."""
        return self.root / f"{self.name_of(path)}.git"

    def answer(self, request: BaseHTTPRequestHandler, *, keep_answer: bool = True) -> int:
        """Do what the request says and answer it; the status. Without `keep_answer` the answer is lost."""
        if ".." in request.path or not self.folder(request.path).is_dir():
            request.send_error(404)
            return 404
        process = subprocess.Popen(
            [self._git, "http-backend"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment(request),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with contextlib.suppress(BrokenPipeError), process.stdin:
                for piece in _body(request):
                    self.received_bytes += len(piece)
                    process.stdin.write(piece)
            return self._pass_on(request, process.stdout, keep_answer=keep_answer)
        finally:
            process.stdout.close()
            process.wait()

    def _environment(self, request: BaseHTTPRequestHandler) -> dict[str, str]:
        split = urlsplit(request.path)
        ending = next(ending for ending in _ENDINGS if split.path.endswith(ending))
        given = {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_COUNT": str(len(_SETTINGS)),
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8",
            "PATH_INFO": f"/{self.name_of(request.path)}.git{ending}",
            "QUERY_STRING": split.query,
            "REQUEST_METHOD": request.command,
            "REMOTE_USER": "somebody",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }
        for place, (key, value) in enumerate(_SETTINGS.items()):
            given |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
        if length := request.headers.get("Content-Length"):
            given["CONTENT_LENGTH"] = length
        return given

    def _pass_on(self, request: BaseHTTPRequestHandler, out: IO[bytes], *, keep_answer: bool) -> int:
        head = b"".join(iter(lambda: out.readline().replace(b"\r\n", b"\n"), b"\n"))
        headers = BytesHeaderParser().parsebytes(head)
        status = int(headers.get("Status", "200").split()[0])
        if not keep_answer:
            while out.read(_PIECE):
                continue
            hang_up(request)
            return status
        request.send_response(status)
        for key, value in headers.items():
            if key != "Status":
                request.send_header(key, value)
        request.send_header("Connection", "close")
        request.end_headers()
        request.close_connection = True
        with contextlib.suppress(ConnectionError):
            while piece := out.read(_PIECE):
                self.sent_bytes += len(piece)
                request.wfile.write(piece)
        return status


def hang_up(request: BaseHTTPRequestHandler) -> None:
    """End the connection without an answer."""
    request.close_connection = True
    with contextlib.suppress(OSError):
        request.connection.shutdown(socket.SHUT_RDWR)


def _body(request: BaseHTTPRequestHandler) -> Iterator[bytes]:
    """The body of a request, which git sends in chunks when it is long."""
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        left = int(request.headers.get("Content-Length") or 0)
        while left and (piece := request.rfile.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece
        return
    while size := int(request.rfile.readline().partition(b";")[0], 16):
        yield request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came: its method and path, and the token that it carried."""

    method: str
    path: str
    token: str


Trouble = Callable[[BaseHTTPRequestHandler], bool]
"""Looks at a request first; True when it has dealt with it."""


def failing(status: int, *, text: str = "", when: str = "", headers: tuple[tuple[str, str], ...] = ()) -> Trouble:
    """Answers requests whose path holds `when` with a status, headers and a plain text."""

    def answer(request: BaseHTTPRequestHandler) -> bool:
        if when not in request.path:
            return False
        for _ in _body(request):
            continue
        request.send_response(status)
        for key, value in (*headers, ("Content-Type", "text/plain"), ("Content-Length", str(len(text.encode())))):
            request.send_header(key, value)
        request.end_headers()
        request.wfile.write(text.encode())
        return True

    return answer


def redirecting(to: str, *, status: int = 302) -> Trouble:
    """Sends everybody to another address, with the path they asked for behind it."""

    def answer(request: BaseHTTPRequestHandler) -> bool:
        return failing(status, headers=(("Location", f"{to}{request.path}"),))(request)

    return answer


def hanging_up(*, when: str = "") -> Trouble:
    """Ends the connection without an answer."""

    def answer(request: BaseHTTPRequestHandler) -> bool:
        if when not in request.path:
            return False
        hang_up(request)
        return True

    return answer


@dataclass
class Held:
    """Holds requests whose path holds `when` until `release` is set; `begun` tells that one is waiting."""

    when: str = ""
    begun: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: BaseHTTPRequestHandler) -> bool:
        if self.when in request.path:
            self.begun.set()
            self.release.wait(30)
        return False


class GitServer:
    """A stand-alone server of git over HTTP; `tokens` are what it lets in (empty: everybody), `trouble` goes first.

    `lose_answers` lets pushes take effect and loses what they are answered. With `tls` it speaks https.
    """

    def __init__(self, root: Path, *, tokens: tuple[str, ...] = (), tls: ssl.SSLContext | None = None) -> None:
        self._scheme = "https" if tls else "http"
        self.git = GitHttp(root)
        self.tokens = tokens
        self.trouble: Trouble | None = None
        self.lose_answers = False
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._request_class())
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    @property
    def url(self) -> str:
        """The base address, without a slash at its end."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    @contextlib.contextmanager
    def running(self) -> Iterator["GitServer"]:
        """Serves until the end of the block."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def deal(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        token = token_of(request.headers.get("Authorization", ""))
        self.asked.append(Asked(request.command, request.path, token))
        if self.trouble is not None and self.trouble(request):
            return
        if self.tokens and not any(hmac.compare_digest(token.encode(), each.encode()) for each in self.tokens):
            failing(401, headers=(("WWW-Authenticate", 'Basic realm="git"'),))(request)
            return
        lost = self.lose_answers and request.command == "POST" and GitHttp.is_write(request.path)
        self.git.answer(request, keep_answer=not lost)

    def _request_class(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Request(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def do_GET(self) -> None:
                server.deal(self)

            def do_POST(self) -> None:
                server.deal(self)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        return Request
