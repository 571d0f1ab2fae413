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
from vnic_spec.algebra import Ops, Term, Truth
from vnic_spec.properties.steps import left, switched
from vnic_spec.property import Step, StepLaw
from vnic_spec.selection import eligible
from vnic_spec.state import State
from vnic_spec.transport import awake, client_is_on
from vnic_spec.vocabulary import ClientPhase, Status

#: What an administrator does.
CONSOLE = (
    "adds_server",
    "removes_server",
    "removes_last_server",
    "sets_priority",
    "sets_auto",
    "activates_server",
    "activation_refused",
)
#: What goes wrong with a server: it is a trigger if the server is selected (FOV-1).
SERVER_FAULTS = (
    "server_crashes",
    "server_hangs",
    "server_frees",
    "report_expires",
    "reports_expire_together",
    "hold_expires",
)
COMPLAINTS = ("client_complains", "client_complains_alone", "client_complains_late")
#: What keeps a client from being logged in whatever the servers do.
CLIENT_DISTURBED = ("client_crashes", "client_migrates", "user_changes_wish")

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
    steady: Callable[[Ops, State, Term], Truth] | None = None  #: holds of one server in every state of the loop
    avoids: Callable[[Ops, State], Truth] | None = None  #: holds in no state of the loop
    repeats: StepLaw | None = None  #: holds of a step of the loop
    bare: bool = True  #: meaningful of partners that keep to no dialogue


def _reports_operational(o: Ops, step: Step) -> Truth:
    return o.eq(step["status"], Status.OPERATIONAL)


def calm(o: Ops, s: State, t: State, step: Step) -> Truth:
    """LIV-1: no trigger, and nothing that keeps the client from the server it has."""
    if step.action in CONSOLE + COMPLAINTS + CLIENT_DISTURBED:
        return o.false
    harmless = o.true
    if step.action in SERVER_FAULTS:
        harmless = o.every(lambda k: o.implies(o.eq(k, s.selected), o.no(o.one_of(k, *_servers(step)))))
    elif step.action == "server_reports":
        harmless = o.any_of(_reports_operational(o, step), o.no(o.eq(step["i"], s.selected)))
    return o.all_of(harmless, o.no(left(o, s, t)))


def _servers(step: Step) -> tuple[Term, ...]:
    return tuple(step[name] for name in ("i", "j") if name in step.parameters)


def steady(o: Ops, s: State, i: Term) -> Truth:
    """LIV-1: server ``i`` is eligible and runs, whoever is selected runs, and the client is there to be served."""
    selected_runs = o.every(lambda k: o.implies(o.eq(k, s.selected), awake(o, s, k)))
    return o.all_of(eligible(o, s, i), awake(o, s, i), selected_runs, client_is_on(o, s), s.wish)


def logged_in(o: Ops, s: State) -> Truth:
    """The client is logged in."""
    return o.eq(s.phase, ClientPhase.LOGGED_IN)


def quiet(o: Ops, s: State, t: State, step: Step) -> Truth:
    """LIV-2: no fault of a server, no administrator."""
    if step.action in CONSOLE + SERVER_FAULTS:
        return o.false
    return _reports_operational(o, step) if step.action == "server_reports" else o.true


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
