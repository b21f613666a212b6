"""Whether there is anything to go on with, told without the engine, whose import takes most of a second."""

import sqlite3
from contextlib import closing
from pathlib import Path

# The engine's own table of what it runs, by its published schema; a row is there until a run's last word is said.
_UNFINISHED = "SELECT 1 FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED') LIMIT 1"


def is_unfinished(home: Path) -> bool:
    """Whether the engine of this home was cut off in something, or was to begin it. Doubt is yes."""
    database = home / "engine.sqlite"
    if not database.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as engine:
            return engine.execute(_UNFINISHED).fetchone() is not None
    except sqlite3.Error:
        return True
