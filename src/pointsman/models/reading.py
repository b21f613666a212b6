"""From a provider's answer to our reply: the data in the wanted form, and calls that were written as text."""

from dataclasses import dataclass

from pointsman.domain.json import JsonObject
from pointsman.domain.models import Ask, Ending, ToolCall
from pointsman.models.adapter import Answer
from pointsman.models.structured import clean, salvage, shaped
from pointsman.models.tools import lift


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says to the ask."""

    data: JsonObject | None
    calls: tuple[ToolCall, ...]
    ending: Ending
    lifted: bool
    salvaged: bool


def told(ask: Ask, answer: Answer) -> Told:
    """Read `answer` as an answer to `ask`; a call of an offered tool goes before an answer in the wanted form."""
    lifted = lift(answer.text, ask.tools) if ask.tools and not answer.calls and answer.shaped is None else ()
    if lifted:
        ending = answer.ending if answer.ending is Ending.CUT else Ending.TOOLS
        return Told(None, lifted, ending, lifted=True, salvaged=False)
    data, salvaged = _data(ask, answer)
    return Told(data, answer.calls, answer.ending, lifted=False, salvaged=salvaged)


def _data(ask: Ask, answer: Answer) -> tuple[JsonObject | None, bool]:
    if ask.shape is None or answer.calls:
        return None, False
    if answer.shaped is not None:
        data = shaped(answer.shaped, ask.shape)
        return data, data is not None and data != answer.shaped
    data = clean(answer.text, ask.shape)
    if data is not None:
        return data, False
    data = salvage(answer.text, ask.shape)
    return data, data is not None
