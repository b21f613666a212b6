"""What the door asks of each kind of provider: bytes out, bytes in, and how to read them."""

from dataclasses import dataclass
from typing import Protocol

from pointsman.domain.models import RESERVED_EXTRAS, Ask, Ending, Model, Provider, ToolCall, Usage


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said, in our words. `usage` is None when it gave no numbers that can be used.

    `region`, `via` and `remote` are where it says that the answer was made: a region, another provider behind it, and
    another host than its own. Each is empty when it does not say.
    """

    text: str
    calls: tuple[ToolCall, ...]
    served: str
    ending: Ending
    usage: Usage | None
    shaped: object = None
    region: str = ""
    via: str = ""
    remote: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error that stands in a body: an HTTP status (also where the transport said 200) and the provider's words."""

    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Question:
    """One request: method, whole path, and the exact bytes. `ask` is None for a probe."""

    method: str
    path: str
    body: bytes
    ask: Ask | None = None


def extras_of(provider: Provider) -> dict[str, object]:
    """What a policy adds to each request of a provider, without what no policy may add."""
    return {name: value for name, value in provider.extras.items() if name.lower() not in RESERVED_EXTRAS}


class NoLook:
    """For kinds that cannot be asked where a model runs."""

    def look(self, model: Model) -> Question | None:
        """Nothing to ask."""
        return None

    def seen(self, body: bytes) -> str | Trouble:
        """Nothing was asked."""
        return ""


class Adapter(Protocol):
    """Speaks one wire format with one provider. It never retries and never decides."""

    def question(self, ask: Ask, estimate: int) -> Question:
        """The request for `ask`, whose input was estimated at that many tokens."""

    def probes(self, model: Model) -> tuple[Question, ...]:
        """Requests without content that show whether `model` can be asked."""

    def missing(self, model: Model, answers: tuple[tuple[int, bytes], ...]) -> str:
        """What the answers to the probes (status and body) say against asking `model`; empty when nothing."""

    def look(self, model: Model) -> Question | None:
        """A request without content that must show, before a question, that the model runs where its provider stands.

        None where no such thing can be asked.
        """

    def seen(self, body: bytes) -> str | Trouble:
        """Where the answer to a look says that the model really runs; empty when it runs here."""

    def headers(self, key: str) -> dict[str, str]:
        """The headers of a request, with the credential when there is one."""

    async def send(self, question: Question) -> None:
        """Put the question on the wire; what comes of it stands in the exchange in force."""

    def read(self, ask: Ask, body: bytes) -> Answer | Trouble:
        """Read an answer with status 200."""

    def detail(self, body: bytes) -> str:
        """The provider's own words in an error body, unscrubbed."""

    async def close(self) -> None:
        """Close every connection."""
