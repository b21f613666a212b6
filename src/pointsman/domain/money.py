"""Money as a refusal tells it, where each digit may be what decided."""


def dollars(amount: float, digits: int = 9) -> str:
    """US dollars with cents at least, `digits` digits of a dollar at most, and none that say nothing: `$0.202`."""
    whole, _, rest = f"{amount:.{digits}f}".partition(".")
    return f"${whole}.{rest.rstrip('0').ljust(2, '0')}"
