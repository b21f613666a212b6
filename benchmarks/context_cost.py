"""What the code map costs, taken in a process of its own so that memory is the map's: prints one JSON object.

`read FOLDER` reads every file once; `blobs REPOSITORY COMMIT` reads the same through git; `map REPOSITORY COMMIT...`
asks for each commit in turn; `--texts FILE` then holds questions (a JSON list of texts), asked at the last one.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path

from pointsman.workspaces.code_map.index import SLICE_BYTES, CodeMap, map_file
from pointsman.workspaces.tree import REGULAR, Entry, entries, slices


def _shown(_path: str) -> bool:
    return False


def spent() -> float:
    """Processor seconds of this process and of the git that it waited for."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def read_all(folder: Path) -> dict[str, float]:
    """The middle of five times of reading every file, after one that is not counted: they lie in memory then."""
    files = [
        Path(at) / name for at, folders, names in os.walk(folder) if ".git" not in at.split("/") for name in names
    ]
    walls, processors, size = [], [], 0
    for _ in range(6):
        wall, processor = time.perf_counter(), spent()
        size = sum(len(file.read_bytes()) for file in files)
        walls.append(time.perf_counter() - wall)
        processors.append(spent() - processor)
    middle = statistics.median
    return {"files": len(files), "mb": size / 1e6, "wall_s": middle(walls[1:]), "cpu_s": middle(processors[1:])}


async def blobs_read(git_dir: Path, commit: str) -> dict[str, float]:
    """The middle of five times of listing a commit and reading all of it through git, as the map does."""
    walls, processors = [], []
    for _ in range(6):
        wall, processor = time.perf_counter(), spent()
        async for _batch in slices(git_dir, await regular(git_dir, commit), SLICE_BYTES):
            pass
        walls.append(time.perf_counter() - wall)
        processors.append(spent() - processor)
    return {"wall_s": statistics.median(walls[1:]), "cpu_s": statistics.median(processors[1:])}


async def regular(git_dir: Path, commit: str) -> list[Entry]:
    """The files that a workspace would search."""
    return [entry for entry in await entries(git_dir, commit) if entry.mode in REGULAR and entry.path.isprintable()]


async def mapped(git_dir: Path, commits: list[str], texts: list[str]) -> dict[str, object]:
    """Seconds for each commit, milliseconds of each question, and the size of the file."""
    code_map, steps = CodeMap(git_dir), []
    for commit in commits:
        wall, processor = time.perf_counter(), spent()
        await code_map.find(commit, await regular(git_dir, commit), "warm", limit=1, hidden=_shown)
        steps.append({"wall_s": time.perf_counter() - wall, "cpu_s": spent() - processor})
    walls, processors = [], []
    files = await regular(git_dir, commits[-1])
    for text in texts:
        wall, processor = time.perf_counter(), spent()
        await code_map.find(commits[-1], files, text, limit=10, hidden=_shown)
        walls.append((time.perf_counter() - wall) * 1e3)
        processors.append((spent() - processor) * 1e3)
    await code_map.close()
    size = map_file(git_dir).stat().st_size / 1e6
    return {"steps": steps, "wall_ms": walls, "cpu_ms": processors, "file_mb": size}


def main() -> int:
    """Take one figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("read", "blobs", "map"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("commits", nargs="*")
    parser.add_argument("--texts", type=Path)
    asked = parser.parse_args()
    if asked.kind == "read":
        print(json.dumps(read_all(asked.folder)))
        return 0
    if asked.kind == "blobs":
        print(json.dumps(asyncio.run(blobs_read(asked.folder, asked.commits[0]))))
        return 0
    texts = json.loads(asked.texts.read_text(encoding="utf-8")) if asked.texts else []
    print(json.dumps(asyncio.run(mapped(asked.folder, asked.commits, texts))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
