"""`pointsman serve` as a process of its own, whose lines on the standard error are read as they come."""

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

SECONDS = 180.0
_PROGRAM = "from pointsman.entrypoints.cli import main; main()"


class Serving:
    """A server over a home. A context manager: it is asked to end, and must."""

    def __init__(self, home: Path, *arguments: str) -> None:
        command = (sys.executable, "-c", _PROGRAM, "serve", "--port", "0", "--home", str(home), *arguments)
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
        self.lines: list[str] = []
        self._closed = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        listening = self.said(r"Listening on http://127\.0\.0\.1:(\d+)")
        self.port = int(listening[1])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        code = self.end()
        if kind is None:
            assert code == 0, self.lines

    def said(self, pattern: str) -> re.Match[str]:
        """The first line that matches, waited for."""
        with self._changed:
            self._changed.wait_for(lambda: self._found(pattern) or self._closed, SECONDS)
            found = self._found(pattern)
        assert found is not None, (pattern, self.lines)
        return found

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        return code

    def _found(self, pattern: str) -> re.Match[str] | None:
        return next((match for line in self.lines if (match := re.search(pattern, line))), None)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._changed:
                self.lines.append(line.rstrip())
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
