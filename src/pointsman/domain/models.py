"""What is said to a model and what comes back, in a form that no vendor owns."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from pointsman.domain.breaker import OutageKind
from pointsman.domain.json import JsonObject
from pointsman.domain.levels import Perimeter, Phase


class ProviderKind(StrEnum):
    """Which wire format a provider speaks."""

    ANTHROPIC = "anthropic"
    ANTHROPIC_BEDROCK = "anthropic-bedrock"
    ANTHROPIC_VERTEX = "anthropic-vertex"
    OPENAI = "openai"
    AZURE_OPENAI = "azure-openai"
    OPENAI_COMPATIBLE = "openai-compatible"
    OLLAMA = "ollama"
    SCRIPTED = "scripted"


_RESERVED = (
    "anthropic_version background base_url container context_management conversation fallback fallbacks format "
    "function_call functions image images inference_geo input instructions max_completion_tokens "
    "max_output_tokens max_tokens mcp_servers messages model models n output_config plugins preset "
    "previous_response_id prompt raw response_format route shift store stream stream_options suffix system "
    "template think tool_choice tools transforms truncate web_search_options"
)
RESERVED_EXTRAS = frozenset(_RESERVED.split())
"""Fields of a request that no policy adds as an extra: they would name another model or address, change what is
asked, let a server fetch or keep something, or make the answer one that cannot be read."""


class OutputStyle(StrEnum):
    """How a model is brought to answer in a given shape."""

    NATIVE = "native"
    TOOL = "tool"
    PROMPTED = "prompted"


class ToolStyle(StrEnum):
    """How a model takes tools: by its API, as text in the prompt, or not at all."""

    NATIVE = "native"
    TEXT = "text"
    NONE = "none"


class EditStyle(StrEnum):
    """In which form a model writes its edits.

    `tools`, `claude-editor` and `apply-patch` are loops of tools: ours, and those that Claude and GPT know by heart.
    """

    WHOLE = "whole"
    BLOCKS = "blocks"
    TOOLS = "tools"
    CLAUDE_EDITOR = "claude-editor"
    APPLY_PATCH = "apply-patch"

    @property
    def is_loop(self) -> bool:
        """Whether the model works in turns, with tools in its hands."""
        return self in (EditStyle.TOOLS, EditStyle.CLAUDE_EDITOR, EditStyle.APPLY_PATCH)


REFUSALS_OF_A_FORM = 2
"""Answers of one model without a valid edit after which it is asked in another form."""

REFUSALS_OF_A_MODEL = 3
"""Answers of one model without a valid edit, whatever the form, after which the next model takes over."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens. All zero means declared free (own hardware)."""

    input_usd: float
    output_usd: float
    cache_read_usd: float = 0.0
    cache_write_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Caps:
    """Money limits in US dollars: for the phase, the run, and in one day (UTC) for the repository, the installation,
    and whoever asks, where the policy caps that. `held_usd` of the run's money is kept for the review.
    """

    phase_usd: float
    run_usd: float
    repository_day_usd: float
    installation_day_usd: float
    requester_day_usd: float | None = None
    held_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Provider:
    """One endpoint that may be asked. `key` names where the credential is found, never the credential.

    `region` is a region, location or zone, empty where none is declared; `project` is Google Cloud's.
    """

    name: str
    kind: ProviderKind
    base_url: str
    perimeter: Perimeter
    key: str = ""
    serves: tuple[str, ...] = ("*",)
    region: str = ""
    extras: JsonObject = field(default_factory=dict)
    timeout_seconds: float = 300.0
    project: str = ""

    @property
    def asked_region(self) -> str:
        """The region that each request asks for and each answer must name; empty where nothing can be asked.

        Only Anthropic's own API has a word for it; a gateway that speaks its format in your account has not.
        """
        asks = self.kind is ProviderKind.ANTHROPIC and self.perimeter is Perimeter.PUBLIC
        return self.region if asks and self.region != "global" else ""


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the catalogue, with everything a call needs; it is copied whole into the RunSpec.

    `price` is None when neither the policy nor genai-prices knows it; such a model is refused.
    `context_window` and `max_output` are in tokens. `num_ctx` is Ollama's window for the call (0: sized per call).
    `answers_as` is the name under which it answers where that is not its id, such as behind an Azure deployment.
    `images` says that it takes pictures.
    """

    name: str
    provider: Provider
    id: str
    vendor: str
    family: str
    tier: Literal["small", "mid", "frontier"]
    context_window: int
    price: Price | None
    output: OutputStyle = OutputStyle.PROMPTED
    tools: ToolStyle = ToolStyle.NONE
    edits: EditStyle = EditStyle.BLOCKS
    max_output: int = 8192
    num_ctx: int = 0
    effort: str = ""
    answers_as: str = ""
    images: bool = False

    @property
    def is_free(self) -> bool:
        """Whether it is declared to cost nothing."""
        return self.price is not None and not (self.price.input_usd or self.price.output_usd)

    @property
    def window(self) -> int:
        """How many tokens question and answer may have together; Ollama holds no more than its own `num_ctx`."""
        fixed = self.num_ctx if self.provider.kind is ProviderKind.OLLAMA else 0
        return min(fixed, self.context_window) if fixed > 0 else self.context_window


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool that is offered to a model: a name, one sentence, and the JSON Schema of its arguments.

    `trained` is the type under which its vendor knows the tool without a schema; empty for a tool of ours.
    """

    name: str
    description: str
    arguments: JsonObject
    trained: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model asks for. `arguments` is the parsed object, {} when it could not be read."""

    id: str
    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class Image:
    """A picture (PNG) by the sha256 of its bytes; width and height in pixels.

    `data` is empty until the door loads it for a model that takes images: nothing that is kept holds the bytes.
    """

    sha256: str
    width: int
    height: int
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. A tool's answer has role `tool` and the id of the call that it answers.

    `images` come with a user's turn, for models that take them.
    """

    role: Literal["user", "assistant", "tool"]
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """The form in which an answer is wanted: a name and a JSON Schema object."""

    name: str
    schema: JsonObject


