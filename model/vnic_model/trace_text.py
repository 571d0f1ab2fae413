"""Traces as text with lanes: what an engineer reads.

At most 100 columns, no colour needed. Each line carries a role, so that a terminal may colour it; the words are the same.
First the verdict, then the steps; a lane per partner, arrows for elements, and beside each step only what changed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from vnic_model import describe
from vnic_model.instances import SCENARIOS

# Also for those who take them from here.
from vnic_model.lines import WIDTH as WIDTH
from vnic_model.lines import Line as Line
from vnic_model.recording import Deed
from vnic_model.trace import LASSO, NOTE, VIOLATION, WITNESS, Change, Header, Passage, Trace, TraceStep
from vnic_spec.liveness import GOALS
from vnic_spec.mutations import EVERY_MUTATION
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property
from vnic_spec.requirements import REQUIREMENTS
from vnic_spec.sorts import Each, Elements, Server
from vnic_spec.state import VARIABLES

_LABEL = 15  #: column at which the text of the verdict begins
_VARIABLES = {variable.name: variable for variable in VARIABLES}
_SHORT = {"console": "con", "platform": "plt", "clock": "clk", "hypervisor": "hyp", "client": "cli"}


def text_of(trace: Trace, *, compact: bool = False) -> str:
    """The trace as plain text."""
    return "".join(line.text.rstrip() + "\n" for line in lines_of(trace, compact=compact))


def lines_of(trace: Trace, *, compact: bool = False) -> list[Line]:
    """The lines of a trace.

    Args:
        trace: a trace of this machine.
        compact: steps only, without bytes, proof variables and glossary.
    """
    if compact:
        return list(_steps(trace, compact=True))
    head = [*_verdict(trace), Line(""), *_setting(trace), Line("")]
    return [*head, *_steps(trace, compact=False), Line(""), *legend_of([trace], compact=False)]


# --- the verdict ---------------------------------------------------------------------------------------------------


def _verdict(trace: Trace) -> Iterator[Line]:
    header = trace.header
    requirement = REQUIREMENTS[header.requirement]
    if header.kind == LASSO:
        yield from _lasso_verdict(trace)
        yield from labelled("again", command_of(header), "verdict")
        return
    claim = PROPERTIES[header.property]
    if header.kind == VIOLATION:
        yield from labelled("violated", f"{requirement.id}  {requirement.text}", "bad")
        yield from labelled("happened", _happened(trace), "verdict")
        yield from labelled("required", f"{claim.name}: {claim.sentence}", "verdict")
        yield from _touched(claim)
    else:
        yield from labelled("witness", f"{requirement.id}  {requirement.text}", "verdict")
        yield from labelled("happened", f"step {len(trace.steps)}: {claim.witness_sentence}.", "verdict")
        yield from labelled("required", f"{claim.name}: {claim.sentence}", "verdict")
    yield from labelled("again", command_of(header), "verdict")


def _touched(claim: Property) -> Iterator[Line]:
    """Every requirement of which a property states a clause, where its sentence is of several: any of them may be broken."""
    if "/" in claim.name and len(claim.requirements) > 1:
        yield from labelled("touches", f"{', '.join(claim.requirements)}: the sentence has clauses of each", "verdict")


def _lasso_verdict(trace: Trace) -> Iterator[Line]:
    header = trace.header
    goal, requirement = GOALS[header.property], REQUIREMENTS[header.requirement]
    yield from labelled("violated", f"{requirement.id}  {requirement.text}", "bad")
    yield from labelled("happened", f"{endless(trace)}: {goal.refuted}.", "verdict")
    yield from labelled("required", goal.sentence, "verdict")
    for assumption in goal.assumptions:
        made = assumption.name not in header.without
        yield from labelled("assumed" if made else "NOT assumed", f"{assumption.name}: {assumption.sentence}", "plain")


def endless(trace: Trace) -> str:
    """Of a lasso, what repeats for ever."""
    first, last = trace.header.loop, len(trace.steps)
    assert first is not None
    if first > last:
        return f"after step {last} nothing need happen any more, for ever"
    return f"step {last} repeats for ever" if first == last else f"steps {first} to {last} repeat for ever"


def _happened(trace: Trace) -> str:
    # Here, because it carries runs out: the machine is no part of what only prints.
    from vnic_model.replay import why

    facts = "; ".join(why(trace))
    if not trace.steps:
        return f"in the initial state: {facts}."
    last = trace.steps[-1]
    return f"step {last.number}: {_headline(last)}. Then {facts}."


def labelled(label: str, words: str, role: str) -> Iterator[Line]:
    """A label and what belongs to it, wrapped beside it."""
    wrapped = textwrap.wrap(words, WIDTH - _LABEL, break_long_words=False, break_on_hyphens=False)
    for number, line in enumerate(wrapped):
        yield Line(f"{label if number == 0 else '':<{_LABEL}}{line}", role)


def command_of(header: Header) -> str:
    """The command that finds the trace again."""
    if header.kind == WITNESS:
        return f"vnickit explain {header.property}"
    mutation = EVERY_MUTATION[header.mutation] if header.mutation else None
    words = ["vnickit explore"]
    if header.kind == LASSO:
        words.append(" ".join(["--liveness", *(f"--without {name}" for name in header.without)]))
    scenario = SCENARIOS[header.instance]
    usual = "core"
    servers, client_depth, server_depth = 2, scenario.client_depth, scenario.server_depth
    if mutation:
        words.append(f"--mutate {mutation.name}")
        usual = mutation.instance or PROPERTIES[mutation.refutes].instance
        servers = mutation.servers
        client_depth, server_depth = mutation.client_depth or client_depth, mutation.server_depth or server_depth
    if header.instance != usual:
        words.append(f"--instance {header.instance}")
    if header.servers != servers:
        words.append(f"--servers {header.servers}")
    if header.client_depth != client_depth:
        words.append(f"--client-depth {header.client_depth}")
    if header.server_depth != server_depth:
        words.append(f"--server-depth {header.server_depth}")
    if header.interventions != scenario.interventions:
        words.append(f"--interventions {header.interventions}")
    own = scenario.profile.as_mapping()
    words += [f"--profile {k}={v}" for k, v in header.profile_full.items() if own[k] != v]
    if mutation and header.kind == VIOLATION and header.property != mutation.refutes:
        words.append("--all-properties")
    return " ".join(words)


def _setting(trace: Trace) -> Iterator[Line]:
    header = trace.header
    many = "1 server" if header.servers == 1 else f"{header.servers} servers"
    profile = ", ".join(f"{k} = {v}" for k, v in header.profile.items()) or "default"
    setting = (
        f"{header.instance}, {many}; queues: client {header.client_depth}, server {header.server_depth} elements; "
        f"profile: {profile}"
    )
    yield from labelled("machine", setting, "plain")
    if header.mutation:
        mutation = EVERY_MUTATION[header.mutation]
        words = f'{mutation.name}: {mutation.requirement} read as "{mutation.sentence}"'
        yield from labelled("misreading", words, "plain")


# --- the lanes -----------------------------------------------------------------------------------------------------


class Lanes:
    """Columns of the partners that occur in a trace, in the order of the design: console to client.

    Args:
        names: who acts, sends or receives; hypervisor and client are always there.
    """

    def __init__(self, names: Iterable[str]) -> None:
        used = {*names, "hypervisor", "client"}
        servers = sorted(name for name in used if name.startswith("server "))
        order = [n for n in ("console", "platform", "clock", "hypervisor") if n in used] + servers + ["client"]
        self.names = order
        self.labels = [_SHORT.get(name) or name.replace("server ", "s") for name in order]
        self.at: dict[str, int] = {}
        column = 0
        for name, label in zip(order, self.labels, strict=True):
            self.at[name] = column + (len(label) - 1) // 2
            column += len(label) + 1
        self.width = column

    @classmethod
    def of(cls, trace: Trace) -> Lanes:
        """The lanes of a trace."""
        acting = {step.lane for step in trace.steps}
        return cls(acting | {side for step in trace.steps for e in step.elements for side in (e.sender, e.receiver)})

    def head(self) -> str:
        """The names of the lanes."""
        return " ".join(self.labels) + " "

    def blank(self) -> str:
        """Life lines only."""
        return self._draw({})

    def mark(self, name: str, sign: str) -> str:
        """Life lines with a sign in one lane."""
        return self._draw({self.at[name]: sign})

    def arrow(self, sender: str, receiver: str, *, arrives: bool) -> str:
        """Life lines with an arrow between two of them."""
        start, end = self.at[sender], self.at[receiver]
        right = start < end
        drawn = dict.fromkeys(range(min(start, end) + 1, max(start, end)), "─")
        drawn[start] = "├" if right else "┤"
        drawn[end] = ("▶" if right else "◀") if arrives else "╳"
        return self._draw(drawn)

    def _draw(self, signs: dict[int, str]) -> str:
        row = [" "] * self.width
        for column in self.at.values():
            row[column] = "│"
        for column, sign in signs.items():
            row[column] = sign
        return "".join(row)


def _steps(trace: Trace, *, compact: bool) -> Iterator[Line]:
    lanes = Lanes.of(trace)
    yield Line(f"{'step':>4}  {lanes.head()}", "head")
    loop = trace.header.loop
    for step in trace.steps:
        if step.number == loop:
            yield Line(f"  ┌>  {lanes.blank()} from here on it repeats for ever", "point")
        for number, line in enumerate(_step(step, lanes, compact=compact)):
            margin = f"{step.number:>4}{'!' if step.fault else ' '} " if number == 0 else " " * 6
            yield Line(margin + line.text, line.role)
        if step.point == LASSO:
            back = f"back to step {loop}" if loop is not None and loop <= step.number else "nothing more need happen"
            yield Line(f"  └>  {lanes.blank()} {back}, for ever: {trace.header.property} is violated", "point")
        elif step.point:
            claim = trace.header.property
            words = f"{claim} is violated here" if step.point == VIOLATION else "this is the step that was looked for"
            yield Line(f"  >>  {lanes.blank()} {words}", "point")


def _step(step: TraceStep, lanes: Lanes, *, compact: bool) -> Iterator[Line]:
    room = WIDTH - 6 - lanes.width - 1
    first = lanes.mark(step.lane, "●")
    for line in textwrap.wrap(_headline(step), room, subsequent_indent="  "):
        yield Line(f"{first} {line}", "fault" if step.fault else "step")
        first = lanes.blank()
    for words in _circumstances(step):
        for line in textwrap.wrap(words, room - 2):
            yield Line(f"{lanes.blank()}   {line}", "fault")
    for passage in step.elements:
        yield from element_lines(passage, lanes, room, compact=compact)
    shown = [change_words(c) for c in step.changes if not c.proof and not (compact and _is_queue(c))]
    for line in flow(shown, room - 2):
        yield Line(f"{lanes.blank()}   {line}", "change")
    proof = [change_words(c) for c in step.changes if c.proof and not compact]
    for line in flow([f"(proof) {words}" for words in proof], room - 2):
        yield Line(f"{lanes.blank()}   {line}", "proof")


def _headline(step: TraceStep) -> str:
    words = describe.phrase(step.action, step.parameters)
    return f"{words} → {step.answer}" if step.answer else words


def _circumstances(step: TraceStep) -> Iterator[str]:
    for name, whose in (("full", "the queue that is sent to"), ("client_full", "the client's queue")):
        if step.parameters.get(name) is True:
            yield f"! {whose} happens to be full"
    if step.parameters.get("server_full") is True:
        yield "! the old server's queue happens to be full"


def flow(words: Iterable[str], width: int) -> list[str]:
    """Phrases one after the other, a phrase broken only where it is longer than a line."""
    rows: list[str] = []
    for phrase in words:
        if rows and len(rows[-1]) + 3 + len(phrase) <= width:
            rows[-1] += f" · {phrase}"
        else:
            rows += textwrap.wrap(phrase, width, subsequent_indent="  ")
    return rows


_NOT_STORED = {
    Deed.REFUSED.name: "not stored",
    Deed.OWED.name: "owed until there is room",
    Deed.DROPPED.name: "dropped, and nobody is told",
}


def element_lines(passage: Passage, lanes: Lanes, room: int, *, compact: bool) -> Iterator[Line]:
    """One element on its way, beside its arrow; ``room`` is what the lanes leave of a line."""
    sender = "hyp" if passage.sender == describe.HYPERVISOR else passage.sender
    stored = passage.deed in (Deed.STORED.name, Deed.OVERLAID.name)
    dump = "" if compact else describe.hex_groups(passage.bytes)
    if passage.deed == Deed.TAKEN.name:
        if compact:
            return
        drawing = lanes.mark(passage.receiver, "○")
        route = f"{passage.receiver} takes"
    elif passage.deed == Deed.LOST.name:
        drawing = lanes.mark(passage.receiver, "✕")
        route, dump = "lost, unread:", f"of {passage.sender}"
    else:
        drawing = lanes.arrow(passage.sender, passage.receiver, arrives=stored)
        route = f"{sender} {'→' if stored else '↛'} {passage.receiver}"
        dump = _NOT_STORED.get(passage.deed, dump)
    words = f"{route:<17} {passage.name:<21} {dump}".rstrip()
    if len(words) > room:
        words = f"{route:<17} {passage.name} {dump}"
    if len(words) > room:
        # Too many lanes for one line: the bytes go below.
        yield Line(f"{drawing} {route:<17} {passage.name}", "element")
        yield Line(f"{lanes.blank()} {dump:>{room}}", "element")
    else:
        yield Line(f"{drawing} {words}", "element")
    if passage.instead_of:
        same = passage.instead_of == passage.name
        words = "merges with the one already there" if same else f"overlays {passage.instead_of}, which is lost"
        yield Line(f"{lanes.blank()}   {words}", "element")


def _is_queue(change: Change) -> bool:
    return change.variable.startswith(("to_client", "to_server"))


def change_words(change: Change) -> str:
    """What a step changed, in words."""
    name = change.variable.partition("[")[0].partition(".")[0]
    variable = _VARIABLES[name]
    sort = variable.sort.sort if isinstance(variable.sort, Each) else variable.sort
    if isinstance(sort, Elements) and not change.proof:
        assert isinstance(change.after, list)
        return f"{change.variable}: {', '.join(change.after) or 'empty'}"
    before, after = (_shown(found, isinstance(sort, Server)) for found in (change.before, change.after))
    return f"{change.variable} {before} → {after}"


def _shown(found: object, is_server: bool) -> str:
    if isinstance(found, list):
        return "[" + ", ".join(describe.value(entry) for entry in found) + "]"
    if is_server and isinstance(found, int):
        return describe.server(found)
    return describe.value(found)


# --- below the steps -----------------------------------------------------------------------------------------------


def legend_of(traces: Sequence[Trace], *, compact: bool = True) -> Iterator[Line]:
    """What the lanes, the signs and the variables of some traces mean."""
    pairs: dict[str, None] = {}
    for trace in traces:
        lanes = Lanes.of(trace)
        pairs |= dict.fromkeys(
            f"{s} {n}" for n, s in zip(lanes.names, lanes.labels, strict=True) if not n.startswith("server")
        )
    steps = [step for trace in traces for step in trace.steps]
    signs = (
        f"lanes: {', '.join(pairs)}, s0 … servers; ● acts, ├─▶ puts an element on a queue"
        f"{'' if compact else ', ○ takes one off'}; ! chosen by users, administrators, faults or time"
        f"{'' if compact else '; (proof): no implementation has it'}"
    )
    for line in textwrap.wrap(signs, WIDTH):
        yield Line(line, "proof")
    partial = {kind.name for kind in describe.PARTIAL}
    if not compact and any(passage.name in partial for step in steps for passage in step.elements):
        for line in textwrap.wrap(f"bytes: {NOTE}", WIDTH):
            yield Line(line, "proof")
    yield Line("")
    changes = [c for step in steps for c in step.changes if not (compact and (c.proof or _is_queue(c)))]
    seen = {c.variable.partition("[")[0].partition(".")[0] for c in changes}
    for name in (v.name for v in VARIABLES if v.name in seen):
        meaning = f"{_VARIABLES[name].meaning}"
        owner = f"({_VARIABLES[name].owner}) " if _VARIABLES[name].owner != "queue" else ""
        wrapped = textwrap.wrap(f"{owner}{meaning}", WIDTH - _LABEL)
        for number, line in enumerate(wrapped):
            yield Line(f"{name if number == 0 else '':<{_LABEL}}{line}", "proof")
