"""The credential of a forge stays out of command lines, files, errors and logs while git speaks over HTTP: S3."""

import base64
import logging
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.worlds.git_http import Trouble, failing, token_of
from tests.worlds.hub import READ, WRITE, Hub, command_lines, running_hub

from pointsman.domain.errors import OwnerMust, PointsmanError

SECRETS = tuple(
    shown for token in (READ, WRITE)
    for shown in (token, base64.b64encode(f"x-access-token:{token}".encode()).decode())
)  # fmt: skip


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as found:
        yield found


def _files_with_secrets(folder: Path) -> list[str]:
    return [
        str(path) for path in folder.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in SECRETS)
    ]  # fmt: skip


@pytest.mark.parametrize("operation", ["fetch", "push"])
def test_s3_the_token_is_in_no_command_line_and_no_file_while_git_speaks_and_after(hub: Hub, operation: str) -> None:
    grown = "" if operation == "fetch" else hub.grow(hub.fetch())
    limits: list[str] = []

    def look() -> None:
        speaking = {pid: line for pid, line in command_lines().items() if hub.url.encode() in line}
        assert any(b"remote-http" in line for line in speaking.values())
        assert not any(secret.encode() in line for line in speaking.values() for secret in SECRETS)
        assert _files_with_secrets(hub.home) == []
        limits.extend(Path("/proc", pid, "limits").read_text() for pid in speaking)

    act = hub.fetch if operation == "fetch" else lambda: hub.publish(grown)
    ended = hub.while_held("/git-upload-pack" if operation == "fetch" else "/git-receive-pack", act, look)
    assert not isinstance(ended, PointsmanError), ended
    assert _files_with_secrets(hub.where) == []
    assert not (hub.mirror / "FETCH_HEAD").exists()
    assert not (hub.mirror / "logs").exists()
    assert "url" not in (hub.mirror / "config").read_text()
    # A core dump would be a file with the token in it.
    for text in limits:
        row = next(line for line in text.splitlines() if line.startswith("Max core file size"))
        assert row.split()[4] == "0"


def test_s3_a_server_that_echoes_the_credential_does_not_get_it_into_an_error_or_a_log(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    grown = hub.grow(hub.fetch())
    calls: tuple[Callable[[], object], ...] = (hub.fetch, hub.head, lambda: hub.publish(grown))
    for status in (400, 401, 403, 404, 418, 500):
        hub.server.trouble = _echoing(status)
        for call in calls:
            with pytest.raises(PointsmanError) as refused:
                call()
            shown = "".join(traceback.format_exception(refused.value)) + repr(_chain(refused.value)) + caplog.text
            assert not any(secret in shown for secret in SECRETS)
    hub.server.trouble = None
    hub.refuse_pushes("error: " + " ".join(SECRETS[2:]))
    with pytest.raises(OwnerMust) as refused:
        hub.publish(grown)
    assert "***" in refused.value.message
    assert not any(secret in repr(_chain(refused.value)) for secret in SECRETS)


def _echoing(status: int) -> Trouble:
    """Answers every request with the credential that it carried, as it came and in plain."""

    def answer(request: BaseHTTPRequestHandler) -> bool:
        carried = request.headers.get("Authorization", "")
        return failing(status, text=f"error: {carried}\n{token_of(carried)}\n")(request)

    return answer


def _chain(error: BaseException | None) -> list[dict[str, object]]:
    """Everything that an error and those behind it hold, also what a traceback does not print."""
    found: list[dict[str, object]] = []
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None:
            found.append({"args": each.args, **vars(each)})
            waiting += [each.__cause__, each.__context__]
    return found


def test_s3_a_credential_is_asked_for_only_when_the_forge_is_asked(hub: Hub) -> None:
    head = hub.fetch()
    hub.operations.clear()
    hub.fetch(head)
    for refused in ("-x", "a..b", "HEAD@{1}", "a\nb"):
        with pytest.raises(OwnerMust):
            hub.fetch(refused)
        with pytest.raises(OwnerMust):
            hub.publish(head, f"pointsman/{refused}")
    assert hub.operations == []
