"""OpenAI's models in an Azure account: chat completions behind a resource's own address, by the name of a deployment.

Azure OpenAI documentation, "Azure OpenAI in Microsoft Foundry Models v1 API": `/openai/v1`, the key in `api-key`, and
the deployment where the model stands elsewhere.
"""

from dataclasses import replace

from pointsman.domain.models import Model, Provider
from pointsman.models.openai import OpenAI

_PATH = "/openai/v1"


class AzureOpenAI(OpenAI):
    """One provider of kind `azure-openai`."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(replace(provider, base_url=provider.base_url.rstrip("/").removesuffix(_PATH) + _PATH))

    def missing(self, model: Model, answers: tuple[tuple[int, bytes], ...]) -> str:
        # The list names the models that could be deployed, not the deployments.
        return ""

    def headers(self, key: str) -> dict[str, str]:
        return {"api-key": key} if key else {}
