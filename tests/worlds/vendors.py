"""The providers of a policy that is shipped, as servers on this machine that keep who asked them for what."""

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import yaml
from tests.worlds.repositories import FIXED
from tests.worlds.script import Answer, Call, Rule, Script, rule
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import APPROVAL, PLAN, RIGHT, WRONG, edit, fields, replies
from tests.worlds.warm import NAMES

from pointsman.config.policy_file import PolicyFile, load_policy

POLICIES = Path(__file__).resolve().parents[2] / "policies"
OLD, NEW = (f"    return {value}" for value in (WRONG, RIGHT))
KEY = "a-key-of-a-story"
# How each phase opens its prompt.
_OPENINGS = {
    "triage": "You sort work on a code repository",
    "plan": "You plan a small, exact change",
    "code": "You are a careful programmer",
    "review": "You review a change to a code repository",
}
_SORTED = replies({"task": "bugfix", "why": "a wrong result"})
_EDITOR_CALL = {"command": "str_replace", "path": "/shop/prices.py", "old_str": OLD, "new_str": NEW}
_PATCH = f"*** Begin Patch\n*** Update File: shop/prices.py\n-{OLD.rstrip()}\n+{NEW.rstrip()}\n*** End Patch"
# How a coder is told in which form to write, and what it then writes.
_EDITS: Mapping[str, tuple[Answer | str, ...]] = {
    "by search and replace": (edit(RIGHT),),
    "You are given a file of a repository": (f"```python\n{FIXED}```\n",),
    "str_replace_based_edit_tool": (
        Answer(calls=(Call("str_replace_based_edit_tool", _EDITOR_CALL),)),
        Answer(calls=(Call("finish", {"summary": "Percent are taken off."}),)),
    ),
    "apply_patch": (
        Answer(calls=(Call("apply_patch", {"input": _PATCH}),)),
        Answer(calls=(Call("finish", {"summary": "Percent are taken off."}),)),
    ),
    "with the tools you are given": (
        Answer(calls=(Call("edit", {"path": "shop/prices.py", "search": OLD, "replace": NEW}),)),
        Answer(calls=(Call("finish", {"summary": "Percent are taken off."}),)),
    ),
}


@dataclass(frozen=True)
class Asked:
    """One question that was answered: for which phase, by which provider's server, of which model id."""

    phase: str
    provider: str
    model: str


# Who does what when nothing goes wrong, by preset.
CASTS: Mapping[str, tuple[Asked, ...]] = {
    "default": (
        Asked("triage", "anthropic", "claude-haiku-5-5"),
        Asked("plan", "anthropic", "claude-opus-5-5"),
        Asked("code", "ollama", "qwen2.5-coder:14b"),
        Asked("review", "anthropic", "claude-sonnet-5-5"),
    ),
    "local-only": (
        Asked("triage", "ollama", "qwen2.5-coder:14b"),
        Asked("plan", "ollama", "gpt-oss:20b"),
        Asked("code", "vllm", "Qwen/Qwen3-Coder-30B-A3B-Instruct"),
        Asked("review", "vllm-second", "meta-llama/Llama-3.3-70B-Instruct"),
    ),
    "primary-with-budget-fallback": (
        Asked("triage", "openai", "gpt-6-luna"),
        Asked("plan", "anthropic", "claude-opus-5-5"),
        Asked("code", "anthropic", "claude-sonnet-5-5"),
        Asked("review", "openai", "gpt-6.1-terra"),
    ),
    "provider-diversity": (
        Asked("triage", "mistral", "mistral-small-2603"),
        Asked("plan", "google", "gemini-4-argon"),
        Asked("code", "anthropic", "claude-sonnet-5-5"),
        Asked("review", "openai", "gpt-6.1-sol"),
    ),
    "regulated": (
        Asked("triage", "ollama", "llama3.1:8b"),
        Asked("plan", "bedrock", "eu.anthropic.claude-sonnet-5-5"),
        Asked("code", "vllm", "Qwen/Qwen3-Coder-30B-A3B-Instruct"),
        Asked("review", "azure", "gpt-6.1-terra"),
    ),
    "self-hosted-and-premium": (
        Asked("triage", "ollama", "llama3.1:8b"),
        Asked("plan", "anthropic", "claude-opus-5-5"),
        Asked("code", "vllm", "Qwen/Qwen3-Coder-30B-A3B-Instruct"),
        Asked("review", "anthropic", "claude-sonnet-5-5"),
    ),
    "speed-and-depth": (
        Asked("triage", "openai", "gpt-5-nano"),
        Asked("plan", "anthropic", "claude-opus-5-5"),
        Asked("code", "openai", "gpt-6-luna"),
        Asked("review", "anthropic", "claude-opus-5-5"),
    ),
}


