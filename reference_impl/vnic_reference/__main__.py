"""``python -m vnic_reference``: the adapter on standard input and output, one JSON object per line.

Ends after ``bye`` or at the end of input. ``--fault NAME`` makes one of the faulty variants, ``--faults`` lists them.
"""

from __future__ import annotations

import argparse
import sys
from typing import BinaryIO

from vnic_reference.adapter import Adapter
from vnic_reference.faults import FAULTS


def serve(requests: BinaryIO, replies: BinaryIO, adapter: Adapter | None = None) -> None:
    """Answer each line of ``requests`` with a line of ``replies``; bytes that are not UTF-8 are no reason to stop."""
    adapter = adapter or Adapter()
    for line in requests:
        replies.write(adapter.answer(line.decode("utf-8", errors="replace")).encode() + b"\n")
        replies.flush()
        if adapter.closed:
            break


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m vnic_reference", description="The reference hypervisor's adapter.")
    parser.add_argument("--fault", choices=sorted(FAULTS), metavar="NAME", help="serve this faulty variant")
    parser.add_argument("--faults", action="store_true", help="list the faulty variants and end")
    options = parser.parse_args()
    if options.faults:
        width = max(map(len, FAULTS))
        for fault in FAULTS.values():
            sys.stdout.write(f"{fault.name:{width}}  {fault.requirement:6}  {fault.description}\n")
        return
    serve(sys.stdin.buffer, sys.stdout.buffer, FAULTS[options.fault].adapter() if options.fault else None)


if __name__ == "__main__":
    main()
