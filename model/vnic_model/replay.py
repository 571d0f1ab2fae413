"""From runs of the machine to traces, and back: recording, and replaying what somebody recorded.

Runs are carried out by the direct reading; where a traced machine is given it has to agree on every state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from vnic_model import describe
from vnic_model.direct import DirectMachine, DirectMap, DirectOrder, DirectQueue, initial_state
from vnic_model.explorer import Exploration
from vnic_model.instance import Instance
from vnic_model.instances import SCENARIOS
from vnic_model.lasso import check_lasso
from vnic_model.liveness import Verdict
from vnic_model.machine import Machine
from vnic_model.reasons import reasons
from vnic_model.recording import Deed, notes, watched
from vnic_model.trace import LASSO, VIOLATION, WITNESS, Change, Header, Passage, Trace, TraceError, TraceStep
from vnic_spec.action import Action
from vnic_spec.catalogue import ACTIONS
from vnic_spec.liveness import GOALS, Goal
from vnic_spec.mutations import EVERY_MUTATION, Mutation
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property
from vnic_spec.property import Step as StepContext
from vnic_spec.sorts import Choice, Flag, Level, Server
from vnic_spec.state import VARIABLES, State
from vnic_spec.vocabulary import Kind, Owed
from vnic_spec.wire import Rc


def trace_of(found: Exploration, claim: Property, *, mutation: Mutation | None = None) -> Trace:
    """The trace of what an exploration found: the violation of ``claim``, or its witness.

    The run is carried out again by the direct reading; raises AssertionError if that disagrees with the traced one.
    """
    machine = found.machine
    kind = VIOLATION if found.violation is not None else WITNESS
    header = header_of(machine.instance, claim, kind, mutation)
    trace = record(header, [(move.action.name, move.parameters) for move in found.path], machine)
    for move, step in zip(found.path, trace.steps, strict=True):
        assert step.answer == (None if move.answer is None else str(move.answer)), step
    return trace


def trace_of_lasso(found: Verdict, *, mutation: Mutation | None = None) -> Trace:
    """The trace of an endless run that refutes a goal, from what :func:`vnic_model.liveness.decide` has found.

    The run is carried out again by the direct reading, and checked to refute the goal.
    """
    machine = found.machine
    run = [(move.action.name, move.parameters) for move in found.stem + found.loop]
    header = replace(
        header_of(machine.instance, found.goal, LASSO, mutation),
        loop=len(found.stem) + 1,
        without=sorted(found.without),
    )
    return record(header, run, machine)


def header_of(made: Instance, claim: Property | Goal, kind: str, mutation: Mutation | None) -> Header:
    """The header of a run of a named instance."""
    if made.name not in SCENARIOS:
        raise ValueError(f"instance {made.name!r} has no name that a replay could find it by")
    return Header(
        instance=made.name,
        servers=made.servers,
        client_depth=made.client_depth,
        server_depth=made.server_depth,
        interventions=made.interventions,
        profile=dict(made.profile.differences()),
        profile_full=dict(made.profile.as_mapping()),
        mutation=None if mutation is None else mutation.name,
        kind=kind,
        property=claim.name,
        requirement=claim.name if isinstance(claim, Goal) else claim.requirements[0],
        sentence=claim.witness_sentence if isinstance(claim, Property) and kind == WITNESS else claim.sentence,
    )


Run = Sequence[tuple[str, tuple[object, ...]]]  #: actions and their parameters


def perform(
    made: Instance, run: Run, point: str = "", traced: Machine | None = None
) -> Iterator[tuple[TraceStep, State]]:
    """Carry out a run by the direct reading: each step as a trace has it, and the state after it.

    Args:
        made: the instance.
        run: actions and their parameters.
        point: what the last step is, ``violation``, ``witness`` or ``lasso``.
        traced: a machine of the same instance that has to agree on every state.

    Raises:
        TraceError: a step is not possible.
    """
    machine = DirectMachine(made)
    state = initial_state(made)
    packed = traced.initial if traced else 0
    interventions = 0
    for number, (name, parameters) in enumerate(run, 1):
        action = ACTIONS[name]
        effect = machine.effect(watched(state), action, parameters)
        if not effect.guard:
            raise TraceError(f"step {number}: {name} is not possible there")
        interventions += action.environment
        if made.interventions is not None and interventions > made.interventions:
            raise TraceError(
                f"step {number}: {name} is one intervention more than the {made.interventions} of this instance"
            )
        answer = effect.answer
        assert answer is None or isinstance(answer, Rc)
        step = _step(number, action, parameters, answer, state, effect.state, point if number == len(run) else "")
        if traced:
            found = traced.step(packed, name, parameters)
            assert found is not None, f"step {number}: the readings disagree"
            same = found & traced.layout.of_state == traced.layout.encode(effect.state)
            assert same, f"step {number}: the readings disagree"
            packed = found
        state = effect.state
        yield step, state


def record(
    header: Header, run: Run, traced: Machine | None = None, expected: Sequence[TraceStep] | None = None
) -> Trace:
    """Carry out a run and write down what happens.

    Args:
        header: what it is a run of.
        run: actions and their parameters.
        traced: a machine of the same instance that has to agree on every state.
        expected: what has been recorded of it.

    Raises:
        TraceError: a step is not possible or not as expected, or the run does not show what the header says.
    """
    made = header.machine()
    states = [initial_state(made)]
    steps: list[TraceStep] = []
    for step, state in perform(made, run, header.kind, traced):
        if expected is not None:
            _same(f"step {step.number}, {step.action}", expected[step.number - 1], step)
        steps.append(step)
        states.append(state)
    _check_point(header, DirectMachine(made), states, run, steps)
    return Trace(header, tuple(steps))


def _step(
    number: int,
    action: Action,
    parameters: tuple[object, ...],
    answer: Rc | None,
    before: State,
    after: State,
    point: str,
) -> TraceStep:
    named = {name: plain(found) for name, found in zip(action.parameters, parameters, strict=True)}
    answered = None if answer is None else str(answer)
    elements = tuple(_passages(action, named, answer, after))
    return TraceStep(
        number=number,
        lane=describe.lane(action, named),
        action=action.name,
        parameters=named,
        answer=answered,
        fault=action.environment or any(named.get(name) is True for name in ("full", "client_full", "server_full")),
        elements=elements,
        changes=tuple(_changes(before, after)),
        point=point,
    )


def _passages(action: Action, parameters: Mapping[str, object], answer: Rc | None, after: State) -> Iterable[Passage]:
    found: list[Passage] = []
    queues = after.to_server
    assert isinstance(queues, DirectMap)
    sides = [(describe.CLIENT, after.to_client), *((describe.server(i), q) for i, q in enumerate(queues.values))]
    for receiver, queue in sides:
        for deed, element, instead in notes(queue):
            assert isinstance(element.kind, Kind)
            if isinstance(element.sender, int):
                sender = describe.server(element.sender)
            else:
                # Servers' queues do not say who sent: it is the client, or it is an event.
                client = receiver != describe.CLIENT and element.kind not in describe.EVENTS
                sender = describe.CLIENT if client else describe.HYPERVISOR
            found.append(_passage(deed, sender, receiver, element.kind, "" if instead is None else _short(instead)))
    if parameters.get("client_full") is True and not any(
        n.element.kind in describe.EVENTS for n in notes(after.to_client)
    ):
        deed = Deed.DROPPED if after.owed is Owed.NOTHING else Deed.OWED
        event = Kind.MIGRATED if action.name == "client_migrates" else Kind.FAILOVER
        found.append(_passage(deed, describe.HYPERVISOR, describe.CLIENT, event))
    kind = describe.SENDS.get(action.name)
    if kind is not None and answer in (Rc.H_CLOSED, Rc.H_DROPPED):
        if isinstance(kind, str):
            kind = Kind[str(parameters[kind])]
        sender = describe.lane(action, parameters)
        selected = after.selected
        assert selected is None or isinstance(selected, int)
        partner = describe.server(selected) if selected is not None else describe.HYPERVISOR
        found.append(_passage(Deed.REFUSED, sender, partner if sender == describe.CLIENT else describe.CLIENT, kind))
    return sorted(found, key=lambda passage: Deed[passage.deed].value)


def _passage(deed: Deed, sender: str, receiver: str, kind: Kind, instead: str = "") -> Passage:
    name = describe.element_name(kind)
    return Passage(deed.name, sender, receiver, name, describe.element_bytes(kind).hex(), instead)


def _short(element: Any) -> str:
    """An element as the content of a queue shows it."""
    kind = describe.element_name(element.kind)
    return kind if element.sender is None else f"{kind} of {describe.server(element.sender)}"


def _changes(before: State, after: State) -> Iterable[Change]:
    for variable in VARIABLES:
        one, other = getattr(before, variable.name), getattr(after, variable.name)
        if isinstance(one, DirectMap):
            pairs = [
                (f"{variable.name}[{i}]", a, b) for i, (a, b) in enumerate(zip(one.values, other.values, strict=True))
            ]
        else:
            pairs = [(variable.name, one, other)]
        for name, a, b in pairs:
            if isinstance(a, DirectQueue):
                marks = [e.fresh for e in a.items] != [e.fresh for e in b.items]
                if plain(a) != plain(b):
                    yield Change(name, plain(a), plain(b), variable.ghost)
                elif marks:
                    yield Change(f"{name}.fresh", [e.fresh for e in a.items], [e.fresh for e in b.items], True)
            elif plain(a) != plain(b):
                yield Change(name, plain(a), plain(b), variable.ghost)


def plain(found: object) -> object:
    """A value as the document has it: bare names, numbers for servers and levels, truths, lists."""
    if found is None:
        return "nobody"
    if isinstance(found, bool | int):
        return found
    if isinstance(found, DirectQueue):
        return [_short(element) for element in found.items]
    if isinstance(found, DirectOrder):
        servers = {server for pair in found.before for server in pair}
        return sorted(servers, key=lambda server: sum((other, server) in found.before for other in servers))
    return describe.value(found)


# --- replaying -----------------------------------------------------------------------------------------------------


def replay(trace: Trace, *, traced: bool = False) -> Trace:
    """Carry a trace out again, and check every line of it.

    Args:
        trace: the trace; perhaps read from a file that somebody else wrote.
        traced: let the traced reading agree on every state too.

    Returns:
        The trace as this machine makes it, which is equal to the one given.

    Raises:
        TraceError: it is not a run of this machine, or does not show what it says. The message names the first step that
            differs, what is recorded there and what happens.
    """
    given = trace.header
    claims: Mapping[str, Property | Goal] = GOALS if given.kind == LASSO else PROPERTIES
    if given.kind not in (VIOLATION, WITNESS, LASSO) or str(given.property) not in claims:
        raise TraceError(f"header: no {given.kind} of a property {given.property!r} is known")
    made = given.machine()
    mutation = EVERY_MUTATION[given.mutation] if given.mutation else None
    header = header_of(made, claims[given.property], given.kind, mutation)
    header = replace(header, loop=given.loop, without=given.without)
    _same("header", trace.header, header)
    return record(header, _run(trace, made), Machine(made) if traced else None, trace.steps)


def why(trace: Trace) -> tuple[str, ...]:
    """The facts that make the property fail at the end of a violation's trace."""
    header = trace.header
    claim, made = PROPERTIES[header.property], header.machine()
    run = _run(trace, made)
    states = [initial_state(made), *(state for _, state in perform(made, run))]
    if not run:
        return reasons(claim, made.servers, made.profile, None, states[0], None)
    step = context(run[-1], trace.steps[-1].answer)
    return reasons(claim, made.servers, made.profile, states[-2], states[-1], step)


