"""Bodies of requests, read with a limit for each and one for all together."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from pointsman.entrypoints.web.answers import Refused

# GitHub delivers nothing larger (GitHub documentation, "Webhook events and payloads").
LARGEST = 25 << 20
_TOGETHER = 4 * LARGEST
_SECONDS = 30.0


class Bodies:
    """Reads bodies into memory; what would be too much is refused before it is there."""

    def __init__(self, largest: int = LARGEST, together: int = _TOGETHER) -> None:
        self._largest = largest
        self._together = together
        self._held = 0

    async def read(self, request: Request) -> bytes:
        """The body as it came. Raises Refused: 413, 415 (packed), 408, 503 (too many at once), 400 (cut off)."""
        self._refuse_from_headers(request)
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(_SECONDS):
                async for chunk in _chunks(request):
                    size += len(chunk)
                    self._held += len(chunk)
                    self._refuse_more(size)
                    chunks.append(chunk)
        except TimeoutError as error:
            raise Refused(408, "slow", "The body did not come in time.") from error
        finally:
            self._held -= size
        return b"".join(chunks)

    def _refuse_from_headers(self, request: Request) -> None:
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise Refused(415, "packed", "The body must not be compressed.")
        if "transfer-encoding" in request.headers and "content-length" in request.headers:
            # Whoever stands before us may have believed the other one.
            raise Refused(400, "length", "The body has two lengths.")
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise Refused(400, "length", "The length of the body is no number.")
        # A number of thousands of digits is not even read.
        if len(length) > 12 or int(length) > self._largest:
            raise self._too_large()

    def _refuse_more(self, size: int) -> None:
        if size > self._largest:
            raise self._too_large()
        if self._held > self._together:
            raise Refused(503, "busy", "Too much is being received at once.", retry_after=5)

    def _too_large(self) -> Refused:
        return Refused(413, "too-large", f"The body is larger than {self._largest} bytes.")


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The parts of the body as they come (ASGI specification, "HTTP Connection Scope")."""
    more = True
    while more:
        message = await request.receive()
        if message["type"] != "http.request":
            raise Refused(400, "cut-off", "The body was cut off.")
        yield message.get("body", b"")
        more = message.get("more_body", False)