@dataclass(frozen=True, slots=True)
class Permit:
    """What policy allows for exactly one call; the transport refuses everything else.

    `origin` is scheme://host:port of the provider; `max_cost_usd` bounds what may be reserved for the
    call, `within` says where its text may go.
    """

    run_id: str
    call_id: str
    phase: Phase
    provider: str
    origin: str
    model_id: str
    max_cost_usd: float
    within: tuple[Perimeter, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to one model.

    `run_id` and `call_id` are filled in by the run, not by the phase; `call_id` is the same when a step is repeated
    after a crash, so that the ledger knows the call again. `fallback` is tried by the run when `model` is out of
    order; `unfit` names the models that were left out of it because this question does not fit their windows. `own`
    are the questions of those among them that are asked in a form of their own.
    `template` names the prompt template and its version, such as `plan/1`; it goes into the note. `within`
    are the perimeters that the text may be sent to; `requester` is who pays, as forge and numeric id.
    `patience` is how many seconds the run may wait, in the whole phase, for models that are out. `pressing` asks for
    a trial of a provider that is held off.
    """

    phase: Phase
    model: Model
    system: str
    messages: tuple[Message, ...]
    template: str
    max_output_tokens: int
    caps: Caps
    repository_id: str
    within: tuple[Perimeter, ...]
    fallback: tuple[Model, ...] = ()
    unfit: tuple[str, ...] = ()
    own: "tuple[Ask, ...]" = ()
    run_id: str = ""
    call_id: str = ""
    shape: Shape | None = None
    tools: tuple[ToolSpec, ...] = ()
    temperature: float | None = None
    requester: str = ""
    patience: float = 0.0
    pressing: bool = False

    def put_to(self, model: Model) -> "Ask":
        """The question as it is put to one of its models: its own, where it has one."""
        own = next((one for one in self.own if one.model.name == model.name), None)
        return replace(self, model=model) if own is None else replace(own, pressing=self.pressing)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; `estimated` when it gave none and we did."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    estimated: bool = False


class Ending(StrEnum):
    """Why a model stopped writing."""

    COMPLETE = "complete"
    CUT = "cut"
    TOOLS = "tools"
    REFUSED = "refused"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `data` is the JSON value found in the text when a shape was asked for, else None.

    `sent_sha256` and `received_sha256` are digests of the exact bytes on the wire. `region` and `via` are where the
    provider says that it was made: a region, and another provider behind it; empty when it does not say.
    """

    call_id: str
    model: str
    served: str
    provider: str
    text: str
    data: JsonObject | None
    calls: tuple[ToolCall, ...]
    ending: Ending
    usage: Usage
    cost_usd: float
    seconds: float
    sent_sha256: str
    received_sha256: str
    lifted: bool = False
    salvaged: bool = False
    region: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True)
class Outage:
    """The provider could not answer; only this kind of ending may fall back to another model.

    `held` says that nothing was sent, since earlier calls met outages. `retry_after` is in seconds, 0 when not known;
    `seconds` is how long it took to find out.
    """

    call_id: str
    model: str
    provider: str
    kind: OutageKind
    message: str
    retry_after: float = 0.0
    held: bool = False
    seconds: float = field(default=0.0, compare=False)
