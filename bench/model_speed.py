"""Speed of the model: steps and explorations per second of the generated code, and of the plain reading beside it (in CPU time).

Run it by hand: ``python bench/model_speed.py``. ``--profile INSTANCE SERVERS`` prints where the time of an exploration goes,
and which actions' projections repeat too rarely to be worth remembering.
"""

from __future__ import annotations

import cProfile
import platform
import pstats
import sys
import time
from importlib.metadata import version
from random import Random

from vnic_model.direct import DirectMachine
from vnic_model.explorer import explore
from vnic_model.instances import claims, instance
from vnic_model.machine import Machine

#: (name, servers) of the explorations that are timed
EXPLORED = (
    ("core", 2),
    ("data", 2),
    ("migration", 2),
    ("ranking", 2),
    ("admin", 2),
    ("complaint", 3),
    ("ranking", 3),
)


def line(what: str, figure: float, unit: str, target: str = "") -> None:
    print(f"{what:<58} {figure:>12,.0f} {unit:<14} {target}")


def recorded_walk(machine: Machine, length: int) -> list[tuple[int, str, tuple[object, ...]]]:
    """A random walk as (state, action, parameters)."""
    random = Random(4)
    state, walk = machine.initial, []
    for _ in range(length):
        move = random.choice(list(machine.moves(state)))
        walk.append((state, move.action.name, move.parameters))
        state = move.after
    return walk


def given_action(machine: Machine, rounds: int) -> float:
    """Take given steps, as a replay or a test in lockstep does."""
    walk = recorded_walk(machine, 5_000)
    for state, action, parameters in walk:
        machine.step(state, action, parameters)
    begin = time.process_time()
    for _ in range(rounds):
        state = machine.initial
        for _, action, parameters in walk:
            after = machine.step(state, action, parameters)
            assert after is not None
            state = after
    return rounds * len(walk) / (time.process_time() - begin)


def random_walk(machine: Machine, length: int) -> float:
    """Take a random one of the possible steps, which are all to be known for that."""
    random = Random(5)
    state = machine.initial
    begin = time.process_time()
    for _ in range(length):
        state = random.choice(list(machine.moves(state))).after
    return length / (time.process_time() - begin)


def interpreted_walk(direct: DirectMachine, length: int) -> float:
    """The same by plain interpretation."""
    random = Random(5)
    machine = Machine(direct.instance)
    state = machine.decode(machine.initial)
    begin = time.process_time()
    for _ in range(length):
        _, _, effect = random.choice(list(direct.successors(state)))
        state = effect.state
    return length / (time.process_time() - begin)


def main() -> None:
    if "--profile" in sys.argv:
        name, servers = sys.argv[-2:]
        profile(name, int(servers))
        return
    print(
        f"vnic-failover-kit {version('vnic-failover-kit')}, {platform.python_implementation()} {platform.python_version()}"
    )
    begin = time.process_time()
    four = Machine(instance("core", 4), claims("core"))
    line("core, 4 servers: tracing and generating", len(four.groups) / (time.process_time() - begin), "actions/s")
    line("core, 4 servers: steps, action given", given_action(four, 20), "steps/s", "(target 100,000)")
    first = random_walk(Machine(instance("core", 4)), 5_000)
    line("core, 4 servers: random walk, from nothing", first, "steps/s", "(target 20,000)")
    long = random_walk(four, 100_000)
    line("core, 4 servers: random walk, 100,000 steps", long, "steps/s", "(target 20,000)")
    plain = interpreted_walk(DirectMachine(instance("core", 4)), 100)
    line("core, 4 servers: random walk, interpreted", plain, "steps/s")
    line("generated code against plain interpretation", long / plain, "times")
    for name, servers in EXPLORED:
        begin = time.process_time()
        result = explore(instance(name, servers), claims(name))
        seconds = time.process_time() - begin
        target = "(target 50,000)" if (name, servers) == ("core", 2) else ""
        what = f"{name}, {servers} servers: exploration, {result.states:,} states"
        line(what, result.states / seconds, "states/s", target)
        line("", result.transitions / seconds, "transitions/s")


def profile(name: str, servers: int) -> None:
    """Where the time of one exploration goes."""
    profiler = cProfile.Profile()
    result = profiler.runcall(explore, instance(name, servers), claims(name))
    for group in sorted(result.machine.groups, key=lambda g: -len(g.known)):
        share = len(group.known) / result.states
        print(f"{group.action.name:<28} {len(group.known):>9,} projections, {share:6.1%} of the states")
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
