"""The models that may be named, with what they cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from pointsman.config.policy_file import PolicyFile
from pointsman.config.validation import nearest
from pointsman.domain.figures import Measured
from pointsman.domain.models import Model, Price, Provider, ProviderKind
from pointsman.policy.canonical import digest_of
from pointsman.policy.globs import matches_word

REGIONAL = 1.1
"""What keeping to a region costs more than the listed price (Anthropic documentation, "Pricing", data residency and
third-party platforms; Azure charges about the same for data zones). Bedrock's list has prices of its own for it."""
_LISTED_GLOBALLY = (ProviderKind.ANTHROPIC_VERTEX, ProviderKind.AZURE_OPENAI)

PriceOf = Callable[[ProviderKind, str, str], Price | None]
"""Price of (kind of provider, its name, model id) from the public price list; None when nobody knows it."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The policy's models, priced."""

    models: Mapping[str, Model]
    _digests: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def digest(self, model: Model) -> str:
        """sha256 over everything that is known of the model, worked out once."""
        found = self._digests.get(model.name)
        if found is None:
            found = self._digests[model.name] = digest_of(model)
        return found

    def nearest(self, name: str) -> str:
        """The name that was probably meant, or empty."""
        return nearest(name, tuple(self.models))


def catalogue_of(policy: PolicyFile, price_of: PriceOf) -> Catalogue:
    """The catalogue; a declared price wins over the price list."""
    models = policy.domain_models()
    return Catalogue({name: _priced(model, price_of) for name, model in models.items()})


def is_served(model: Model) -> bool:
    """Whether the model's provider may be asked for its id."""
    return _fits_any(model.provider.serves, model.id)


@lru_cache(maxsize=4096)
def _fits_any(patterns: tuple[str, ...], model_id: str) -> bool:
    return any(matches_word(pattern, model_id) for pattern in patterns)


def worst_call_usd(price: Price, *, input_tokens: int, output_tokens: int) -> float:
    """The most that one call of this size can cost, in US dollars."""
    dearest = max(price.input_usd, price.cache_write_usd)
    return (dearest * input_tokens + price.output_usd * output_tokens) / 1_000_000


def usual_call_usd(model: Model, usual: Measured) -> float:
    """What a call of the usual size costs with a model whose price is known, in US dollars."""
    assert model.price is not None
    return (model.price.input_usd * usual.input_tokens + model.price.output_usd * usual.output_tokens) / 1_000_000


def _priced(model: Model, price_of: PriceOf) -> Model:
    if model.price is not None:
        return model
    listed = price_of(model.provider.kind, model.provider.name, model.answers_as or model.id)
    return replace(model, price=_times(listed, REGIONAL) if listed and _is_dearer(model.provider) else listed)


def _is_dearer(provider: Provider) -> bool:
    return bool(provider.asked_region) or (provider.kind in _LISTED_GLOBALLY and provider.region != "global")


def _times(price: Price, factor: float) -> Price:
    parts = (price.input_usd, price.output_usd, price.cache_read_usd, price.cache_write_usd)
    return Price(*(round(part * factor, 6) for part in parts))
