"""Questions to a model: built within its window, read into a typed value, mended once when unreadable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pointsman.domain.errors import OwnerMust, TryAgain
from pointsman.domain.json import JsonObject
from pointsman.domain.levels import Phase
from pointsman.domain.marks import REPAIR
from pointsman.domain.models import Ask, Ending, Image, Message, Model, Outage, Reply, Shape, ToolSpec
from pointsman.domain.run import Limits, Refuse, Route, RunSpec, caps_for
from pointsman.phases.templates import Prompt, shorten
from pointsman.ports.bundle import Ports

T = TypeVar("T")

CHARS_PER_TOKEN = 3
BYTES_PER_TOKEN = 2.5
"""What a token is counted as where text is shortened before a question is built; the count that decides is the
door's own."""
_REPAIR_ECHO = 2000
_NAMED = 12


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A value that was read from a reply, and the model that really answered."""

    value: T
    model: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """No value could be read, not even after the repair turn."""

    why: str
    model: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt that may be left out when the window is small; the name is told instead.

    `smaller` are shorter forms of it, the best first, tried before it is left out.
    """

    name: str
    text: str
    smaller: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is asked in a phase, and under which limits."""

    spec: RunSpec
    ports: Ports
    phase: Phase
    model: Model
    fallback: tuple[Model, ...]
    limits: Limits

    @property
    def output_tokens(self) -> int:
        """How long an answer may be: the smallest of the limits, and never more than half the window."""
        bounds = (self.limits.max_output_tokens, self.model.max_output, self.model.window // 2)
        return min(bound for bound in bounds if bound > 0)

    @property
    def input_tokens(self) -> int:
        """How long a question may be, so that question and answer fit the window together."""
        room = self.model.window - self.output_tokens
        return min(room, self.limits.max_input_tokens) if self.limits.max_input_tokens > 0 else room

    def ask(
        self,
        prompt: Prompt,
        *,
        further: tuple[Message, ...] = (),
        shape: Shape | None = None,
        tools: tuple[ToolSpec, ...] = (),
        temperature: float | None = None,
        images: tuple[Image, ...] = (),
    ) -> Ask:
        """The question as a value; `further` are the turns after the first, which comes with the `images`."""
        return Ask(
            phase=self.phase,
            model=self.model,
            system=prompt.system,
            messages=(Message("user", prompt.user, images=images), *further),
            template=prompt.template,
            max_output_tokens=self.output_tokens,
            caps=caps_for(self.spec, self.phase),
            repository_id=self.spec.repository.id,
            within=self.spec.perimeters,
            requester=self.spec.requester_id,
            patience=self.limits.seconds,
            fallback=self.fallback,
            shape=shape,
            tools=tools,
            temperature=temperature,
        )

    def fits(self, ask: Ask) -> bool:
        """Whether the question is within the limit of its input."""
        return self.ports.models.estimate_tokens(ask) <= self.input_tokens


def route_of(spec: RunSpec, phase: Phase) -> Route:
    """The route of a phase. Raises OwnerMust when policy left none."""
    route = spec.route(phase)
    if isinstance(route, Refuse):
        raise OwnerMust(route.reason, code=route.rule, hint=route.mend)
    return route


def asking_of(spec: RunSpec, ports: Ports, phase: Phase) -> Asking:
    """The primary model of the phase's route. Raises OwnerMust when there is no route."""
    route = route_of(spec, phase)
    return Asking(spec, ports, phase, route.primary, route.fallback, route.limits)


def coder_on(spec: RunSpec, ports: Ports, rung: int) -> Asking:
    """The model on a rung of the ladder that codes; only the first has others that stand in for it.

    Raises OwnerMust when there is no such rung.
    """
    route = route_of(spec, Phase.CODE)
    if rung >= len(route.ladder):
        raise OwnerMust(
            f"The route of phase code has {len(route.ladder)} models, and all of them were tried.",
            code="ladder-ended",
            hint="Name a further model under `escalate`, or rerun the phase with --model.",
        )
    return Asking(spec, ports, Phase.CODE, route.ladder[rung], () if rung else route.fallback, route.limits)


def within(text: str, tokens: int) -> str:
    """`text`, shortened with a remark to about so many tokens; letters of other scripts count as what they take."""
    size = len(text.encode("utf-8", "surrogatepass"))
    room = tokens * BYTES_PER_TOKEN
    return text if size <= room else shorten(text, int(len(text) * room / size))


