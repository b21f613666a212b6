"""Edits by aider's own functions; run by the interpreter of aider's environment, cases in, results out."""

import contextlib
import difflib
import importlib
import json
import sys
import time


def by_blocks(text: str, search: list[str], new: list[str]) -> str | None:
    """Its format `diff`: search and replace blocks."""
    coder = importlib.import_module("aider.coders.editblock_coder")
    made = coder.replace_most_similar_chunk(text, _lines(search), _lines(new))
    return made if isinstance(made, str) else None


def by_diff(text: str, search: list[str], new: list[str]) -> str | None:
    """Its format `udiff`: a diff without line numbers."""
    coder = importlib.import_module("aider.coders.udiff_coder")
    old, fresh = [f"{line}\n" for line in search], [f"{line}\n" for line in new]
    hunk = list(difflib.unified_diff(old, fresh, n=len(old) + len(fresh)))[3:]
    made = coder.apply_hunk(text, hunk)
    return made if isinstance(made, str) else None


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def main() -> None:
    """Read the cases from the standard input, and write one line of JSON for each."""
    make = {"diff": by_blocks, "udiff": by_diff}[sys.argv[1]]
    for case in json.load(sys.stdin):
        began = time.perf_counter()
        text = None
        with contextlib.suppress(ValueError, IndexError, KeyError, TypeError, AttributeError):
            text = make(case["text"], case["search"], case["new"])
        print(json.dumps({"text": text, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
