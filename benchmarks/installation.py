"""The policy and the environment that a benchmark runs the bot with."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

VERIFY = "python3 -m unittest discover -s tests -t ."
ROUTING = f"""routes:
  triage: planner
  plan: planner
  code: coder
  qa: reviewer
verify:
  commands: ["{VERIFY}"]
"""


@dataclass(frozen=True, slots=True)
class Seat:
    """A model at an endpoint on this machine, under the short name that the routing file uses."""

    name: str
    kind: str
    url: str
    id: str
    family: str
    context_window: int = 32768
    max_output: int = 2048
    edits: str = "blocks"
    output: str = "prompted"


def policy_text(seats: Sequence[Seat], *, timeout_seconds: int = 600) -> str:
    """A whole policy for models on own hardware, as JSON, which is YAML too."""
    policy = {
        "version": 1,
        "providers": {
            f"{seat.name}-host": {
                "kind": seat.kind,
                "base_url": seat.url,
                "perimeter": "local",
                "timeout_seconds": timeout_seconds,
            }
            for seat in seats
        },
        "models": {
            seat.name: {
                "provider": f"{seat.name}-host",
                "id": seat.id,
                "vendor": seat.family,
                "family": seat.family,
                "tier": "small",
                "context_window": seat.context_window,
                "max_output": seat.max_output,
                "edits": seat.edits,
                "output": seat.output,
                "price": {"input": 0, "output": 0},
            }
            for seat in seats
        },
        "sensitivities": {"internal": {"perimeters": ["local"]}},
        "defaults": {"max_output_tokens": min(seat.max_output for seat in seats)},
        "caps": {"run_usd": 1, "repository_day_usd": 10, "installation_day_usd": 10},
        "commands": {"verify": [VERIFY]},
    }
    return json.dumps(policy, indent=2) + "\n"


def environment(home: Path) -> dict[str, str]:
    """A bare environment with a home of its own, so that nothing of the machine's owner takes part."""
    home.mkdir(parents=True, exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}


def installed(program: str) -> Path:
    """A program beside this Python, where its package was installed."""
    return Path(sys.executable).parent / program


def json_in(text: str) -> dict[str, object]:
    """The JSON object that a command printed, alone or as its last line; empty when there is none."""
    for candidate in (text, text.strip().rpartition("\n")[2]):
        try:
            value = json.loads(candidate)
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return {}
