"""How long a decision takes with fifty models to choose from, in turns with LiteLLM's Router choosing among fifty."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.unit.policy.policy_world import policy, price_of, request, routing

from pointsman.config.policy_file import PolicyFile
from pointsman.config.routing_file import RoutingFile
from pointsman.domain.figures import Figures, Measured
from pointsman.domain.levels import MODEL_PHASES, Sensitivity, TaskClass
from pointsman.policy.admission import Rulebook, decide
from pointsman.policy.catalogue import catalogue_of
from pointsman.policy.routes import Setting, route

LITELLM = "litellm==1.106.2"
MODELS = 50
LIMIT_US = 50.0
NAMED = "plan: m1\ncode: {model: m2, fallback: [m5], escalate: [m4]}\nqa: m3\n"
TIERS = """routes:
  plan: {tier: mid, max_cost_usd: 1, max_latency_ms: 5000}
  code: {tier: small, fallback: [m4, m5]}
  qa: {tier: frontier}
"""
# Runs in LiteLLM's own environment: microseconds of each choice, by strategy, as JSON.
_PEER = """
import asyncio, json, logging, sys, time
logging.disable(logging.CRITICAL)
from litellm import Router
models = [{"model_name": "code", "litellm_params": {"model": f"openai/m{n}", "api_key": "x",
    "input_cost_per_token": n * 1e-6, "output_cost_per_token": n * 2e-6}} for n in range(50)]
async def spent(strategy, calls):
    router, found = Router(model_list=models, routing_strategy=strategy), []
    for _ in range(calls):
        begun = time.perf_counter()
        await router.async_get_available_deployment(
            model="code", messages=[{"role": "user", "content": "hi"}], request_kwargs={})
        found.append((time.perf_counter() - begun) * 1e6)
    return found
names = ("simple-shuffle", "cost-based-routing", "latency-based-routing")
print(json.dumps({name: asyncio.run(spent(name, int(sys.argv[1]))) for name in names}))
"""


def fifty() -> PolicyFile:
    """A policy with fifty priced models of eleven families in three perimeters."""
    models = {
        f"m{n}": {
            "provider": ("box", "own", "far")[n % 3],
            "id": f"id-{n}",
            "vendor": f"v{n % 7}",
            "family": f"f{n % 11}",
            "tier": ("small", "mid", "frontier")[n % 3],
            "context_window": 200_000,
            "price": {"input": 1 + n / 10, "output": 2 + n / 5},
        }
        for n in range(MODELS)
    }
    providers = {
        "box": {"kind": "ollama", "perimeter": "local", "base_url": "http://127.0.0.1:11434"},
        "own": {"kind": "openai-compatible", "perimeter": "account", "base_url": "https://models.example.org/v1"},
        "far": {"kind": "anthropic", "perimeter": "public"},
    }
    levels = {
        "internal": {"perimeters": ["local", "account", "public"]},
        "secret": {"perimeters": ["local"], "approve_plan": True},
    }
    caps = {"run_usd": 5, "repository_day_usd": 50, "installation_day_usd": 500}
    whole = {"providers": providers, "models": models, "sensitivities": levels, "caps": caps}
    return policy(json.dumps({**whole, "repositories": [{"match": "acme/*", "sensitivity": "internal"}]}))


def figures() -> Figures:
    """Every model measured in every phase."""
    return Figures({f"m{n}": {p: Measured(20, 900 + n, 6_000, 700 + n) for p in MODEL_PHASES} for n in range(MODELS)})


def spent(act: Callable[[], object], times: int) -> list[float]:
    """Microseconds of each of so many calls, after a few that are not counted."""
    found: list[float] = []
    for number in range(times + 20):
        begun = time.perf_counter()
        act()
        if number >= 20:
            found.append((time.perf_counter() - begun) * 1e6)
    return found


def ours(law: PolicyFile, file: RoutingFile, times: int) -> list[float]:
    """Every phase's route in turn, for a bug."""
    setting = Setting(law, file, catalogue_of(law, price_of), Sensitivity.INTERNAL, figures())
    rounds = [spent(partial(route, phase, TaskClass.BUGFIX, setting), times) for phase in MODEL_PHASES]
    return [one for part in rounds for one in part]


def admission(law: PolicyFile, file: RoutingFile, times: int) -> list[float]:
    """The whole admission: the routes of four phases for ten classes, and the digest of it all."""
    book = Rulebook(law, "p" * 64, file, "r" * 64, price_of, figures())
    return spent(lambda: decide(request(), book), times)


def peer(tools: Path, times: int) -> dict[str, list[float]]:
    """LiteLLM's choices, in a virtual environment below `tools` that is made the first time."""
    python = tools / "litellm" / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(tools / "litellm")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", LITELLM], check=True)
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    command = [str(python), "-c", _PEER, str(times)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Print the table, and exit 1 when a route takes more than the limit at the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", type=Path, help="Where LiteLLM is installed; without it only ours is measured.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=int, default=300)
    asked = parser.parse_args()
    law, rows = fifty(), dict[str, list[float]]()
    for _ in range(asked.rounds):
        found = {
            "one route, models named": ours(law, routing(NAMED), asked.times),
            "one route, by tier": ours(law, routing(TIERS), asked.times),
            "whole admission, models named": admission(law, routing(NAMED), 20),
            "whole admission, by tier": admission(law, routing(TIERS), 20),
        }
        if asked.tools:
            found |= {f"LiteLLM {name}": part for name, part in peer(asked.tools, asked.times).items()}
        for name, part in found.items():
            rows.setdefault(name, []).extend(part)
    unit = statistics.median(rows["one route, by tier"])
    print("| | median us | p95 us | beside one route by tier |\n|---|---|---|---|")
    for name, part in rows.items():
        middle = statistics.median(part)
        print(f"| {name} | {middle:.1f} | {statistics.quantiles(part, n=20)[-1]:.1f} | {middle / unit:.2f} |")
    slow = [name for name in rows if name.startswith("one route") and statistics.median(rows[name]) > LIMIT_US]
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
