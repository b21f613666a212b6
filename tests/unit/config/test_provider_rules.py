"""Providers and models of a policy that could leave their perimeter: each is refused at its line."""

import pytest

from pointsman.config.clouds import address_of, is_called_from, is_host_of
from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.domain.models import RESERVED_EXTRAS, Provider

FRAME = """\
providers:
  far:
    kind: KIND
PROVIDER
models:
  big:
    provider: far
    id: ID
    {vendor: v, family: f, tier: mid, context_window: 9000, max_output: 99, price: 0}
sensitivities: {internal: {perimeters: [local, account, public]}}
caps: {run_usd: 1, repository_day_usd: 5, installation_day_usd: 50}
"""
BEDROCK = {"perimeter": "account", "region": "eu-central-1", "key": "env:K"}
VERTEX = {"perimeter": "account", "region": "europe-west1", "project": "acme-ai-1", "key": "file:/run/token"}
AZURE = {
    "perimeter": "account",
    "region": "swedencentral",
    "deployment": "region",
    "base_url": "https://acme.openai.azure.com",
    "key": "env:K",
}
ROUTER = {"perimeter": "public", "base_url": "https://openrouter.ai/api/v1", "key": "env:K"}
IDS = {
    "anthropic-bedrock": "eu.anthropic.claude-x-v1:0",
    "anthropic-vertex": "claude-x@20250929",
    "azure-openai": "ours",
}
USUAL = {"anthropic-bedrock": BEDROCK, "anthropic-vertex": VERTEX, "azure-openai": AZURE, "openai-compatible": ROUTER}


def text(kind: str, keys: dict[str, str], model_id: str = "", more: str = "") -> str:
    more = more or ("answers_as: gpt-x" if kind == "azure-openai" else "")
    lines = "\n".join(f"    {key}: {value}" for key, value in keys.items())
    model = "vendor: v\n    family: f\n    tier: mid\n    context_window: 9000\n    max_output: 99\n    price: 0"
    framed = FRAME.replace("KIND", kind).replace("PROVIDER", lines).replace("ID", model_id or IDS.get(kind, "m"))
    start = framed.index("    {vendor")
    return framed[:start] + f"    {model}\n    {more}".rstrip() + "\n" + framed[framed.index("sensitivities") :]


def said(written: str) -> list[str]:
    found = load_policy(written.encode(), "p.yml")
    return [str(problem) for problem in found] if isinstance(found, tuple) else []


def provider(kind: str, keys: dict[str, str]) -> Provider:
    found = load_policy(text(kind, keys).encode(), "p.yml")
    assert isinstance(found, PolicyFile), found
    return found.domain_providers()["far"]


def without(keys: dict[str, str], key: str) -> dict[str, str]:
    return {name: value for name, value in keys.items() if name != key}


@pytest.mark.parametrize("kind", USUAL)
def test_a_provider_of_each_kind_is_taken_as_documented(kind: str) -> None:
    assert said(text(kind, USUAL[kind])) == []


def test_the_address_of_a_cloud_follows_from_its_region() -> None:
    bedrock, vertex = provider("anthropic-bedrock", BEDROCK), provider("anthropic-vertex", VERTEX)
    assert bedrock.base_url == "https://bedrock-runtime.eu-central-1.amazonaws.com"
    assert (vertex.base_url, vertex.project) == ("https://europe-west1-aiplatform.googleapis.com", "acme-ai-1")
    assert address_of("anthropic-vertex", "global") == "https://aiplatform.googleapis.com"
    assert address_of("anthropic-vertex", "eu") == "https://aiplatform.eu.rep.googleapis.com"


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("bedrock-runtime.eu-central-1.amazonaws.com", True),
        ("bedrock-runtime-fips.eu-central-1.amazonaws.com", True),
        ("vpce-0a1b.bedrock-runtime.eu-central-1.vpce.amazonaws.com", True),
        ("bedrock-runtime.us-east-1.amazonaws.com", False),
        ("bedrock-runtime.eu-central-1.amazonaws.com.example.org", False),
        ("example.org", False),
    ],
)
def test_a_host_is_that_of_the_region_or_it_is_not(host: str, ours: bool) -> None:
    assert is_host_of("anthropic-bedrock", host, "eu-central-1") is ours


