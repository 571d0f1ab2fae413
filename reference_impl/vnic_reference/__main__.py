"""``python -m vnic_reference``: the adapter on standard input and output, one JSON object per line.

Ends after ``bye`` or at the end of input.
"""

from __future__ import annotations

import sys
from typing import BinaryIO

from vnic_reference.adapter import Adapter


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer each line of ``requests`` with a line of ``replies``; bytes that are not UTF-8 are no reason to stop."""
    adapter = Adapter()
    for line in requests:
        replies.write(adapter.answer(line.decode("utf-8", errors="replace")).encode() + b"\n")
        replies.flush()
        if adapter.closed:
            break


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
