"""Where a provider may stand, what may be added to its requests and what its models are called, each at its line."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from pointsman.config import clouds
from pointsman.config.policy_catalogue import ModelEntry, ProviderEntry
from pointsman.config.problem import quoted
from pointsman.config.yaml_source import KeyPath
from pointsman.domain.levels import Perimeter
from pointsman.domain.models import RESERVED_EXTRAS

Fault = tuple[KeyPath, str, str]

# What every request to OpenRouter says; its own defaults allow collection and another server (OpenRouter
# documentation, "Provider Routing").
_OPENROUTER = {"data_collection": "deny", "zdr": True, "allow_fallbacks": False, "require_parameters": True}


def provider_faults(name: str, entry: ProviderEntry) -> Iterator[Fault]:
    """What is wrong with one provider, beyond what its keys say each for itself."""
    at: KeyPath = ("providers", name)
    host = urlsplit(entry.address).hostname or "" if entry.kind != "scripted" else ""
    yield from _extras_faults(at, entry)
    if _is_openrouter(host):
        yield from _openrouter_faults(at, entry)
    owners = (("project", entry.project, "anthropic-vertex"), ("deployment", entry.deployment, "azure-openai"))
    for key, value, kind in owners:
        if value is not None and entry.kind != kind:
            yield (*at, key), f"only a provider of kind {kind} has a {key}", ""
        if value is None and entry.kind == kind:
            yield at, f"a provider of kind {kind} needs a {key}", ""
    cloud = clouds.cloud_of(host)
    if entry.kind in clouds.CLOUDS:
        yield from _cloud_faults(at, entry, host)
    elif cloud and entry.perimeter is not Perimeter.PUBLIC:
        hint = f"kind {cloud} keeps to a region; else its perimeter is public"
        yield (*at, "perimeter"), f"nothing says where {host} works on what it is sent", hint


def _extras_faults(at: KeyPath, entry: ProviderEntry) -> Iterator[Fault]:
    for key in entry.extras:
        # Some servers read keys without regard to case, by Unicode's folding of it.
        if not key.isascii() or key.lower() in RESERVED_EXTRAS:
            hint = "extras add to a request; what Pointsman sends, and to whom, they never change"
            yield (*at, "extras", key), f"{quoted(key)} cannot be an extra", hint


def _openrouter_faults(at: KeyPath, entry: ProviderEntry) -> Iterator[Fault]:
    nested = entry.extras.get("provider", {})
    if not isinstance(nested, dict):
        yield (*at, "extras", "provider"), "keys with values are wanted here", ""
        return
    for place, held in ((("extras",), entry.extras), (("extras", "provider"), nested)):
        for key, value in _OPENROUTER.items():
            if key in held and (held[key] != value or type(held[key]) is not type(value)):
                said = str(value).lower()
                yield (*at, *place, key), f"OpenRouter is always asked with {key}: {said}", "leave this line out"
        if "max_price" in held:
            yield (*at, *place, "max_price"), "max_price is always the model's own price", "leave this line out"


def _cloud_faults(at: KeyPath, entry: ProviderEntry, host: str) -> Iterator[Fault]:
    region = entry.region or ""
    if entry.perimeter is Perimeter.LOCAL:
        yield (*at, "perimeter"), f"{entry.kind} runs in a cloud; its perimeter is account or public", ""
    if entry.key is None:
        yield at, f"a provider of kind {entry.kind} needs a key", "key: env:NAME or key: file:/path"
    if not region and not (entry.kind == "azure-openai" and entry.deployment in ("global", None)):
        yield at, f"a provider of kind {entry.kind} needs a region", ""
        return
    if region and not clouds.REGION.fullmatch(region):
        yield (*at, "region"), f"{quoted(region)} is no region", "it is written as in the cloud's own address"
        return
    if not clouds.is_host_of(entry.kind, host, region):
        usual = urlsplit(clouds.address_of(entry.kind, region)).hostname
        hint = f"it is {usual}" if usual else "it is https://RESOURCE.openai.azure.com"
        where = f" in {region}" if region else ""
        yield (*at, "base_url"), f"{host} is not the host of {entry.kind}{where}", hint
    path = urlsplit(entry.address).path
    if path and not (entry.kind == "azure-openai" and path == "/openai/v1"):
        yield (*at, "base_url"), "the address ends with its host here", "the rest is added for each request"
    yield from _zone_faults(at, entry)


def _zone_faults(at: KeyPath, entry: ProviderEntry) -> Iterator[Fault]:
    public = entry.perimeter is Perimeter.PUBLIC
    if entry.kind == "anthropic-vertex":
        if entry.project is not None and not clouds.PROJECT.fullmatch(entry.project):
            yield (*at, "project"), f"{quoted(entry.project)} is no id of a project", ""
        if entry.region == "global" and not public:
            yield (*at, "region"), "the global location may be anywhere; its perimeter is public", ""
        if entry.key is not None and not entry.key.startswith("file:"):
            hint = "name a file that something keeps fresh, file:/path; it is read for each request"
            yield (*at, "key"), "a token of Google Cloud lasts for an hour", hint
    if entry.kind == "azure-openai":
        if entry.deployment == "global" and not public:
            yield (*at, "deployment"), "a global deployment may be anywhere; its perimeter is public", ""
        if entry.deployment == "data-zone" and entry.region not in ("eu", "us"):
            yield (*at, "region"), "the region of a data zone is eu or us", ""
        if entry.deployment == "region" and entry.region in ("eu", "us", "global"):
            yield (*at, "region"), f"{entry.region} is more than a region", "name one, such as swedencentral"


def model_faults(name: str, entry: ModelEntry, provider: ProviderEntry) -> Iterator[Fault]:
    """What is wrong with the id of one model at its provider."""
    at: KeyPath = ("models", name)
    host = urlsplit(provider.address).hostname or "" if provider.kind != "scripted" else ""
    leaves = entry.id.lower().endswith(("-cloud", ":cloud"))
    if provider.kind == "ollama" and leaves and provider.perimeter is not Perimeter.PUBLIC:
        hint = "give it a provider whose perimeter is public"
        yield (*at, "id"), f"Ollama forwards {quoted(entry.id)} to its public cloud", hint
    if provider.kind == "anthropic-bedrock":
        yield from _bedrock_faults((*at, "id"), entry.id, provider)
    if provider.kind == "anthropic-vertex" and not clouds.VERTEX_ID.fullmatch(entry.id):
        yield (*at, "id"), f"{quoted(entry.id)} is no Claude model of Vertex", "such as claude-sonnet-4-5@20250929"
    if provider.kind == "azure-openai" and entry.answers_as is None:
        hint = "a deployment can have any name; answers_as says which model is behind it"
        yield at, f'key "answers_as" is missing for the deployment {quoted(entry.id)}', hint
    if _is_openrouter(host) and (entry.id.endswith(":online") or "@preset" in entry.id or entry.id.endswith("/auto")):
        hint = "name the model itself"
        yield (*at, "id"), f"{quoted(entry.id)} lets OpenRouter search the web or choose a model", hint


def _bedrock_faults(at: KeyPath, model_id: str, provider: ProviderEntry) -> Iterator[Fault]:
    found = clouds.BEDROCK_ID.fullmatch(model_id)
    if found is None:
        hint = "such as eu.anthropic.claude-...; an ARN does not say which model it is, nor where it runs"
        yield at, f"{quoted(model_id)} is no Claude model of Bedrock", hint
        return
    zone, region = found.group(1) or "", provider.region or ""
    if zone and zone not in clouds.BEDROCK_ZONES:
        yield at, f'"{zone}." is no zone of Bedrock that is known here', f"known: {', '.join(clouds.BEDROCK_ZONES)}"
    elif zone == "global" and provider.perimeter is not Perimeter.PUBLIC:
        hint = "give it a provider whose perimeter is public, or name a profile of your zone"
        yield at, f"Bedrock may process {quoted(model_id)} in any commercial region", hint
    elif clouds.REGION.fullmatch(region) and not clouds.is_called_from(zone, region):
        yield at, f'the zone "{zone}." does not belong to the region {region}', "name the profile of your zone"


def _is_openrouter(host: str) -> bool:
    return host == "openrouter.ai" or host.endswith(".openrouter.ai")
