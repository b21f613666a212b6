"""Prompts and answers, kept encrypted outside git and erased in time; notes hold their digests alone."""

from typing import Protocol

from pointsman.domain.texts import Erasure, KeptRun, Look, SentText, TextFacts, TextSum, Which


class Texts(Protocol):
    """Survives crashes. Every method may be called twice with the same arguments and counts once."""

    async def begin(self, run: KeptRun) -> None:
        """Say how long the texts of a run are kept. What was said first stands; of a run unknown nothing is kept."""

    async def keep(self, texts: tuple[tuple[SentText, bytes], ...]) -> None:
        """Keep texts of one run, encrypted, if the run keeps any. Raises OperatorMust (`text-key`)."""

    async def find(self, prefix: str) -> tuple[TextFacts, ...]:
        """The texts whose digest begins so, newest first, erased ones among them."""

    async def read(self, text: TextFacts) -> bytes:
        """The exact bytes. Raises OperatorMust: `text-key` without the right key, `text-damaged` for other bytes."""

    async def sum(self, which: Which) -> TextSum:
        """How much of it is still there."""

    async def erase(self, which: Which, erasure: Erasure, limit: int = 0) -> int:
        """Erase texts, at most `limit` where that is given; what stays of each is its digest, when and why."""

    async def look(self, look: Look) -> None:
        """Remember that somebody asked to see a text."""

    async def looks(self, limit: int = 100) -> tuple[Look, ...]:
        """Who asked to see which text, newest first."""
