"""Money as a refusal tells it, where each digit may be what decided."""

from functools import lru_cache


@lru_cache(maxsize=4096)
def dollars(amount: float, digits: int = 9) -> str:
    """US dollars with cents at least, `digits` digits of a dollar at most, and none that say nothing: `$0.202`."""
    text = f"{amount:.{digits}f}"
    cents = len(text) - digits + 2
    return "$" + text[:cents] + text[cents:].rstrip("0")