def _same(where: str, recorded: Any, happened: Any) -> None:
    for field in fields(recorded):
        one, other = getattr(recorded, field.name), getattr(happened, field.name)
        if one == other:
            continue
        if isinstance(one, tuple):
            odd = [str(entry) for entry in one if entry not in other]
            missing = [str(entry) for entry in other if entry not in one]
            raise TraceError(
                f"{where}: recorded and not so: {'; '.join(odd) or 'nothing'}; "
                f"so and not recorded: {'; '.join(missing) or 'nothing'}"
            )
        raise TraceError(f"{where}: {field.name} is recorded as {one!r} and is {other!r}")


def _run(trace: Trace, made: Instance) -> Run:
    """What the trace says was done; its parameters are checked."""
    return [(step.action, _parameters(step, number, made)) for number, step in enumerate(trace.steps, 1)]


def _parameters(step: TraceStep, number: int, made: Instance) -> tuple[object, ...]:
    where = f"step {number}"
    if step.action not in made.actions:
        raise TraceError(f"{where}: instance {made.name} has no action {step.action!r}")
    action = ACTIONS[step.action]
    if not isinstance(step.parameters, dict) or tuple(step.parameters) != action.parameters:
        raise TraceError(f"{where}: {step.action} takes ({', '.join(action.parameters)}), not {step.parameters}")
    return tuple(_parameter(where, action, name, found, made) for name, found in step.parameters.items())


