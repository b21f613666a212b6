"""The contents of blobs that were read last, by object id, so that what is read again needs no process of git."""

from collections import OrderedDict


class Contents:
    """So many bytes in all; the least recently read go first. An id names its content, so nothing gets old."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def get(self, oid: str) -> bytes | None:
        """The content, or None when it is not kept."""
        if oid in self._held:
            self._held.move_to_end(oid)
        return self._held.get(oid)

    def keep(self, oid: str, data: bytes) -> None:
        """Keep a content that is not kept yet; one that alone takes the room of all others is not."""
        if oid in self._held or len(data) > self._most // 2:
            return
        self._held[oid] = data
        self._size += len(data)
        while self._size > self._most:
            self._size -= len(self._held.popitem(last=False)[1])

    def clear(self) -> None:
        """Let go of everything."""
        self._held.clear()
        self._size = 0
