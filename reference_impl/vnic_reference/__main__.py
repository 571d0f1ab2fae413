"""``python -m vnic_reference``: the adapter on standard input and output, one JSON object per line.

Ends after ``bye`` or at the end of input. ``--fault NAME`` makes one of the faulty variants, ``--faults`` lists them (with
``--json`` as data, legal variants included); ``--variant NAME`` one that is not faulty. ``--clock real``
lets time pass as it does on the wall; the machine itself still knows no clock but the one it is told.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from typing import BinaryIO, Protocol

from vnic_reference.adapter import FEATURES, Adapter
from vnic_reference.client_adapter import ClientAdapter
from vnic_reference.client_variants import CLIENT_VARIANTS
from vnic_reference.faults import FAULTS, VARIANTS
from vnic_reference.faults.listing import listing
from vnic_reference.system import program
from vnic_reference.system.adapter import SystemAdapter
from vnic_reference.system.faults import SYSTEM_FAULTS


class Named(Protocol):
    """A faulty variant, whatever it is a variant of."""

    @property
    def name(self) -> str:
        """How it is asked for."""

    @property
    def requirement(self) -> str:
        """ID of the requirement that it hurts."""

    @property
    def description(self) -> str:
        """What it does wrong, in a sentence."""


def serve(
    requests: BinaryIO, replies: BinaryIO, adapter: Adapter | SystemAdapter | ClientAdapter | None = None
) -> None:
    """Answer each line of ``requests`` with a line of ``replies``; bytes that are not UTF-8 are no reason to stop."""
    adapter = adapter or Adapter()
    for line in requests:
        replies.write(adapter.answer(line.decode("utf-8", errors="replace")).encode() + b"\n")
        replies.flush()
        if adapter.closed:
            break


def _milliseconds() -> int:
    return time.monotonic_ns() // 1_000_000


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m vnic_reference", description="The reference hypervisor's adapter.")
    parser.add_argument("--fault", metavar="NAME", help="serve this faulty variant of the role")
    parser.add_argument("--faults", action="store_true", help="list the faulty variants and end")
    parser.add_argument("--json", action="store_true", help="with --faults: all variants as one JSON object")
    parser.add_argument(
        "--role",
        choices=("hypervisor", "system", "client"),
        default="hypervisor",
        help="what is behind the adapter [hypervisor]",
    )
    parser.add_argument(
        "--variant", choices=sorted(VARIANTS), metavar="NAME", help="serve this one, which is not faulty"
    )
    parser.add_argument("--clock", choices=("virtual", "real"), default="virtual", help="which clock [virtual]")
    parser.add_argument("--quiet-ms", type=int, default=0, metavar="MS", help="quiet time that it claims [0]")
    scenarios = parser.add_argument_group("scenarios", "Exit codes: 0 the laws of the data path held, 1 not, 2 no run.")
    scenarios.add_argument("--scenario", metavar="NAME", help="run a scenario: a file in TOML, or claim1")
    scenarios.add_argument("--pcapng", metavar="FILE", help="write the frames of all ports, for Wireshark")
    scenarios.add_argument("--timeline", metavar="FILE", help="write the timeline with all frames as JSON lines")
    scenarios.add_argument("--brief", action="store_true", help="print neither calls nor elements")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=FEATURES.split(),
        metavar="FEATURE",
        help="do not have this feature (repeatable)",
    )
    options = parser.parse_args()
    if options.scenario is not None:
        sys.exit(program.run(options.scenario, options.pcapng, options.timeline, brief=options.brief))
    if options.fault and options.variant:
        parser.error("--fault and --variant exclude each other")
    if options.quiet_ms < 0:
        parser.error("--quiet-ms must be 0 or more")
    rosters: dict[str, Mapping[str, Named]] = {"hypervisor": FAULTS, "system": SYSTEM_FAULTS, "client": CLIENT_VARIANTS}
    known = rosters[options.role]
    if options.fault is not None and options.fault not in known:
        parser.error(f"--fault {options.fault}: there are {', '.join(sorted(known))}")
    if options.json and not options.faults:
        parser.error("--json goes with --faults")
    if options.faults and options.json:
        sys.stdout.write(json.dumps(listing(options.role), indent=2) + "\n")
        return
    if options.faults:
        width = max(map(len, known))
        for fault in known.values():
            sys.stdout.write(f"{fault.name:{width}}  {fault.requirement:6}  {fault.description}\n")
        return
    if options.role != "hypervisor":
        if options.clock != "virtual" or options.quiet_ms or options.variant or options.without:
            parser.error("--clock, --quiet-ms, --variant and --without are for role hypervisor")
        served: SystemAdapter | ClientAdapter
        if options.role == "client":
            served = ClientAdapter(CLIENT_VARIANTS[options.fault].make) if options.fault else ClientAdapter()
        else:
            served = SYSTEM_FAULTS[options.fault].adapter() if options.fault else SystemAdapter()
        serve(sys.stdin.buffer, sys.stdout.buffer, served)
        return
    clock = _milliseconds if options.clock == "real" else None
    chosen = FAULTS.get(options.fault) or VARIANTS.get(options.variant)
    make = Adapter if chosen is None else chosen.adapter
    serve(sys.stdin.buffer, sys.stdout.buffer, make(clock=clock, quiet_ms=options.quiet_ms, without=options.without))


if __name__ == "__main__":
    main()
