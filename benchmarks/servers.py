"""The two servers that take webhooks, the bot and PR-Agent: how each is started, asked for a review, and stopped."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.worlds.github import GitHubWorld

from benchmarks.installation import Seat, environment, installed, policy_text
from pointsman.domain.run import Actor
from pointsman.forges.github.account import Conversion, save_account

PR_AGENT = "pr-agent[github]==0.49.0"


@dataclass(frozen=True, slots=True)
class Server:
    """A server under measurement: how it is started, where it takes webhooks, and which page says that it is up.

    `review` is the comment that asks it for a review.
    """

    name: str
    command: Callable[[int, Path], Sequence[str]]
    env: Callable[[Path], dict[str, str]]
    hooks: str
    up: str
    secret: bytes
    review: str


@contextmanager
def started(server: Server, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """The server's process, its port, and the seconds until it first answered; it is stopped at the end."""
    port = _free_port()
    begun = time.perf_counter()
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            server.command(port, folder), cwd=folder, env=server.env(folder), stdout=log, stderr=log
        )
    try:
        while not _answers(f"http://127.0.0.1:{port}{server.up}"):
            if process.poll() is not None or time.perf_counter() - begun > 60:
                raise RuntimeError(f"{server.name} did not start: {(folder / 'server.log').read_text()[-2000:]}")
            time.sleep(0.01)
        yield process, port, time.perf_counter() - begun
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def pointsman(world: GitHubWorld, models: str = "") -> Server:
    """The bot, with the GitHub of the tests behind it, and with a policy when there are models at that URL."""

    def command(port: int, folder: Path) -> Sequence[str]:
        home = folder / "state"
        home.mkdir(mode=0o700)
        _registered(world, home)
        words = [str(installed("pointsman")), "serve", "--port", str(port), "--home", str(home)]
        if not models:
            return words
        policy = folder / "policy.yml"
        policy.write_text(policy_text(_seats(models)), encoding="utf-8")
        return [*words, "--policy", str(policy)]

    secret = world.app.webhook_secret.encode()
    return Server("Pointsman", command, environment, "/hooks/github", "/healthz", secret, "/pointsman review")


def pr_agent(world: GitHubWorld, models: str = "", *, tools: Path, python: str) -> Server:
    """PR-Agent's GitHub App server as the same app, installed into a virtual environment below `tools`.

    One process, as for the bot. Its own settings for gunicorn start two or more, each with the memory of one.
    """
    folder = tools / "pr-agent"
    if not (folder / "bin" / "python").exists():
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", PR_AGENT], check=True)
    settings = {
        "CONFIG__GIT_PROVIDER": "github",
        "GITHUB__DEPLOYMENT_TYPE": "app",
        "GITHUB__BASE_URL": world.api_url,
        "GITHUB__APP_ID": str(world.app.id),
        "GITHUB__PRIVATE_KEY": world.app.private_key_pem,
        "GITHUB__WEBHOOK_SECRET": world.app.webhook_secret,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        **(_model_settings(folder, models) if models else {}),
    }
    server = "pr_agent.servers.github_app:app"
    return Server(
        "PR-Agent",
        lambda port, _: [str(folder / "bin/python"), "-m", "uvicorn", server, "--host=127.0.0.1", f"--port={port}"],
        lambda home: environment(home) | settings,
        "/api/v1/github_webhooks",
        "/",
        world.app.webhook_secret.encode(),
        "/review",
    )


def _model_settings(folder: Path, models: str) -> dict[str, str]:
    # tiktoken would download the vocabulary that counts tokens; litellm brings it along.
    (vocabularies,) = folder.glob("lib/python3*/site-packages/litellm/litellm_core_utils/tokenizers")
    return {
        "CONFIG__MODEL": "openai/scripted",
        "CONFIG__FALLBACK_MODELS": "[]",
        "CONFIG__CUSTOM_MODEL_MAX_TOKENS": "32768",
        "OPENAI__KEY": "scripted",
        "OPENAI__API_BASE": f"{models}/v1",
        "TIKTOKEN_CACHE_DIR": str(vocabularies),
    }


def _registered(world: GitHubWorld, home: Path) -> None:
    app = world.app
    bot = Actor(app.bot.id, app.bot.login, is_bot=True)
    page = f"{world.url}/apps/{app.slug}"
    save_account(
        home,
        Conversion(world.url, app.id, app.slug, app.client_id, bot, page, app.webhook_secret, app.private_key_pem),
    )
    # Our reviews would be mostly the pause between two writes that GitHub asks for; PR-Agent makes none.
    file = home / "github" / "app.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"write_spacing_seconds": 0}))


def _seats(models: str) -> list[Seat]:
    families = {"planner": "alpha", "coder": "beta", "reviewer": "gamma"}
    return [Seat(name, "openai-compatible", f"{models}/v1", name, family) for name, family in families.items()]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