@dataclass(frozen=True)
class Vendors:
    """The servers of one policy by the name of the provider, and the policy that leads to them."""

    policy: str
    perimeters: Mapping[str, str]
    servers: Mapping[str, ScriptedServer]

    def asked(self) -> list[Asked]:
        """Every question in order, one entry for those of a phase that one model was asked in a row."""
        found = [
            (seen.at, Asked(seen.rule, provider, seen.model))
            for provider, server in self.servers.items()
            for seen in server.seen
            if seen.method == "POST" and seen.rule
        ]
        inorder = [asked for _, asked in sorted(found, key=lambda item: item[0])]
        return [asked for place, asked in enumerate(inorder) if place == 0 or inorder[place - 1] != asked]

    def reached(self) -> set[str]:
        """The providers whose server got any request at all."""
        return {name for name, server in self.servers.items() if server.seen or server.looks}

    def perimeters_reached(self) -> set[str]:
        """Where those providers run."""
        return {self.perimeters[name] for name in self.reached()}


@contextmanager
def vendors(preset: str, tls: ssl.SSLContext, first: Mapping[str, Rule] = MappingProxyType({})) -> Iterator[Vendors]:
    """Serve every provider of the preset until the end of the block; those that are not local over https.

    In the policy nothing differs but the port behind each host. `first` has a rule for a provider that comes before
    the usual ones.
    """
    written = fields(yaml.safe_load(_text(preset)))
    policy = _policy(preset)
    with ExitStack() as stack:
        servers: dict[str, ScriptedServer] = {}
        for name, entry in fields(written["providers"]).items():
            own, known = (first[name],) if name in first else (), policy.providers[name]
            secured = tls if known.address.startswith("https:") else None
            servers[name] = stack.enter_context(ScriptedServer(Script((*own, *_rules())), tls=secured))
            parts = urlsplit(known.address)
            fields(entry)["base_url"] = parts._replace(netloc=f"{parts.hostname}:{servers[name].port}").geturl()
        perimeters = {name: str(entry.perimeter) for name, entry in policy.providers.items()}
        yield Vendors(json.dumps(written, indent=1), perimeters, servers)


def hosts() -> dict[str, str]:
    """Every host that a preset names, and where it is found in stories."""
    policies = [_policy(path.stem) for path in POLICIES.glob("*.yml")]
    found = {urlsplit(entry.address).hostname or "" for policy in policies for entry in policy.providers.values()}
    return dict.fromkeys(sorted(found), "127.0.0.1")


def surroundings(trusted: Path) -> dict[str, str]:
    """What a process needs to reach them: credentials, names, and who vouches for the certificates."""
    return {**every_key(), NAMES: json.dumps(hosts()), "SSL_CERT_FILE": str(trusted)}


def every_key() -> dict[str, str]:
    """The credentials that any preset looks for."""
    texts = [_text(path.stem) for path in POLICIES.glob("*.yml")]
    return {name: KEY for text in texts for name in re.findall(r"key: env:(\w+)", text)}


def routing_of(preset: str) -> str:
    """The routing file that goes with a preset, as it is."""
    return (POLICIES / "routing" / f"{preset}.yml").read_text(encoding="utf-8")


def _text(preset: str) -> str:
    return (POLICIES / f"{preset}.yml").read_text(encoding="utf-8")


def _policy(preset: str) -> PolicyFile:
    found = load_policy(_text(preset).encode(), preset)
    assert isinstance(found, PolicyFile), found
    return found


def _rules() -> tuple[Rule, ...]:
    """Each phase is done right at once, and edits are written in the form that is asked for."""
    done = {"triage": _SORTED, "plan": replies(PLAN), "review": replies(APPROVAL)}
    found = [rule(said, name=phase, when=(_OPENINGS[phase],)) for phase, said in done.items()]
    coded = [rule(*said, name="code", when=(_OPENINGS["code"], form), then="cycle") for form, said in _EDITS.items()]
    return (*found, *coded)
