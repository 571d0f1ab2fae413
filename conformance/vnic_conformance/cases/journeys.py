"""Every state that a caller can be in, one after the other in one session: what generated cases put a call to.

A journey goes from state to state; in each of them the same stimuli are played. What is right the oracle says, so nothing is
expected by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vnic_conformance.cases.script import LONG_SCRIPTS, SCRIPTS, Script, ScriptStep, Steps
from vnic_conformance.cases.words import (
    S0,
    S1,
    activate,
    add,
    consume,
    free,
    migrate,
    plain,
    power,
    rank,
    ready,
    register,
    rejoin,
    remove,
    report,
)
from vnic_conformance.stimulus import CLIENT, Stimulus
from vnic_spec.profile import Profile
from vnic_spec.requirements import check_ids

#: The IDs of all generated scripts.
GENERATED: set[str] = set()
#: What is played in a state: from the caller and the state's name to stimuli.
Probe = Callable[[str, str], Iterable[ScriptStep | Stimulus]]
#: The states of the client and of a server, in the order of the journeys.
CLIENT_STATES = ("unregistered", "alone", "connected", "held", "rejoined", "disabled", "off")
SERVER_STATES = (
    *(
        "unregistered",
        "unreported",
        "eligible",
        "connected",
        "fenced",
        "standby",
        "unlisted",
        "added",
        "disabled",
        "off",
    ),
)


def steps(*made: ScriptStep | Stimulus) -> Steps:
    """Steps from stimuli, or as they are."""
    return (s if isinstance(s, ScriptStep) else ScriptStep(s) for s in made)


def client_journey(p: Profile, probe: Probe) -> Steps:
    """The client goes through :data:`CLIENT_STATES`."""
    ways: Sequence[Steps] = (
        plain(),
        plain(register(CLIENT)),
        ready(S0),
        plain(free(CLIENT), register(CLIENT)),
        rejoin(p, S0),
        plain(migrate()),
        plain(power("power_off", CLIENT)),
    )
    for state, way in zip(CLIENT_STATES, ways, strict=True):
        yield from way
        yield from steps(*probe(CLIENT, state))


def server_journey(p: Profile, probe: Probe) -> Steps:
    """Server 0 goes through :data:`SERVER_STATES`; server 1 takes over from it."""
    ways: Sequence[Steps] = (
        plain(rank(S0, 10), rank(S1, 20)),
        plain(register(S0)),
        plain(report(S0)),
        plain(register(CLIENT)),
        plain(register(S1), report(S1), activate(S1)),
        rejoin(p, S0),
        plain(remove(S0)),
        plain(add(S0, priority=10)),
        plain(report(S0), activate(S0), consume(S0), migrate()),
        plain(power("power_off", S0)),
    )
    for state, way in zip(SERVER_STATES, ways, strict=True):
        yield from way
        yield from steps(*probe(S0, state))


def family(
    name: str,
    purpose: str,
    write: Callable[[Profile], Steps],
    needs: str,
    *,
    servers: int = 2,
    unpaired: tuple[str, ...] = (),
    when: Callable[[Profile], bool] = lambda profile: True,
    long: bool = False,
) -> None:
    """Put a generated script into the list. Its steps are made when it is played: there are many, and lists are made often.

    Args:
        name: its ID.
        purpose: one sentence.
        write: its steps.
        needs: the features that they need, with blanks between; a test compares.
        servers: server partitions.
        unpaired: partitions without an authorised connection.
        when: whether it applies under a profile.
        long: it is played only when it is asked for.
    """
    requirements = (name.partition("/")[0],)
    check_ids(name, requirements)
    assert name not in SCRIPTS | LONG_SCRIPTS, f"two scripts are called {name}"
    features = frozenset(needs.split())
    made = Script(name, purpose, servers, features, frozenset(), unpaired, write, when, requirements)
    (LONG_SCRIPTS if long else SCRIPTS)[name] = made
    GENERATED.add(name)


def journeys(name: str, purpose: str, probe: Probe, needs: str = "", *, who: str = "both") -> None:
    """Put the scripts of a client's and of a server's journey into the list.

    Args:
        name: the ID, without who makes the journey.
        purpose: one sentence that holds of both.
        probe: what is played in each state.
        needs: features that the probe needs beyond those of the journey.
        who: ``client``, ``server`` or ``both``.
    """
    ways = {"client": (client_journey, "migration power"), "server": (server_journey, "console migration power")}
    for caller, (way, features) in ways.items():
        if who in (caller, "both"):
            said = f"{purpose.removesuffix('.')}: a {caller} in each of its states."
            family(f"{name}-{caller}", said, lambda p, way=way: way(p, probe), f"{features} {needs}")  # type: ignore[misc]
