"""The providers and models that the organisation's policy names: everything that can cost money or leak text."""

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, JsonValue, WithJsonSchema, field_validator, model_validator

from pointsman.config.clouds import CLOUDS, address_of
from pointsman.config.shapes import Flag, Seconds, Strict, Text, Tier, Tokens, Word
from pointsman.domain.levels import Perimeter
from pointsman.domain.models import EditStyle, Model, OutputStyle, Price, Provider, ProviderKind, ToolStyle

WELL_KNOWN: Mapping[str, str] = {
    "anthropic": "https://api.anthropic.com",
    "openai": "https://api.openai.com/v1",
}
LATER = ("copilot", "duo")
# Hosts that are public whatever a policy says of them.
PUBLIC_HOSTS = (
    "anthropic.com",
    "openai.com",
    "openrouter.ai",
    "deepseek.com",
    "googleapis.com",
    "mistral.ai",
    "groq.com",
    "together.xyz",
    "ollama.com",
)

Kind = Literal[
    "anthropic",
    "openai",
    "openai-compatible",
    "ollama",
    "scripted",
    "anthropic-bedrock",
    "anthropic-vertex",
    "azure-openai",
    "copilot",
    "duo",
]


def _key_reference(text: str) -> str:
    kind, _, rest = text.partition(":")
    if kind == "env" and rest.isidentifier() and rest.isascii():
        return text
    if kind == "file" and rest.startswith("/") and rest.isprintable():
        return text
    raise ValueError("a key is named by where it is found, env:NAME or file:/path; what stands here is not shown")


def _base_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("this is no address; write it as http://host:port/path") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("an address begins with http:// or https:// and names a host")
    if parts.username is not None or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise ValueError("an address holds no user, query or fragment")
    return text.rstrip("/")


