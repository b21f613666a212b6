"""What clouds call their regions, zones and hosts, from their public documentation."""

import re
from collections.abc import Mapping

CLOUDS = ("anthropic-bedrock", "anthropic-vertex", "azure-openai")

# Prefixes of cross-region profiles, and the regions they are called from (Amazon Bedrock User Guide, "Supported
# Regions and models for inference profiles"). What is sent to one may be processed in any region of its zone.
_PROFILES: Mapping[str, re.Pattern[str]] = {
    "us-gov": re.compile(r"us-gov-.+"),
    "us": re.compile(r"us-(?!gov-).+"),
    "eu": re.compile(r"eu-.+"),
    "apac": re.compile(r"ap-.+"),
    "au": re.compile(r"ap-southeast-[24]"),
    "jp": re.compile(r"ap-northeast-[13]"),
    "global": re.compile(r".+"),
}
BEDROCK_ZONES = tuple(_PROFILES)
BEDROCK_ID = re.compile(r"(?:([a-z-]+)\.)?anthropic\.claude-[a-z0-9.:-]+")
VERTEX_ID = re.compile(r"claude-[a-z0-9.-]+(?:@[a-z0-9]+)?")
REGION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# Google Cloud documentation, "Creating and managing projects".
PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")

# A resource's own name, or the one that all of a region share (Azure OpenAI REST API reference).
_AZURE = re.compile(
    r"[a-z0-9-]+\.(?:openai|cognitiveservices|services\.ai)\.azure\.com|([a-z0-9]+)\.api\.cognitive\.microsoft\.com"
)
_BEDROCK = re.compile(r"(?:.+\.)?bedrock-[a-z-]+\..*(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)")


def address_of(kind: str, region: str) -> str:
    """The address of a cloud in a region; empty where the kind has none that follows from the region.

    Amazon Bedrock endpoints and quotas; Google Cloud documentation, "Generative AI on Vertex AI locations".
    """
    if kind == "anthropic-bedrock":
        return f"https://bedrock-runtime.{region}.amazonaws.com"
    if kind != "anthropic-vertex":
        return ""
    if region == "global":
        return "https://aiplatform.googleapis.com"
    zone = region in ("us", "eu")
    return (
        f"https://aiplatform.{region}.rep.googleapis.com" if zone else f"https://{region}-aiplatform.googleapis.com"
    )


def is_host_of(kind: str, host: str, region: str) -> bool:
    """Whether `host` is the cloud's in that region: the public one, or for Bedrock a private endpoint to it.

    An Azure resource is called by a name of its own, which does not tell its region; only a shared host does.
    """
    if kind == "azure-openai":
        found = _AZURE.fullmatch(host)
        return found is not None and found.group(1) in (None, region)
    if kind == "anthropic-bedrock":
        place = rf"(?:bedrock-runtime(?:-fips)?\.{region}|.+\.bedrock-runtime\.{region}\.vpce)\.amazonaws\.com"
        return re.fullmatch(place, host) is not None
    return address_of(kind, region) == f"https://{host}"


def cloud_of(host: str) -> str:
    """The kind of provider that has rules for `host`, which no other kind goes round; empty for other hosts."""
    if _BEDROCK.fullmatch(host):
        return "anthropic-bedrock"
    return "azure-openai" if _AZURE.fullmatch(host) else ""


def is_called_from(zone: str, region: str) -> bool:
    """Whether a profile of that zone belongs to the region; what has no zone stays in its region."""
    return not zone or (zone in _PROFILES and _PROFILES[zone].fullmatch(region) is not None)
