"""ADM: what an administrator changes."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.properties.steps import somebody
from vnic_spec.properties.terms import outranked
from vnic_spec.property import Step, state_property, step_property
from vnic_spec.state import State


@step_property(
    "ADM-2",
    actions=("adds_server",),
    instance="admin",
    witness=(
        "a server is added while the client is served",
        lambda o, s, t, x: o.all_of(x.by(o, "adds_server"), o.some(s.connected)),
    ),
)
def adding_disturbs_nobody(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Adding a server leaves the selection as it is."""
    return o.eq(t.selected, s.selected)


_CONSOLE = ("adds_server", "removes_server", "sets_priority")


def _adds_an_equal(o: Ops, s: State, t: State, step: Step) -> Truth:
    if step.action != "adds_server":
        return o.false
    return o.some(lambda j: o.all_of(s.connected(j), o.eq(s.priority(j), step["level"])))


@step_property(
    "ADM-2/list",
    "ADM-3",
    "ADM-4",
    "SEL-5",
    instance="admin",
    witness=(
        "a server is added beside one of the same priority that serves",
        _adds_an_equal,
    ),
)
def list_is_the_administrators(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Only an administrator changes the list and the priorities, and only of the server that he names. One that is added has the
    priority given and comes after all others; one whose priority is set has that priority."""

    def kept(k: Server) -> Truth:
        named = o.eq(k, step["i"]) if step.action in _CONSOLE else o.false
        return o.any_of(named, o.all_of(o.iff(t.listed(k), s.listed(k)), o.eq(t.priority(k), s.priority(k))))

    done = o.true
    if step.action in ("adds_server", "sets_priority"):
        done = o.all_of(t.listed(step["i"]), o.eq(t.priority(step["i"]), step["level"]))
    if step.action == "adds_server":
        latest = o.every(lambda j: o.any_of(o.eq(j, step["i"]), t.added(j, step["i"])))
        done = o.all_of(done, o.no(s.listed(step["i"])), latest)
    if step.action == "removes_server":
        done = o.all_of(s.listed(step["i"]), o.no(t.listed(step["i"])))
    return o.all_of(o.every(kept), done)


def _removes_selected(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.eq(s.selected, step["i"]) if step.action == "removes_server" else o.false


@step_property(
    "ADM-3",
    "FOV-1",
    actions=("removes_server",),
    instance="admin",
    witness=("the selected server is removed", _removes_selected),
)
def removing_a_standby_disturbs_nobody(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Removing a standby leaves the selection as it is; a removed server is not selected."""
    kept = o.any_of(o.eq(s.selected, step["i"]), o.eq(s.selected, o.nobody), o.eq(t.selected, s.selected))
    return o.all_of(kept, o.ne(t.selected, step["i"]))


@step_property(
    "ADM-3/last",
    "ADM-1",
    instance="admin",
    witness=(
        "the removal of the last server is refused",
        lambda o, s, t, x: o.all_of(x.by(o, "removes_last_server"), o.some(s.connected)),
    ),
)
def list_stays_filled(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Where there is a server on the list there is one after every step; it is the last one that cannot be removed."""
    kept = o.implies(o.some(s.listed), o.some(t.listed))
    if step.action != "removes_last_server":
        return kept
    return o.all_of(kept, o.every(lambda j: o.implies(s.listed(j), o.eq(j, step["i"]))))


def _priority_under_pin(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "sets_priority"), somebody(o, s.pin), outranked(o, t))


@step_property(
    "ADM-4",
    actions=("sets_priority",),
    instance="admin",
    witness=("a priority is changed over a pinned server", _priority_under_pin),
)
def priority_acts_at_once(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A priority change re-selects at once if auto is on and nothing is pinned, and otherwise changes no selection."""
    free = o.all_of(s.auto, o.eq(s.pin, o.nobody))
    kept = o.any_of(o.eq(s.selected, o.nobody), o.eq(t.selected, s.selected))
    settled = o.any_of(o.eq(t.selected, o.nobody), o.no(outranked(o, t)))
    return o.ite(free, settled, kept)


def _auto_ends_pin(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "sets_auto"), somebody(o, s.pin), o.ne(t.selected, s.selected))


@step_property(
    "ADM-5",
    actions=("sets_auto",),
    instance="admin",
    witness=("auto is written and takes the client from a pinned server", _auto_ends_pin),
)
def writing_auto_ends_a_pin(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Any write of auto ends a pin; writing on re-selects by priority."""
    settled = o.any_of(o.eq(t.selected, o.nobody), o.no(outranked(o, t)))
    return o.all_of(o.eq(t.pin, o.nobody), o.iff(t.auto, step["on"]), o.implies(step["on"], settled))


def _activates_worse(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "activates_server"), o.some(s.connected), outranked(o, t))


@step_property(
    "ADM-6/activation",
    actions=("activates_server",),
    instance="admin",
    witness=("a worse server is activated", _activates_worse),
)
def activation_selects_and_pins(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Activation selects the server, pins it and clears a complaint about it."""
    i = step["i"]
    return o.all_of(o.eq(t.selected, i), o.eq(t.pin, i), o.no(t.complaint(i)))


def _pinned_fails(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(somebody(o, s.pin), o.ne(t.selected, s.selected), somebody(o, t.selected), o.eq(t.pin, o.nobody))


@state_property("ADM-6", instance="admin", witness=("a pinned server fails and another takes over", _pinned_fails))
def pin_is_on_the_selected(o: Ops, s: State) -> Truth:
    """Only the selected server can be pinned: a pin ends with its selection."""
    return o.any_of(o.eq(s.pin, o.nobody), o.eq(s.pin, s.selected))