KeyReference = Annotated[
    str,
    AfterValidator(_key_reference),
    WithJsonSchema({"type": "string", "pattern": r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.*)$"}),
]


class ProviderEntry(Strict):
    """One endpoint that may be asked."""

    kind: Kind = Field(description="Which wire format it speaks.")
    perimeter: Perimeter = Field(description="Where it runs: own hardware, own cloud account, or a public vendor.")
    base_url: Text = Field("", description="Its address; may be left out where the kind, or its region, tells it.")
    key: KeyReference | None = Field(None, description="Where its key is found: `env:NAME` or `file:/path`.")
    serves: tuple[Text, ...] = Field(
        ("*",), min_length=1, description="Model ids it may be asked for; * fits any part."
    )
    region: Text | None = Field(
        None, description="Region, location or zone; `anthropic` is asked to keep to it and must say that it did."
    )
    project: Text | None = Field(None, description="The project, for `anthropic-vertex`.")
    deployment: Literal["global", "data-zone", "region"] | None = Field(
        None, description="Where an `azure-openai` deployment may work; `global` is public."
    )
    extras: Mapping[str, JsonValue] = Field(
        {}, description="Fields added to each request; none changes what is asked."
    )
    timeout_seconds: Seconds = Field(300, description="Longest wait for one answer, in seconds.")

    @field_validator("kind")
    @classmethod
    def _built(cls, kind: str) -> str:
        if kind in LATER:
            raise ValueError(f"providers of kind {kind} are not supported by this version")
        return kind

    @model_validator(mode="after")
    def _address(self) -> "ProviderEntry":
        if self.kind == "scripted":
            return self
        if not self.address and address_of(self.kind, "any"):
            # What is missing is the region, which is told where all rules of clouds are.
            return self
        if not self.address:
            raise ValueError(f"a provider of kind {self.kind} needs a base_url")
        host = urlsplit(_base_url(self.address)).hostname or ""
        if self.perimeter is not Perimeter.PUBLIC and _is_public(host) and self.kind not in CLOUDS:
            raise ValueError(f"{host} is a public vendor; its perimeter is public")
        if self.perimeter is not Perimeter.LOCAL and not self.address.startswith("https://"):
            raise ValueError("only a local provider may be asked over http; write https://")
        return self

    @property
    def address(self) -> str:
        """The base address, well known or written here, without a slash at its end."""
        found = WELL_KNOWN.get(self.kind) or (address_of(self.kind, self.region) if self.region else "")
        return (self.base_url or found).rstrip("/")


class PriceEntry(Strict):
    """US dollars per million tokens; zero for own hardware."""

    input: float = Field(ge=0, le=10_000, strict=True, allow_inf_nan=False, description="Tokens sent.")
    output: float = Field(ge=0, le=10_000, strict=True, allow_inf_nan=False, description="Tokens answered.")
    cache_read: float = Field(
        0, ge=0, le=10_000, strict=True, allow_inf_nan=False, description="Tokens read from cache."
    )
    cache_write: float = Field(
        0, ge=0, le=10_000, strict=True, allow_inf_nan=False, description="Tokens put in cache."
    )

    @model_validator(mode="before")
    @classmethod
    def _free(cls, value: object) -> object:
        free = isinstance(value, int) and not isinstance(value, bool) and value == 0
        return {"input": 0, "output": 0} if free else value


class ModelEntry(Strict):
    """One model of the catalogue; routing files call it by its short name."""

    provider: Word = Field(description="A provider named above.")
    id: Word = Field(description="What the provider calls it.")
    vendor: Word = Field(description="Who made it.")
    family: Word = Field(description="Which models it descends from; reviewer and coder never share it.")
    tier: Tier = Field(description="How strong it is.")
    context_window: Tokens = Field(description="Tokens that question and answer may have together.")
    max_output: Tokens = Field(8192, description="Tokens of its longest answer.")
    output: OutputStyle = Field(OutputStyle.PROMPTED, description="How it is brought to answer in a given shape.")
    tools: ToolStyle = Field(ToolStyle.NONE, description="How it takes tools.")
    edits: EditStyle = Field(EditStyle.BLOCKS, description="In which form it writes edits.")
    num_ctx: int = Field(
        0, strict=True, ge=0, le=10_000_000, description="Window asked of Ollama; 0 is sized per call."
    )
    effort: Text | None = Field(None, description="Thinking effort, in the provider's words.")
    answers_as: Word | None = Field(
        None, description="The name it answers under, if not its id; `azure-openai` needs it."
    )
    images: Flag = Field(False, description="Whether it takes pictures; a reviewer is then shown previews.")
    price: PriceEntry | None = Field(None, description="Left out, the public price list is asked; `0` is free.")

    @field_validator("vendor", "family")
    @classmethod
    def _lower(cls, word: str) -> str:
        # Separation compares these words, so that Claude and claude must not pass for two families.
        return word.lower()

    @model_validator(mode="after")
    def _fits(self) -> "ModelEntry":
        if self.max_output >= self.context_window:
            raise ValueError("max_output is smaller than context_window, which holds the question as well")
        if self.edits.is_loop and self.tools is ToolStyle.NONE:
            raise ValueError(f"edits: {self.edits} needs tools: native or text; without tools say blocks or whole")
        return self


def domain_provider(name: str, entry: ProviderEntry) -> Provider:
    """The provider as the rest of the house knows it."""
    return Provider(
        name=name,
        kind=ProviderKind(entry.kind),
        base_url=entry.base_url if entry.kind == "scripted" else entry.address,
        perimeter=entry.perimeter,
        key=entry.key or "",
        serves=entry.serves,
        region=entry.region or "",
        extras=dict(entry.extras),
        timeout_seconds=entry.timeout_seconds,
        project=entry.project or "",
    )


def domain_model(name: str, entry: ModelEntry, provider: Provider) -> Model:
    """The model as the rest of the house knows it; its price is None unless the policy declares one."""
    price = entry.price
    return Model(
        name=name,
        provider=provider,
        id=entry.id,
        vendor=entry.vendor,
        family=entry.family,
        tier=entry.tier,
        context_window=entry.context_window,
        price=Price(price.input, price.output, price.cache_read, price.cache_write) if price else None,
        output=entry.output,
        tools=entry.tools,
        edits=entry.edits,
        max_output=entry.max_output,
        num_ctx=entry.num_ctx,
        effort=entry.effort or "",
        answers_as=entry.answers_as or "",
        images=entry.images,
    )


def _is_public(host: str) -> bool:
    return any(host == public or host.endswith("." + public) for public in PUBLIC_HOSTS)
