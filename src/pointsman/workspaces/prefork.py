"""The process that launchers are forked from: it has read their code once, so that no job waits for that.

It is started as a launcher is (`python -I -S`, standard library only, no environment) and asked over a socket, whose
end is its own. With each request come the two ends that a launcher talks through: its conversation, and what it has
to complain.
"""

import os
import signal
import socket
import sys
import traceback

from pointsman.workspaces import launcher

ENDS = 2
"""How many descriptors come with a request."""


def main() -> None:
    """Fork a launcher for each request, until whoever asks is gone."""
    line = socket.socket(fileno=os.dup(0))
    # Nobody here waits for a launcher; the end of its conversation tells whoever asked.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        asked, ends, _, _ = socket.recv_fds(line, 1, ENDS)
        if not asked:
            return
        if os.fork() == 0:
            line.close()
            _launch(*ends)
        for end in ends:
            os.close(end)


def _launch(talk: int, complaints: int) -> None:
    """Become a launcher, in a session of its own; its id is the first line that it says. Never returns."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for source, target in ((talk, 0), (talk, 1), (complaints, 2)):
            os.dup2(source, target)
        os.close(talk)
        os.close(complaints)
        os.write(1, f"{os.getpid()}\n".encode())
        launcher.main()
        sys.stdout.flush()
        code = 0
    except SystemExit as end:
        os.write(2, f"{end}\n".encode())
    except BaseException:
        os.write(2, traceback.format_exc().encode())
        raise
    finally:
        # All is answered and nothing lives by now, so taking the interpreter apart would be time for nothing.
        os._exit(code)
