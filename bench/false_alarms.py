"""Does the kit ever call a legal implementation faulty? Random walks over every legal variant of the reference, and a count.

Run it by hand: ``nice -n 10 python bench/false_alarms.py [--steps N] [--length N] [VARIANT ...]``. In this process, at full
speed, without the counting of what was exercised. Steps go round the variants in turn, so that a run that is interrupted has
tried all of them about equally; what it has found so far is printed then, too.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from itertools import count

from vnic_conformance.generation.walk import random_walk
from vnic_conformance.session import conversation
from vnic_conformance.targets import Target
from vnic_conformance.targets.in_process import InProcessLink
from vnic_reference.faults import VARIANTS

SERVERS = (2, 3, 1, 4, 6, 5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000, help="in all")
    parser.add_argument("--length", type=int, default=500, help="of one walk")
    parser.add_argument("--seed", type=int, default=1, help="of the first walk; each further one has the next")
    parser.add_argument("variants", nargs="*")
    given = parser.parse_args()
    names = given.variants or list(VARIANTS)
    steps: Counter[str] = Counter()
    alarms: list[str] = []
    began = time.process_time()
    try:
        for turn in count():
            if steps.total() >= given.steps:
                break
            name = names[turn % len(names)]
            seed = given.seed + turn
            with Target(InProcessLink(VARIANTS[name].adapter())) as target:
                profile = target.hello.profile
                servers = min(SERVERS[turn // len(names) % len(SERVERS)], profile.max_servers)
                session = random_walk(conversation(target, profile), servers, profile, seed=seed, steps=given.length)
            steps[name] += len(session.word)
            if session.failure is not None:
                last = "; ".join(str(stimulus) for stimulus in session.word[-4:])
                alarms.append(f"{name}, {servers} servers, seed {seed}: {session.failure.requirement} after {last}")
                print(f"FALSE ALARM: {alarms[-1]}", flush=True)
            if turn % len(names) == len(names) - 1:
                print(f"# {steps.total():,} steps, {len(alarms)} false alarms", flush=True)
    except KeyboardInterrupt:
        print("interrupted")
    seconds = time.process_time() - began
    for name in names:
        print(f"{name:<60}{steps[name]:>12,}")
    print(f"{'in all':<60}{steps.total():>12,}")
    print(
        f"{len(names)} variants, {len(alarms)} false alarms, {steps.total() / seconds:,.0f} steps per second of CPU time"
    )


if __name__ == "__main__":
    main()
