"""What a call may cost and what it did cost, in tokens and US dollars."""

from pointsman.domain.errors import OperatorMust
from pointsman.domain.models import Ask, Model, Price, Usage
from pointsman.models.encoding import encoded
from pointsman.models.picturing import tokens_of

BYTES_PER_TOKEN = 2.5
"""Below what public tokenisers reach on prose (four) and on terse code (2.6), so that the count comes out high."""
TOKENS_PER_TURN = 8
TRAINED_TOKENS = 1_100
"""A tool without a schema brings one of its own: 700 tokens, and 346 for tools at all (Anthropic documentation,
"Text editor tool" and "Tool use")."""
MILLION = 1_000_000
WRITE_SURCHARGE = 1.25
"""Writing to a provider's cache costs a quarter more than plain input (Anthropic documentation, "Prompt caching")."""


def estimated_tokens(ask: Ask) -> int:
    """An upper estimate of the input tokens of `ask`: from its bytes, its pictures and something for each turn."""
    size = _bytes(ask.system)
    images = [image for message in ask.messages for image in message.images if ask.model.images]
    seen = sum(tokens_of(image, ask.model) for image in images)
    seen += sum(TRAINED_TOKENS for tool in ask.tools if tool.trained)
    for message in ask.messages:
        size += _bytes(message.text)
        for call in message.calls:
            size += len(encoded(call.arguments)) + len(call.name) + len(call.id)
    for tool in ask.tools:
        size += len(encoded(tool.arguments)) + _bytes(tool.description) + len(tool.name)
    if ask.shape:
        # A form that goes into the prompt stands there twice: in words and as an example.
        size += 2 * len(encoded(ask.shape.schema)) + 300
    return int(size / BYTES_PER_TOKEN) + seen + TOKENS_PER_TURN * (len(ask.messages) + len(ask.tools) + 2)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def reserved_usd(price: Price, estimate: int, output: int) -> float:
    """The most that a call with these tokens can cost: all input at the dearest input price."""
    dearest = max(price.input_usd, _write_price(price))
    return (estimate * dearest + output * price.output_usd) / MILLION


def _write_price(price: Price) -> float:
    return price.cache_write_usd or price.input_usd * WRITE_SURCHARGE


def cost_usd(price: Price, usage: Usage) -> float:
    """What the counted tokens cost. A cache price that is not known counts as the dearer plain one."""
    fresh = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    total = (
        max(fresh, 0) * price.input_usd
        + usage.cache_read_tokens * (price.cache_read_usd or price.input_usd)
        + usage.cache_write_tokens * _write_price(price)
        + usage.output_tokens * price.output_usd
    )
    return total / MILLION


def believable(usage: Usage | None, model: Model, estimate: int, output: int) -> Usage:
    """Usage that can be booked: what was reserved, where the provider's numbers are missing or absurd."""
    if usage and _plausible(usage, model, estimate, output):
        return usage
    return Usage(estimate, output, estimated=True)


def _plausible(usage: Usage, model: Model, estimate: int, output: int) -> bool:
    counts = (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens)
    if min(counts) < 0 or usage.cache_read_tokens + usage.cache_write_tokens > usage.input_tokens:
        return False
    window = max(model.context_window, estimate + output)
    return usage.input_tokens <= window and usage.output_tokens <= window


def known_price(model: Model) -> Price:
    """The price of a model. Raises OperatorMust(unknown-price)."""
    if model.price is None:
        raise OperatorMust(
            f"The price of model {model.name} is not known.",
            code="unknown-price",
            hint="Declare its price in the policy (0 for own hardware).",
        )
    return model.price
