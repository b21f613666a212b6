"""Prices from the genai-prices snapshot that is installed with us; it is never refreshed over the network."""

from decimal import Decimal

from pointsman.domain.models import Price, ProviderKind

_OWN = {
    ProviderKind.ANTHROPIC: "anthropic",
    ProviderKind.ANTHROPIC_BEDROCK: "aws",
    ProviderKind.ANTHROPIC_VERTEX: "google",
    ProviderKind.OPENAI: "openai",
    ProviderKind.AZURE_OPENAI: "azure",
}


def price_of(kind: ProviderKind, provider_name: str, model_id: str) -> Price | None:
    """US dollars per million tokens, or None when the snapshot does not know the model.

    A compatible provider is looked up by its name (`openrouter`, `deepseek`, ...). Where a price has tiers or
    conditions, the dearest counts: what is reserved must not be too little.
    """
    if kind in (ProviderKind.OLLAMA, ProviderKind.SCRIPTED):
        return None
    from genai_prices.data_snapshot import get_snapshot
    from genai_prices.types import ModelPrice

    try:
        _, model = get_snapshot().find_provider_model(model_id, None, _OWN.get(kind, provider_name), None)
    except LookupError:
        return None
    held = model.prices
    prices = [held] if isinstance(held, ModelPrice) else [one.prices for one in held]
    names = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
    dearest = [max((_dollars(getattr(one, name, None)) for one in prices), default=0.0) for name in names]
    return Price(*dearest) if dearest[0] and dearest[1] else None


def _dollars(price: object) -> float:
    if isinstance(price, Decimal | int | float):
        return float(price)
    tiers = getattr(price, "tiers", None)
    if tiers is None:
        return 0.0
    return max(_dollars(getattr(price, "base", None)), *(_dollars(getattr(tier, "price", None)) for tier in tiers))
