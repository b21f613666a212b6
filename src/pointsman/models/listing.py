"""Which models a local server offers; asked by the demonstration only, and without any content."""

from pydantic import BaseModel, ValidationError

_SECONDS = 2.0


class _Named(BaseModel):
    name: str = ""
    id: str = ""


class _Listed(BaseModel):
    """Ollama answers `GET /api/tags` with `models`, OpenAI-compatible servers `GET /models` with `data`."""

    models: tuple[_Named, ...] = ()
    data: tuple[_Named, ...] = ()


async def served_models(kind: str, base_url: str) -> tuple[str, ...]:
    """The ids that the server lists, sorted; none when it does not answer or answers something else."""
    import httpx2

    path = "/api/tags" if kind == "ollama" else "/models"
    try:
        async with httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=_SECONDS) as client:
            answer = await client.get(base_url.rstrip("/") + path)
        if answer.status_code != 200:
            return ()
        listed = _Listed.model_validate_json(answer.content)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValidationError):
        return ()
    names = {entry.name or entry.id for entry in (*listed.models, *listed.data)}
    return tuple(sorted(name for name in names if name and not name.endswith("cloud")))
