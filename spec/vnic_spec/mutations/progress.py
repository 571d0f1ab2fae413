"""Misreadings that no state and no step shows: an endless run does (LIV-1, LIV-2).

They have a registry of their own, because what they refute is a goal (:mod:`vnic_spec.liveness`) and no property.
"""

from __future__ import annotations

from dataclasses import replace

from vnic_spec import dialogue, selection, session
from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.mutation import MUTATIONS, Mutation, without_end
from vnic_spec.state import State
from vnic_spec.vocabulary import Belief


def _init_sent_once(o: Ops, s: State, i: Server, full: Truth) -> Effect:
    effect = dialogue.server_sends_init(o, s, i, full)
    after = effect.state.belief.set(i, o.const(Belief.INIT_SENT))
    guard = o.all_of(effect.guard, o.eq(s.belief(i), Belief.AWAITING))
    return Effect(guard, effect.state.but(belief=after), effect.answer)


def _complaint_not_remembered(o: Ops, s: State, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    effect = session.client_complains(o, s, b, client_full, server_full)
    return effect._replace(state=effect.state.but(complaint=s.complaint))


def _in_turn(o: Ops, s: State, j: Server, i: Server) -> Truth:
    level = o.no(o.any_of(o.outranks(s.priority(j), s.priority(i)), o.outranks(s.priority(i), s.priority(j))))
    return o.ite(level, o.eq(i, s.selected), selection.beats.as_written(o, s, j, i))


def _idle_equal_preempts(o: Ops, s: State) -> Truth:
    def waits(j: Server) -> Truth:
        return o.all_of(selection.eligible(o, s, j), o.ne(j, s.selected), selection.beats(o, s, j, s.selected))

    return o.all_of(s.auto, o.eq(s.pin, o.nobody), o.some(waits))


without_end(
    replace(
        MUTATIONS["server_waits_after_02"],
        name="both_wait_after_02",
        refutes="LIV-1",
        sentence="a server that reads event 02 waits for the INIT of a client that waits for its INIT, for ever",
        instance="core",
        servers=1,
    )
)
without_end(
    Mutation(
        "init_sent_once",
        "SRV-1",
        "LIV-1",
        "a server sends INIT once, stored or not, and then waits for the answer",
        effects={"server_sends_init": _init_sent_once},
        instance="core",
        servers=1,
    )
)
without_end(
    Mutation(
        "complaint_not_remembered",
        "SES-3",
        "LIV-2",
        "a complaint switches once and leaves nothing behind, so priority takes the client back",
        effects={"client_complains": _complaint_not_remembered},
        instance="complaint",
    )
)
without_end(
    Mutation(
        "equals_take_turns",
        "SEL-5",
        "LIV-2",
        "servers of equal priority share the work: the one that waits takes over at the next report",
        rules={"beats": _in_turn, "preempted": _idle_equal_preempts},
        instance="ranking",
    )
)
without_end(
    replace(
        MUTATIONS["any_report_clears"],
        name="report_forgives",
        refutes="LIV-2",
        sentence="any report of OPERATIONAL clears a complaint, so that client and hypervisor switch for ever",
        instance="complaint",
    )
)
