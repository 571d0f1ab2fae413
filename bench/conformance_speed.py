"""How fast the kit drives an implementation: random walks in process and through a child process, in one run.

``python bench/conformance_speed.py [--steps N] [--servers N]``. Wall time, because most of what a child costs is waiting.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from itertools import islice

from vnic_conformance.generation.walk import walk
from vnic_conformance.session import hypervisor_session
from vnic_conformance.targets import open_target
from vnic_spec.profile import Profile


def speed(spec: str, servers: int, steps: int) -> float:
    """Judged steps per second of one walk from ``reset``; raises RuntimeError on a violation."""
    target = open_target(spec)
    try:
        session = hypervisor_session(target, servers, Profile())
        session.begin()
        start = time.perf_counter()
        for stimulus in islice(walk(session.oracle, 1), steps):
            if not session.apply(stimulus).ok:
                raise RuntimeError(f"{spec}: violation at {stimulus}")
        return steps / (time.perf_counter() - start)
    finally:
        target.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3_000)
    parser.add_argument("--servers", type=int, default=2)
    given = parser.parse_args()
    inside = speed("python:vnic_reference.adapter:Adapter", given.servers, given.steps)
    child = speed(f"{sys.executable} -m vnic_reference", given.servers, given.steps)
    print(f"Python {platform.python_version()}, {platform.machine()}; {given.steps} steps, {given.servers} servers")
    print(f"in process     {inside:8,.0f} steps/s")
    print(f"child process  {child:8,.0f} steps/s   ratio {child / inside:.2f}")


if __name__ == "__main__":
    main()