def _parameter(where: str, action: Action, name: str, found: object, made: Instance) -> object:
    sort = action.sort(name)
    number = isinstance(found, int) and not isinstance(found, bool)
    if isinstance(sort, Flag) and isinstance(found, bool):
        return found
    if isinstance(sort, Choice):
        for member in sort.members:
            if member.name == found:
                return member
    if isinstance(sort, Level) and number and found in range(made.levels):
        return found
    if isinstance(sort, Server):
        if found == "nobody" and sort.or_nobody:
            return None
        if number and found in range(made.servers):
            return found
    raise TraceError(f"{where}: {action.name} cannot have {name} = {found!r}")


def _check_point(
    header: Header,
    machine: DirectMachine,
    states: Sequence[State],
    run: Run,
    steps: Sequence[TraceStep],
) -> None:
    """The last step, and none before it, is the point that the header speaks of; or it closes the loop."""
    if header.kind == LASSO:
        check_lasso(header, machine.instance, states, run)
        return
    claim = PROPERTIES[header.property]
    for number in range(len(states)):
        step = context(run[number - 1], steps[number - 1].answer) if number else None
        met = at_point(claim, header.kind, machine, states, number, step)
        if met != (number == len(run)):
            what = "does not show" if not met else "already shows"
            raise TraceError(f"step {number} {what} the {header.kind} of {claim.name}")


def context(run: tuple[str, tuple[object, ...]], answer: str | None) -> StepContext:
    """A step as the step laws see it."""
    name, parameters = run
    return StepContext(
        name, dict(zip(ACTIONS[name].parameters, parameters, strict=True)), None if answer is None else Rc[answer]
    )


def at_point(
    claim: Property,
    kind: str,
    machine: DirectMachine,
    states: Sequence[State],
    number: int,
    step: StepContext | None,
) -> bool:
    """Step ``number`` (0: the initial state) violates the property, or exercises it."""
    judge, after = machine.judge, states[number]
    if kind == VIOLATION and claim.of_state is not None:
        return not claim.of_state(judge, after)
    if step is None or (claim.actions and step.action not in claim.actions):
        return False
    if kind == WITNESS:
        return bool(claim.witness(judge, states[number - 1], after, step))
    assert claim.of_step is not None
    return not claim.of_step(judge, states[number - 1], after, step)
