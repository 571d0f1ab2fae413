"""LIV-1, LIV-2 as data: what must happen in the end, and what is assumed of an endless run.

A property of a state or a step cannot say "eventually". A *goal* is refuted by an endless run: some steps that lead into a loop
(the *stem*), and the loop, repeated for ever. Not every loop counts: in the loop nothing happens that the requirement excludes
(it is *calm*), and no step that the system owes is put off for ever (it is *fair*). Both are written down here, once, and
each of the assumptions has a test by which the goal fails without it.

Weak fairness: a step that stays possible from some time on is taken in the end. It is asked of the client's and the servers' own
steps only, never of faults, users or administrators, and a step is owed with room in the queue it sends to: a queue does not
stay full by chance for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnic_spec.action import Action
from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.properties.progress import calm, logged_in, quiet, steady
from vnic_spec.properties.steps import switched
from vnic_spec.property import StepLaw
from vnic_spec.state import State

#: Steps that come after a wait: they are taken only when neither the client nor the selected server has another step to take.
TIMED = ("client_times_out", "server_sends_init")
#: Choices of the environment that are owed all the same: time passes.
TIME_PASSES = ("client_times_out", "gap_ends")
#: Steps of the system that are not owed: a server that is off or hangs need not come back.
NOT_OWED = ("server_boots", "server_resumes", "client_boots")


def is_owed(action: Action) -> bool:
    """Weak fairness is asked of this action."""
    if action.name in NOT_OWED or action.bare:
        return False
    return action.name in TIME_PASSES or not action.environment


@dataclass(frozen=True)
class Assumption:
    """One thing that is assumed of an endless run."""

    name: str
    sentence: str


CALM = Assumption(
    "calm",
    "No trigger, no administrator, no complaint, no crash or migration of the client: the selected server is not left and "
    "nothing goes wrong with it. Servers that are not selected may crash, hang and come back for ever.",
)
STEADY = Assumption(
    "steady",
    "One and the same server stays eligible and runs, the selected server runs, the client's partition is on and its user "
    "wants the device open.",
)
FAIR = Assumption(
    "fair",
    "A step of the client's or of a server's driver that stays possible is taken in the end (weak fairness), with room in the "
    "queue that it sends to. Servers that are off or hang need not come back.",
)
PATIENT = Assumption(
    "patient",
    "Waits are long against the dialogue: the client's time-out and srv_wait, after which a server sends INIT itself, end only "
    "when neither the client nor the selected server has another step to take. CLI-7's and SRV-1's back-off is what brings "
    "that about.",
)
QUIET = Assumption(
    "quiet",
    "Nothing goes wrong with any server, every report says OPERATIONAL, no administrator acts. The client may complain, crash, "
    "boot, migrate, register and free for ever, its user open and close, and time-outs come at any moment. No fairness. (A "
    "complaint is a trigger, FOV-1, so this asks for more than the letter of LIV-2.)",
)
#: Every assumption by name.
ASSUMPTIONS = {a.name: a for a in (CALM, STEADY, FAIR, PATIENT, QUIET)}


@dataclass(frozen=True)
class Goal:
    """What must come about, as what an endless run that refutes it looks like.

    Exactly one of ``avoids`` and ``repeats`` is there.
    """

    name: str  #: ID of the requirement
    sentence: str
    refuted: str  #: what happens for ever in a run that refutes it
    assumptions: tuple[Assumption, ...]  #: the first is what ``calm`` says
    calm: StepLaw  #: the step may happen in the loop
    steady: Callable[[Ops, State, Server], Truth] | None = None  #: holds of one server in every state of the loop
    avoids: Callable[[Ops, State], Truth] | None = None  #: holds in no state of the loop
    repeats: StepLaw | None = None  #: holds of a step of the loop
    bare: bool = True  #: meaningful of partners that keep to no dialogue


#: Every goal by name.
GOALS = {
    goal.name: goal
    for goal in (
        Goal(
            "LIV-1",
            "If from some time on one server stays eligible and runs, nothing disturbs it and the client's user wants the device "
            "open, the client is logged in eventually.",
            "the client is not logged in",
            (CALM, STEADY, FAIR, PATIENT),
            calm=calm,
            steady=steady,
            avoids=logged_in,
            bare=False,
        ),
        Goal(
            "LIV-2",
            "Once nothing goes wrong any more and no administrator acts, switches stop, whatever the client does.",
            "the selected server is left again and again",
            (QUIET,),
            calm=quiet,
            repeats=switched,
        ),
    )
}