@pytest.mark.parametrize(
    ("zone", "region", "together"),
    [
        ("", "eu-west-1", True),
        ("eu", "eu-west-1", True),
        ("us", "eu-west-1", False),
        ("us", "us-gov-west-1", False),
        ("us-gov", "us-gov-west-1", True),
        ("apac", "ap-south-1", True),
        ("au", "ap-southeast-2", True),
        ("jp", "ap-southeast-2", False),
        ("mars", "eu-west-1", False),
    ],
)
def test_a_profile_is_called_from_the_regions_of_its_zone_only(zone: str, region: str, together: bool) -> None:
    assert is_called_from(zone, region) is together


@pytest.mark.parametrize(
    ("kind", "keys", "message"),
    [
        ("anthropic-bedrock", without(BEDROCK, "region"), "3:5: a provider of kind anthropic-bedrock needs a region"),
        ("anthropic-bedrock", BEDROCK | {"region": "EU"}, '5:13: "EU" is no region'),
        ("anthropic-bedrock", BEDROCK | {"perimeter": "local"}, "4:16: anthropic-bedrock runs in a cloud"),
        ("anthropic-bedrock", without(BEDROCK, "key"), "3:5: a provider of kind anthropic-bedrock needs a key"),
        (
            "anthropic-bedrock",
            BEDROCK | {"base_url": "https://bedrock-runtime.us-east-1.amazonaws.com"},
            "7:15: bedrock-runtime.us-east-1.amazonaws.com is not the host of anthropic-bedrock in eu-central-1 "
            "(it is bedrock-runtime.eu-central-1.amazonaws.com)",
        ),
        (
            "anthropic-bedrock",
            BEDROCK | {"base_url": "https://bedrock-runtime.eu-central-1.amazonaws.com/x"},
            "7:15: the address ends with its host here",
        ),
        ("anthropic-vertex", without(VERTEX, "project"), "needs a project"),
        ("anthropic-vertex", VERTEX | {"project": "a/../b"}, '6:14: "a/../b" is no id of a project'),
        ("anthropic-vertex", VERTEX | {"region": "global"}, "5:13: the global location may be anywhere"),
        ("anthropic-vertex", VERTEX | {"key": "env:K"}, "7:10: a token of Google Cloud lasts for an hour"),
        ("azure-openai", without(AZURE, "deployment"), "needs a deployment"),
        ("azure-openai", without(AZURE, "region"), "needs a region"),
        ("azure-openai", without(AZURE, "base_url"), "needs a base_url"),
        ("azure-openai", AZURE | {"deployment": "global"}, "6:17: a global deployment may be anywhere"),
        ("azure-openai", AZURE | {"deployment": "data-zone"}, "5:13: the region of a data zone is eu or us"),
        ("azure-openai", AZURE | {"region": "eu"}, "5:13: eu is more than a region"),
        ("azure-openai", AZURE | {"base_url": "https://acme.example.org"}, "7:15: acme.example.org is not the host"),
        (
            "azure-openai",
            AZURE | {"base_url": "https://westus.api.cognitive.microsoft.com"},
            "westus.api.cognitive.microsoft.com is not the host of azure-openai in swedencentral",
        ),
        ("openai-compatible", ROUTER | {"project": "p"}, "only a provider of kind anthropic-vertex has a project"),
        ("openai-compatible", ROUTER | {"deployment": "region"}, "only a provider of kind azure-openai has a depl"),
        ("openai-compatible", ROUTER | {"perimeter": "account"}, "openrouter.ai is a public vendor"),
        (
            "openai-compatible",
            {"perimeter": "account", "base_url": "https://acme.openai.azure.com/openai/v1", "key": "env:K"},
            "4:16: nothing says where acme.openai.azure.com works on what it is sent (kind azure-openai keeps",
        ),
        (
            "openai-compatible",
            {"perimeter": "local", "base_url": "https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1"},
            "4:16: nothing says where bedrock-runtime.eu-west-1.amazonaws.com works on",
        ),
    ],
)
def test_a_provider_that_could_leave_its_perimeter_is_told_at_its_line(
    kind: str, keys: dict[str, str], message: str
) -> None:
    (found,) = said(text(kind, keys))
    assert message in found


