"""Which real models the demonstration can play with: keys in the environment, an Ollama, a compatible server."""

from dataclasses import dataclass

from pointsman.entrypoints.settings import Settings
from pointsman.entrypoints.wiring import served_models

_DEFAULT_OLLAMA = "http://127.0.0.1:11434"
_FAMILIES = (
    "qwen",
    "llama",
    "mistral",
    "gemma",
    "deepseek",
    "smollm",
    "phi",
    "granite",
    "codellama",
    "starcoder",
    "glm",
)


@dataclass(frozen=True)
class Cast:
    """A policy file, a routing file for it, and what to tell the person about who plays."""

    policy: str
    routing: str
    said: str


@dataclass(frozen=True)
class _Player:
    name: str
    family: str
    entry: str


async def real_cast(settings: Settings, openai_url: str) -> Cast | str:
    """A cast of real models of at least two families, or why there is none."""
    providers, players = _public(settings)
    mute = ""
    for name, kind, url in _servers(settings, openai_url):
        served = await served_models(kind, url)
        if served:
            providers[name] = f"{{kind: {kind}, perimeter: local, base_url: {url}, timeout_seconds: 1800}}"
            players += [_local(name, model) for model in served]
        elif url == openai_url:
            mute = f"The server {url} lists no models: see that it runs, and that its address is whole (.../v1). "
    families = {player.family for player in players}
    if not players:
        return (
            f"{mute}No real model was found: neither ANTHROPIC_API_KEY nor OPENAI_API_KEY is set, and no Ollama "
            f"answers at {_ollama(settings)}. (Name another server with: make demo ARGS='--openai-url http://host:port/v1')"
        )
    if len(families) < 2:
        only = families.pop()
        return (
            f"{mute}Only models of the family {only} were found ({', '.join(p.name for p in players)}), and a change "
            "must be reviewed by another family than the one that wrote it. "
            "Pull or name a second one to see real models."
        )
    return _casted(providers, players, mute)


def _public(settings: Settings) -> tuple[dict[str, str], list[_Player]]:
    providers: dict[str, str] = {}
    players: list[_Player] = []
    window = "context_window: 200000, max_output: 16000, output: native, tools: native, edits: blocks"
    if settings.anthropic_key:
        providers["anthropic"] = "{kind: anthropic, perimeter: public, key: env:ANTHROPIC_API_KEY}"
        entry = "provider: anthropic, id: claude-sonnet-5-5, vendor: anthropic, family: claude, tier: frontier"
        players.append(_Player("claude-sonnet", "claude", f"{{{entry}, {window}}}"))
    if settings.openai_key:
        providers["openai"] = "{kind: openai, perimeter: public, key: env:OPENAI_API_KEY}"
        entry = "provider: openai, id: gpt-5-mini, vendor: openai, family: gpt, tier: mid"
        players.append(_Player("gpt-5-mini", "gpt", f"{{{entry}, {window}}}"))
    return providers, players


def _servers(settings: Settings, openai_url: str) -> list[tuple[str, str, str]]:
    servers = [("ollama", "ollama", _ollama(settings))]
    if openai_url:
        servers.append(("compatible", "openai-compatible", openai_url))
    return servers


def _ollama(settings: Settings) -> str:
    host = settings.ollama_host.strip() or _DEFAULT_OLLAMA
    return host if "://" in host else f"http://{host}" + ("" if ":" in host else ":11434")


def _local(provider: str, model: str) -> _Player:
    bare = model.rpartition("/")[2].lower()
    family = next((known for known in _FAMILIES if known in bare), bare.partition(":")[0])
    entry = (
        f'{{provider: {provider}, id: "{model}", vendor: {family}, family: {family}, tier: small, price: 0, '
        "context_window: 8192, max_output: 2048, output: prompted, tools: none, edits: whole}"
    )
    return _Player(f"{provider}:{model}", family, entry)


def _casted(providers: dict[str, str], players: list[_Player], mute: str) -> Cast:
    """The first player codes, unless one of the others is made for it; the first of another family reviews."""
    coder = next((p for p in players if "coder" in p.name), players[0])
    reviewer = next(p for p in players if p.family != coder.family)
    routing = f'plan: "{coder.name}"\ncode: "{coder.name}"\nqa: "{reviewer.name}"\n'
    lines = ["version: 1", "providers:", *(f"  {name}: {entry}" for name, entry in providers.items()), "models:"]
    lines += [f'  "{player.name}": {player.entry}' for player in (coder, reviewer)]
    lines += [
        "sensitivities:",
        "  internal: {perimeters: [local, account, public], keep_prompts_days: 1}",
        "repositories:",
        '  - {match: "**", sensitivity: internal}',
        "defaults: {plan: required, evidence: required, review: required}",
        "separation: family",
        "caps: {run_usd: 1.00, repository_day_usd: 5.00, installation_day_usd: 5.00}",
        'commands: {verify: ["python3 -m pytest *", "python3 -m unittest *"]}',
        "sandbox: {timeout_seconds: 120, memory_mb: 1024}",
    ]
    who = f"Real models play: {coder.name} plans and codes, {reviewer.name} reviews."
    said = f"{mute}{who} At most 1 US dollar is spent."
    return Cast("\n".join(lines) + "\n", routing, said)
