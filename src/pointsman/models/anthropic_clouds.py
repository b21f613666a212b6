"""Anthropic's models in a cloud account: the Messages format behind the addresses and keys of Bedrock and Vertex.

Only the key of each cloud is needed, no package of its own: both take a bearer token and the path says the model.
"""

import re
from base64 import b64encode
from urllib.parse import quote

from pointsman.domain.models import Ask, Model
from pointsman.models.adapter import Question
from pointsman.models.anthropic import Anthropic
from pointsman.models.anthropic_wire import cloud_body_of
from pointsman.models.encoding import encoded

BEDROCK_VERSION = "bedrock-2023-05-31"
VERTEX_VERSION = "vertex-2023-10-16"
_TRY = {"max_tokens": 1, "messages": [{"role": "user", "content": "Hello."}]}
_ZONE = re.compile(r"^[a-z-]+\.(?=anthropic\.)")


class Bedrock(Anthropic):
    """One provider of kind `anthropic-bedrock`, asked with an API key of Bedrock (Amazon Bedrock API reference,
    "InvokeModel"; Amazon Bedrock User Guide, "Anthropic Claude Messages API" and "Use an Amazon Bedrock API key")."""

    def question(self, ask: Ask, estimate: int) -> Question:
        body = encoded(cloud_body_of(ask, BEDROCK_VERSION))
        return Question("POST", f"/model/{_segment(ask.model.id)}/invoke", body, ask)

    def probes(self, model: Model) -> tuple[Question, ...]:
        # Counting is free and says whether key and address hold; it knows models without the zone of a profile only
        # (Amazon Bedrock API reference, "CountTokens").
        held = b64encode(encoded({"anthropic_version": BEDROCK_VERSION} | _TRY)).decode()
        path = f"/model/{_segment(_ZONE.sub('', model.id))}/count-tokens"
        return (Question("POST", path, encoded({"input": {"invokeModel": {"body": held}}})),)

    def missing(self, model: Model, answers: tuple[tuple[int, bytes], ...]) -> str:
        # Not every model and region can count, so only a key that is refused or silence says something.
        return ""

    def headers(self, key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"} if key else {}


class Vertex(Anthropic):
    """One provider of kind `anthropic-vertex`, asked with an access token (Google Cloud documentation, "Request
    predictions with Claude models"; Anthropic documentation, "Claude on Vertex AI")."""

    def question(self, ask: Ask, estimate: int) -> Question:
        body = encoded(cloud_body_of(ask, VERTEX_VERSION))
        return Question("POST", self._path(ask.model.id), body, ask)

    def probes(self, model: Model) -> tuple[Question, ...]:
        body = encoded({"anthropic_version": VERTEX_VERSION, "model": model.id, "messages": _TRY["messages"]})
        return (Question("POST", self._path("count-tokens"), body),)

    def headers(self, key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"} if key else {}

    def _path(self, model_id: str) -> str:
        project, location = _segment(self._provider.project), _segment(self._provider.region)
        place = f"projects/{project}/locations/{location}/publishers/anthropic/models"
        return f"{self._base}/v1/{place}/{_segment(model_id)}:rawPredict"


def _segment(text: str) -> str:
    """One part of a path that stays one part, whatever a policy writes."""
    return quote(text, safe=":@") if text.strip(".") else "invalid"