@pytest.mark.parametrize(
    ("kind", "keys", "model_id", "message"),
    [
        ("anthropic-bedrock", BEDROCK, "global.anthropic.claude-x", "in any commercial region"),
        ("anthropic-bedrock", BEDROCK, "us.anthropic.claude-x", 'the zone "us." does not belong to the region eu-'),
        ("anthropic-bedrock", BEDROCK, "mars.anthropic.claude-x", '"mars." is no zone of Bedrock'),
        ("anthropic-bedrock", BEDROCK, "arn:aws:bedrock:eu-central-1:1:application-inference-profile/x", "no Claude"),
        ("anthropic-bedrock", BEDROCK, "amazon.nova-pro-v1:0", "no Claude model of Bedrock"),
        ("anthropic-vertex", VERTEX, "gemini-2.5-pro", "no Claude model of Vertex"),
        ("anthropic-vertex", VERTEX, "claude-x/../../other", "no Claude model of Vertex"),
        ("openai-compatible", ROUTER, "acme/m:online", "lets OpenRouter search the web or choose a model"),
        ("openai-compatible", ROUTER, "openrouter/auto", "lets OpenRouter search the web or choose a model"),
    ],
)
def test_a_model_that_could_leave_its_perimeter_is_told_at_its_id(
    kind: str, keys: dict[str, str], model_id: str, message: str
) -> None:
    (found,) = said(text(kind, keys, model_id))
    line = text(kind, keys, model_id).splitlines().index(f"    id: {model_id}") + 1
    assert f"p.yml:{line}:9: " in found and message in found


def test_what_may_be_anywhere_is_taken_where_the_perimeter_says_so() -> None:
    public = {"perimeter": "public"}
    assert said(text("anthropic-bedrock", BEDROCK | public, "global.anthropic.claude-x")) == []
    assert said(text("anthropic-vertex", VERTEX | public | {"region": "global"})) == []
    assert said(text("azure-openai", without(AZURE, "region") | public | {"deployment": "global"})) == []
    assert said(text("azure-openai", AZURE | {"deployment": "data-zone", "region": "eu"})) == []


def test_a_deployment_says_which_model_is_behind_it() -> None:
    (found,) = said(text("azure-openai", AZURE, more="effort: low"))
    assert 'key "answers_as" is missing for the deployment "ours"' in found


@pytest.mark.parametrize("kind", USUAL)
@pytest.mark.parametrize(
    "extra", ["model", "models", "Messages", "base_url", "tools", "stream", "n", "inference_geo", '"\u017ftream"']
)
def test_an_extra_never_changes_what_is_asked_or_whom(kind: str, extra: str) -> None:
    (found,) = said(text(kind, USUAL[kind] | {"extras": f"{{{extra}: 1}}"}))
    assert "cannot be an extra (extras add to a request;" in found
    assert f"p.yml:{4 + len(USUAL[kind])}:" in found


def test_all_that_is_ours_is_on_the_list_of_what_is_no_extra() -> None:
    assert {"model", "messages", "system", "tools", "max_tokens", "stream", "format", "n"} <= RESERVED_EXTRAS
    assert all(word == word.lower() for word in RESERVED_EXTRAS)


@pytest.mark.parametrize(
    ("extras", "message"),
    [
        ("{provider: {data_collection: allow}}", "OpenRouter is always asked with data_collection: deny"),
        ("{data_collection: allow}", "OpenRouter is always asked with data_collection: deny"),
        ("{provider: {zdr: false}}", "OpenRouter is always asked with zdr: true"),
        ("{provider: {zdr: 1}}", "OpenRouter is always asked with zdr: true"),
        ("{provider: {allow_fallbacks: true}}", "OpenRouter is always asked with allow_fallbacks: false"),
        ("{provider: {require_parameters: false}}", "OpenRouter is always asked with require_parameters: true"),
        ("{provider: {max_price: {prompt: 99}}}", "max_price is always the model's own price"),
        ("{provider: anthropic}", "keys with values are wanted here"),
    ],
)
def test_openrouter_is_not_told_to_keep_what_it_is_sent(extras: str, message: str) -> None:
    (found,) = said(text("openai-compatible", ROUTER | {"extras": extras}))
    assert "p.yml:7:" in found and message in found


def test_openrouter_may_be_told_which_servers_and_what_it_is_told_anyway() -> None:
    extras = "{provider: {only: [acme], zdr: true, data_collection: deny}, top_k: 5}"
    assert said(text("openai-compatible", ROUTER | {"extras": extras})) == []
