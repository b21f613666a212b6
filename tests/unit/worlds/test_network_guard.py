import socket
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[2] / "conftest.py"


def outcome(folder: Path, body: str) -> tuple[int, str]:
    """Run one test under the guard in a pytest of its own, so that its failure is ours to look at."""
    (folder / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    (folder / "test_inner.py").write_text(f"import socket\n\ndef test_inner():\n{lines}", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    "body",
    [
        "socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "socket.getaddrinfo('example.org', 80)",
        "try:\n    socket.socket().connect_ex(('192.0.2.1', 80))\nexcept AssertionError:\n    pass",
    ],
)
def test_reaching_out_fails_the_test_even_when_the_refusal_is_swallowed(body: str, tmp_path: Path) -> None:
    code, told = outcome(tmp_path, body)
    assert code == 1
    assert "the test tried to reach" in told


def test_loopback_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
