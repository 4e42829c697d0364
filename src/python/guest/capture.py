"""What a block wrote: its first and last bytes, and a count of those between. Never holds more than it was told to."""

_CONTINUATION = bytes(range(0x80, 0xC0))


class Capture:
    def __init__(self, keep: int) -> None:
        self.keep = keep
        self.total = 0
        self.dropped_bytes = 0
        self.dropped_chars = 0
        self.head = bytearray()
        self.tail = bytearray()

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self.keep - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        if data:
            self.tail += data
            if len(self.tail) > 2 * self.keep:
                self.trim()

    def trim(self) -> None:
        extra = len(self.tail) - self.keep
        if extra > 0:
            gone = self.tail[:extra]
            self.dropped_bytes += extra
            self.dropped_chars += len(gone.translate(None, _CONTINUATION))
            del self.tail[:extra]

    def ends_in_newline(self) -> bool:
        last = self.tail or self.head
        return not last or last.endswith(b"\n")
