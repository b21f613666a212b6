"""What an HTTP status or an error body of a provider means: an outage, or something that a person must mend."""

import math
import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from pointsman.domain.breaker import LONGEST_ASKED, OutageKind
from pointsman.domain.errors import OperatorMust, OwnerMust, PointsmanError
from pointsman.domain.models import Model, Provider

LONGEST_DETAIL = 200
ECHO = 32
"""So many characters in a row that also stand in what was sent are taken for an echo of the prompt."""

_CONTEXT = re.compile(
    r"context.?(length|window|size)|maximum context|prompt is too long|input length exceeds|too many (input )?tokens",
    re.IGNORECASE,
)
_QUOTA = re.compile(r"credit balance|insufficient.?(quota|credits?|balance)", re.IGNORECASE)
_SECRETS = re.compile(r"\b(sk|pk|key|gsk|xai|AIza)[-_][\w*.-]{6,}|\bBearer\s+\S+", re.IGNORECASE)


def outage_of(status: int) -> OutageKind | None:
    """The kind of outage that a status means, or None when asking again would not help."""
    if status == 429:
        return "rate-limit"
    if status in (503, 529):
        return "overloaded"
    if status in (408, 504):
        return "timeout"
    return "server" if status >= 500 else None


def problem_of(status: int, detail: str, *, model: Model, provider: Provider, sent: bytes) -> PointsmanError:
    """Who must mend what, for a status that is no outage. `detail` is scrubbed here before anybody sees it."""
    if status in (401, 403):
        return bad_key(provider, f"Provider {provider.name} refused the credential ({status})")
    if status == 413 or (status in (400, 422) and _CONTEXT.search(detail)):
        return OwnerMust(
            f"The prompt is longer than {model.name} takes.",
            code="context-window",
            hint="Route this phase to a model with a larger window, or lower the limits of its route.",
        )
    if status == 404:
        return OperatorMust(
            f"Provider {provider.name} does not know the model {model.id}.",
            code="unknown-model",
            hint="Check the model's id in the policy, and that the provider offers it.",
        )
    if status == 402 or _QUOTA.search(detail):
        return OperatorMust(
            f"Provider {provider.name} says that its quota or credit is used up.",
            code="quota",
            hint="Raise the quota at the provider, or route to another one.",
        )
    words = scrubbed(detail, sent)
    return OperatorMust(
        f"Provider {provider.name} refused the request for {model.id} ({status})" + (f": {words}" if words else "."),
        code="bad-request",
        hint="The model's entry in the policy (output, tools, effort, limits) may not fit it.",
    )


def bad_key(provider: Provider, what: str) -> OperatorMust:
    """The credential is missing or wrong; names where it is looked for, never the credential."""
    place = f"looked for at {provider.key}" if provider.key else "none is declared in the policy"
    return OperatorMust(
        f"{what}; the key is {place}." if provider.key else f"{what}; {place}.",
        code="bad-key",
        hint="Put a valid key there, then go on with `pointsman resume`.",
    )


def scrubbed(detail: str, sent: bytes) -> str:
    """A provider's words on one line, short, without what looks like a key or echoes the request."""
    words = _SECRETS.sub("[removed]", " ".join(detail.split()))[:LONGEST_DETAIL]
    told = " ".join(sent.decode("utf-8", "replace").split())
    start = next((at for at in range(len(words) - ECHO + 1) if words[at : at + ECHO] in told), None)
    return words if start is None else words[:start].rstrip() + " [removed]"


def seconds_of(retry_after: str, now: str) -> float:
    """A Retry-After header in seconds, at most an hour; 0 when it says nothing usable. `now` is ISO 8601."""
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            moment = parsedate_to_datetime(retry_after)
            seconds = (moment - datetime.fromisoformat(now)).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(max(seconds, 0.0), LONGEST_ASKED) if math.isfinite(seconds) else 0.0
