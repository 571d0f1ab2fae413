"""Lines of a trace of hypervisor calls: ftrace, trace-cmd and perf print the same payload behind different heads.

Neither arguments nor the unit are recorded, and every VIO driver makes the same calls: they witness kind and result only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from vnic_conformance.monitoring.seen import Stamp
from vnic_conformance.reports.naming import rc_name
from vnic_spec.wire import Hcall

_PAYLOAD: Final = re.compile(
    r"(?:(?P<time>\d{1,12}\.\d{6}):)?\s+(?:powerpc:)?hcall_(?P<way>entry|exit):\s+"
    r"opcode=(?P<opcode>\d{1,6})(?: retval=(?P<rc>-?\d{1,20}))?\s*"
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call, or its answer."""

    time: Stamp | None
    words: str
    rc: int | None


def call_in(text: str) -> Call | None:
    """The call that a line records, or None."""
    found = _PAYLOAD.search(text) if "hcall_" in text else None
    if found is None:
        return None
    opcode = int(found["opcode"])
    name = str(Hcall(opcode)) if opcode in set(Hcall) else f"call {opcode}"
    rc = None if found["rc"] is None else int(found["rc"])
    if rc is not None and rc >= 1 << 63:
        rc -= 1 << 64  # older kernels print it without its sign
    time = Stamp(float(found["time"])) if found["time"] else None
    return Call(time, name if rc is None else f"{name} → {rc_name(rc)}", rc)