def fit(asking: Asking, pieces: Sequence[Piece], build: Callable[[tuple[Piece, ...], tuple[str, ...]], Ask]) -> Ask:
    """The question with each piece in the largest of its forms that fits; those that come first are served first.

    Every form is counted in the whole question before it is taken. `build` is told the names of what is left out.
    Raises OwnerMust when the question does not fit without any piece.
    """
    names = tuple(piece.name for piece in pieces)
    whole = build(tuple(pieces), ())
    if asking.fits(whole):
        return whole
    smallest = build((), names)
    if not asking.fits(smallest):
        raise _too_long(asking, smallest)
    ask, kept, left_out = smallest, list[Piece](), list[str]()
    for place, piece in enumerate(pieces, 1):
        for text in (piece.text, *piece.smaller):
            candidate = build((*kept, Piece(piece.name, text)), (*left_out, *names[place:]))
            if asking.fits(candidate):
                ask = candidate
                kept.append(Piece(piece.name, text))
                break
        else:
            left_out.append(piece.name)
    return ask


def _too_long(asking: Asking, smallest: Ask) -> OwnerMust:
    needed = asking.ports.models.estimate_tokens(smallest)
    window, output = asking.model.window, asking.output_tokens
    return OwnerMust(
        f"The question of phase {asking.phase} does not fit {asking.model.name}: its smallest form has about "
        f"{needed} tokens, and at most {asking.input_tokens} may be asked (window {window}, of which {output} are "
        "kept for the answer).",
        code="context-window",
        hint="Route this phase to a model with a larger window, raise max_input_tokens, or shorten the issue.",
    )


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


async def reply_to(ports: Ports, ask: Ask) -> Reply:
    """The reply. Raises TryAgain when neither the model nor its fallbacks answered.

    A fallback whose window does not hold the question is passed over.
    """
    answer = await ports.models.ask(_for_those_who_can_hold_it(ports, ask))
    if isinstance(answer, Outage):
        raise TryAgain(
            f"{answer.model} at {answer.provider} could not answer in phase {ask.phase}: {answer.kind}.",
            after=answer.retry_after,
            code="outage",
            hint="Start the provider or wait, then resume the run; or name a fallback in the routing file.",
        )
    return answer


def _for_those_who_can_hold_it(ports: Ports, ask: Ask) -> Ask:
    if not ask.fallback:
        return ask
    asked, asked_apart = ports.models.estimate_tokens(ask), frozenset(one.model.name for one in ask.own)

    def can(model: Model) -> bool:
        return model.name in asked_apart or asked + min(ask.max_output_tokens, model.max_output) <= model.window

    able = tuple(model for model in ask.fallback if can(model))
    unfit = tuple(model.name for model in ask.fallback if model not in able)
    return replace(ask, fallback=able, unfit=(*ask.unfit, *unfit)) if unfit else ask


async def ask_shaped(ports: Ports, ask: Ask, read: Callable[[JsonObject], T | str]) -> Answer[T] | Unreadable:
    """Ask for a value and read it; when that fails, one more turn shows the model what was wrong.

    `read` returns the value, or a sentence saying what is wrong (so the value itself must not be a string).
    Raises TryAgain on an outage, and what the door raises.
    """
    reply = await reply_to(ports, ask)
    found = _value_of(reply, read)
    if not isinstance(found, str):
        return Answer(found, reply.model)
    if reply.ending is Ending.REFUSED:
        return Unreadable("the model declined to answer", reply.model)
    mended = await reply_to(ports, _repair(ask, reply, found))
    again = _value_of(mended, read)
    return Unreadable(again, mended.model) if isinstance(again, str) else Answer(again, mended.model)


def _value_of(reply: Reply, read: Callable[[JsonObject], T | str]) -> T | str:
    if reply.data is not None:
        return read(reply.data)
    if reply.ending is Ending.CUT:
        return "the answer was cut off at the length limit; write a shorter one"
    if not reply.text.strip():
        return "the answer was empty"
    return "the answer held no JSON object"


def _repair(ask: Ask, reply: Reply, wrong: str) -> Ask:
    said = shorten(reply.text.strip() or "(nothing)", _REPAIR_ECHO)
    names = ", ".join(_names_in(ask.shape)) if ask.shape else ""
    again = f"That answer cannot be used: {wrong}. Answer again with one JSON object and nothing else"
    order = f"{again}, with the keys: {names}." if names else f"{again}."
    return asked_again(ask, said, order, is_unreadable=True)


def asked_again(ask: Ask, said: str, order: str, *, is_unreadable: bool) -> Ask:
    """The question with what was answered and what was wrong with it; its template tells of an unreadable answer."""
    template = f"{ask.template}{REPAIR}" if is_unreadable else ask.template
    turns = (Message("assistant", said), Message("user", order))
    return replace(ask, messages=(*ask.messages, *turns), template=template)


def _names_in(shape: Shape) -> tuple[str, ...]:
    properties = shape.schema.get("properties")
    return tuple(str(name) for name in properties) if isinstance(properties, dict) else ()


def temperature_of(model: Model, attempt: int = 0) -> float | None:
    """0 for the first attempt, then varied, because a model at 0 repeats itself.

    None, the vendor's own value, for models that think: OpenAI's reasoning models and Claude with extended thinking
    refuse any other (API reference of both).
    """
    if model.effort or model.tier == "frontier":
        return None
    return (0.0, 0.6, 0.9)[min(attempt, 2)]
