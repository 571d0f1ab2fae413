"""Lines over file descriptors, with every wait bounded: what child processes and sockets have in common."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Mapping
from typing import Final

from vnic_conformance.protocol.messages import MAX_LINE_BYTES, Fields, NotAMessageError, decode, encode
from vnic_conformance.targets.failures import Died, Garbage, HalfLine, Hung, LineTooLong, NotReading, Unsolicited

_CHUNK: Final = 1 << 16
_SHOWN: Final = 100


def seconds(duration: float) -> str:
    """A wait in words."""
    return f"{duration:.3g} s"


def quoted(data: bytes) -> str:
    """The beginning of some bytes, printable and short."""
    text = ascii(data[:_SHOWN].decode("utf-8", errors="backslashreplace"))
    return text if len(data) <= _SHOWN else f"{text}... ({len(data)} bytes)"


class LineChannel:
    """Requests out, replies in, over two descriptors, which are made non-blocking and stay the caller's.

    Args:
        reader: descriptor of the replies.
        writer: descriptor of the requests; may be the same.
    """

    def __init__(self, reader: int, writer: int) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()
        self._eof = False
        self._reading = select.poll()
        self._reading.register(reader, select.POLLIN)
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)

    def exchange(self, request: Fields, wait_s: float) -> Mapping[str, object]:
        """Send one request and read one line.

        Raises:
            AdapterBroken: of the kind that fits.
        """
        self._take()
        if self._buffer:
            raise Unsolicited(f"the line {quoted(bytes(self._buffer))}")
        deadline = time.monotonic() + wait_s
        self._send(encode(request), deadline, wait_s)
        return self._message(self._line(deadline, wait_s))

    def drain(self, wait_s: float) -> bool:
        """Read on until the end of output; whether that came within ``wait_s`` seconds.

        Raises:
            Unsolicited: something still came, and nothing was asked.
        """
        deadline = time.monotonic() + wait_s
        while not self._eof:
            if self._buffer or not self._wait(self._reading, deadline):
                break
            self._take()
        if self._buffer:
            raise Unsolicited(
                f"after bye {quoted(bytes(self._buffer))}", expected="nothing more after the answer to bye"
            )
        return self._eof

    # -- out -------------------------------------------------------------------------------------------------------

    def _send(self, data: bytes, deadline: float, wait_s: float) -> None:
        view = memoryview(data)
        both: select.poll | None = None
        while view:
            try:
                view = view[os.write(self._writer, view) :]
                continue
            except BlockingIOError:
                pass
            except OSError:  # a closed pipe: what it wrote before it went is read below
                return
            if both is None:
                both = select.poll()
                both.register(self._writer, select.POLLOUT)
                if self._reader != self._writer:
                    both.register(self._reader, select.POLLIN)
                else:
                    both.modify(self._writer, select.POLLIN | select.POLLOUT)
            # It may be waiting for us to read before it reads on.
            self._take()
            if self._eof:
                return
            if not self._wait(both, deadline):
                raise NotReading(f"{len(view)} bytes of the request were not taken within {seconds(wait_s)}")

    # -- in --------------------------------------------------------------------------------------------------------

    def _take(self) -> None:
        """Take what is there, without waiting."""
        while not self._eof and len(self._buffer) <= MAX_LINE_BYTES:
            try:
                data = os.read(self._reader, _CHUNK)
            except BlockingIOError:
                return
            except OSError:  # a reset connection
                data = b""
            if not data:
                self._eof = True
                return
            self._buffer += data
            if len(data) < _CHUNK:
                return

    def _line(self, deadline: float, wait_s: float) -> bytes:
        searched = 0
        while True:
            self._take()
            end = self._buffer.find(b"\n", searched)
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                if len(line) > MAX_LINE_BYTES:
                    raise LineTooLong(f"{len(line)} bytes", expected=f"at most {MAX_LINE_BYTES} bytes")
                return line
            searched = len(self._buffer)
            if searched > MAX_LINE_BYTES:
                raise LineTooLong(
                    f"more than {searched} bytes without a line feed, beginning with {quoted(bytes(self._buffer[:40]))}",
                    expected=f"at most {MAX_LINE_BYTES} bytes",
                )
            if self._eof:
                came = (
                    f"the end of its output after {quoted(bytes(self._buffer))}"
                    if searched
                    else "the end of its output"
                )
                raise Died(came)
            if not self._wait(self._reading, deadline):
                if searched:
                    raise HalfLine(
                        f"{quoted(bytes(self._buffer))} without a line feed, then nothing for {seconds(wait_s)}"
                    )
                raise Hung(f"nothing within {seconds(wait_s)}")

    def _wait(self, poll: select.poll, deadline: float) -> bool:
        """Wait until something can be done; false if the time is over."""
        left = deadline - time.monotonic()
        return left > 0 and bool(poll.poll(left * 1000))

    def _message(self, line: bytes) -> Mapping[str, object]:
        try:
            return dict(decode(line))
        except NotAMessageError as error:
            raise Garbage(f"{quoted(line)}: {error}") from None
