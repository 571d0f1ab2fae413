"""``vnickit explore``: every reachable state of an instance, every step, the shortest way to what goes wrong."""

from __future__ import annotations

import json
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

import click

from vnic_conformance import liveness
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.instance_list import list_instances
from vnic_conformance.state_graph import export
from vnic_conformance.terminal import progress, progress_ends, refusal, show
from vnic_model.explorer import Exploration, explore
from vnic_model.instance import Instance
from vnic_model.instances import SCENARIOS, claims, instance
from vnic_model.replay import trace_of
from vnic_model.trace import Trace
from vnic_model.trace_text import WIDTH, lines_of
from vnic_spec.catalogue import ACTIONS
from vnic_spec.liveness import ASSUMPTIONS
from vnic_spec.mutations import ENDLESS, EVERY_MUTATION, Mutation
from vnic_spec.profile import PARAMETERS, Profile
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property


@dataclass(frozen=True)
class Request:
    """What is to be explored."""

    machine: Instance
    mutation: Mutation | None
    properties: tuple[Property, ...]


@dataclass(frozen=True)
class Result:
    """What came out."""

    request: Request
    found: Exploration
    seconds: float

    @property
    def trace(self) -> Trace | None:
        """The shortest run to the violation."""
        if self.found.violation is None:
            return None
        return trace_of(self.found, self.found.violation, mutation=self.request.mutation)

    @property
    def verdict(self) -> str:
        """One word: violated, incomplete, silent or holds."""
        if self.found.violation is not None:
            return "violated"
        if not self.found.complete:
            return "incomplete"
        return "silent" if self.found.silent else "holds"

    @property
    def code(self) -> ExitCode:
        """What the verdict means to a script."""
        codes = {"violated": ExitCode.VIOLATION, "holds": ExitCode.CONFORMS}
        return codes.get(self.verdict, ExitCode.INCONCLUSIVE)


def request_of(
    *,
    name: str | None = None,
    servers: int | None = None,
    mutate: str | None = None,
    profile: tuple[str, ...] = (),
    client_depth: int | None = None,
    server_depth: int | None = None,
    all_properties: bool = False,
) -> Request:
    """Make sense of the words of the command line.

    Raises:
        click.ClickException: a name nobody knows or a number that makes no machine; one line with what to type instead.
    """
    mutation = None
    if mutate is not None:
        if mutate not in EVERY_MUTATION:
            raise refusal("mutation", mutate, EVERY_MUTATION)
        mutation = EVERY_MUTATION[mutate]
    usual = "core" if mutation is None else mutation.instance or PROPERTIES[mutation.refutes].instance
    name = name or usual
    if name not in SCENARIOS:
        raise refusal("instance", name, SCENARIOS)
    many = servers if servers is not None else 2 if mutation is None else mutation.servers
    try:
        machine = instance(
            name,
            many,
            mutation=mutation,
            profile=_profile(name, profile),
            client_depth=client_depth,
            server_depth=server_depth,
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    claimed = claims(name)
    if mutation is not None and mutation.refutes in PROPERTIES and not all_properties:
        claimed = (PROPERTIES[mutation.refutes],)
    return Request(machine, mutation, claimed)


def _profile(name: str, choices: tuple[str, ...]) -> Profile:
    chosen: dict[str, object] = dict(SCENARIOS[name].profile.as_mapping())
    for choice in choices:
        key, equals, word = choice.partition("=")
        if not equals:
            raise click.ClickException(f"--profile takes NAME=VALUE, not {choice!r}")
        chosen[key.strip()] = word.strip()
        described = PARAMETERS.get(key.strip())
        if described and not described.abstract and described.name != "preempt_delay_ms":
            note = "the machine does not read it (time and size are abstract here)"
            click.echo(f"note: {described.name} changes nothing: {note}", err=True)
    return Profile.from_mapping(chosen)


def run(request: Request, *, at_most: int | None = None, report: bool = False) -> Result:
    """Explore, with progress on standard error where it is wanted."""
    start = time.monotonic()
    found = explore(request.machine, request.properties, at_most=at_most, progress=progress(report))
    progress_ends()
    return Result(request, found, time.monotonic() - start)


@click.command(
    epilog="Exit codes: 0 every state and step was checked and holds; 1 violation; 2 wrong usage; "
    "3 not exhausted (--at-most), or an action of the instance never fired. With --liveness: 0 what means something there holds; "
    "1 refuted; 3 not decided."
)
@click.option("--instance", "name", metavar="NAME", help="What may happen; see --list.  [default: core]")
@click.option("--servers", type=int, metavar="N", help="How many servers, 1 to 6.  [default: 2]")
@click.option("--mutate", metavar="NAME", help="Put a misreading in the place of a rule; see --list.")
@click.option("--all-properties", is_flag=True, help="With --mutate: check all properties, not only its target.")
@click.option("--profile", multiple=True, metavar="NAME=VALUE", help="Decide otherwise, e.g. event_full=defer.")
@click.option("--client-depth", type=click.IntRange(1, 64), metavar="D", help="Elements the client's queue holds.")
@click.option("--server-depth", type=click.IntRange(1, 64), metavar="D", help="Elements a server's queue holds.")
@click.option("--at-most", type=click.IntRange(1), metavar="STATES", help="Give up beyond so many states.")
@click.option("--liveness", "endless", is_flag=True, help="Decide LIV-1, LIV-2, LIV-3: what must happen eventually.")
@click.option("--without", multiple=True, metavar="NAME", help="With --liveness: drop an assumption; see --list.")
@click.option(
    "--graph",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the state graph here, .graphml or .dot; checks nothing.",
)
@click.option("--quotient", metavar="NAMES", help="With --graph: seen through these variables, e.g. crq,phase.")
@click.option(
    "--trace", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the trace here (JSON lines)."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--list", "listing", is_flag=True, help="List the instances and the mutations, and stop.")
@click.option("--progress", "report", is_flag=True, help="Report progress even if standard error is no terminal.")
def command(
    name: str | None,
    servers: int | None,
    mutate: str | None,
    all_properties: bool,
    profile: tuple[str, ...],
    client_depth: int | None,
    server_depth: int | None,
    at_most: int | None,
    endless: bool,
    without: tuple[str, ...],
    graph: Path | None,
    quotient: str | None,
    file: Path | None,
    as_json: bool,
    listing: bool,
    report: bool,
) -> ExitCode:
    """Visit every state that a small system can reach, and check every property in all of them.

    An instance says which part of the world may act: which faults, which administration, which dialogue. How the
    hypervisor answers is never restricted. The first violation is shown by a shortest trace.

    \b
    Examples:
      vnickit explore                                  the dialogue under faults, two servers
      vnickit explore --instance admin --servers 3     administration, three servers
      vnickit explore --mutate drop_event_on_full      what goes wrong if a rule is misread
      vnickit explore --profile reopen=reselect        another decision where the sources are silent
      vnickit explore --liveness --servers 1           is the client always served in the end?
      vnickit explore --servers 1 --graph dialogue.dot --quotient crq,phase
    """  # noqa: D301 - click wants the character, not its name
    if listing:
        return list_instances()
    request = request_of(
        name=name,
        servers=servers,
        mutate=mutate,
        profile=profile,
        client_depth=client_depth,
        server_depth=server_depth,
        all_properties=all_properties,
    )
    if file is not None and not file.parent.is_dir():
        raise click.ClickException(f"--trace {file}: there is no directory {file.parent}")
    if graph is not None:
        if endless or as_json or file is not None:
            raise click.ClickException("--graph checks nothing; it goes with neither --liveness nor --trace nor --json")
        return export(request.machine, graph, quotient, at_most)
    if quotient is not None:
        raise click.ClickException("--quotient says how a graph is to be seen; add --graph FILE")
    if endless:
        return _endless(request, without, all_properties, at_most, file, as_json=as_json, report=report)
    if without:
        raise click.ClickException("--without drops an assumption about endless runs; add --liveness")
    if mutate in ENDLESS:
        raise click.ClickException(f"no single state or step refutes {mutate}, an endless run does; add --liveness")
    result = run(request, at_most=at_most, report=report)
    trace = result.trace
    _write(file, trace)
    if as_json:
        click.echo(json.dumps(_plain(result, trace), indent=2, ensure_ascii=False))
    elif trace is not None:
        show(lines_of(trace))
        click.echo()
        click.echo(f"found after {_figures(result)}")
    else:
        _report(result)
    return result.code


def _write(file: Path | None, trace: Trace | None) -> None:
    if file is None:
        return
    if trace is None:
        click.echo(f"nothing is violated, so {file} is not written", err=True)
        return
    try:
        file.write_text(trace.dump(), encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from None


def _endless(
    request: Request,
    without: tuple[str, ...],
    everything: bool,
    at_most: int | None,
    file: Path | None,
    *,
    as_json: bool,
    report: bool,
) -> ExitCode:
    for name in without:
        if name not in ASSUMPTIONS:
            raise refusal("assumption", name, ASSUMPTIONS)
    asked = liveness.questions(request.mutation, all_of_them=everything)
    found = liveness.decided(
        request.machine,
        asked,
        mutation=request.mutation,
        without=frozenset(without),
        at_most=at_most,
        tell=(lambda words: click.echo(words, err=True)) if report else (lambda _: None),
    )
    _write(file, next((one.trace for one in found if one.trace is not None), None))
    if as_json:
        plain = {**_setting(request), "liveness": [liveness.plain_decided(one) for one in found]}
        click.echo(json.dumps(plain, indent=2, ensure_ascii=False))
    else:
        _introduce(request)
        show(liveness.lines_of_decided(found))
    return liveness.code_of(found)


# --- text ----------------------------------------------------------------------------------------------------------


def _wrapped(words: str, indent: str = "") -> None:
    click.echo(textwrap.fill(words, WIDTH, subsequent_indent=indent, break_on_hyphens=False))


def _figures(result: Result) -> str:
    speed = round(result.found.states / max(result.seconds, 0.001))
    steps = f"{result.found.states:,} states and {result.found.transitions:,} steps"
    return f"{steps} in {result.seconds:.1f} s ({speed:,} states/s)"


def setting(machine: Instance) -> str:
    """An instance in one line."""
    profile = ", ".join(f"{k} = {v}" for k, v in machine.profile.differences().items())
    return (
        f"{machine.name}, {machine.servers} server{'s' if machine.servers > 1 else ''}; queues of {machine.client_depth} "
        f"(client) and {machine.server_depth} (server) elements; {f'profile: {profile}' if profile else 'default profile'}"
    )


def _introduce(request: Request) -> None:
    click.echo(setting(request.machine))
    _wrapped(f"what may happen: {SCENARIOS[request.machine.name].sentence}", "  ")
    if request.mutation:
        _wrapped(f"misreading {request.mutation.name}: {request.mutation.sentence}", "  ")
    click.echo()


def _report(result: Result) -> None:
    request, found = result.request, result.found
    _introduce(request)
    speed = round(found.states / max(result.seconds, 0.001))
    for label, figure in (("states", found.states), ("transitions", found.transitions), ("depth", found.depth)):
        click.echo(f"{label:<16}{figure:>12,}")
    click.echo(f"{'time':<16}{result.seconds:>10.1f} s, {speed:,} states/s")
    click.echo()
    click.echo(f"{'action':<28}{'fired':>12}")
    for action in ACTIONS:
        if action in request.machine.actions:
            fired = found.fired.get(action, 0)
            click.echo(f"{action:<28}{fired:>12,}{'' if fired else '   never'}")
    click.echo()
    checked, idle = spoken_of(request)
    _wrapped(f"{len(checked)} properties checked: {', '.join(checked)}", "  ")
    if idle:
        _wrapped(f"{len(idle)} not exercised, for want of the actions they speak of: {', '.join(idle)}", "  ")
    click.echo()
    _wrapped(_sentence(result))


def spoken_of(request: Request) -> tuple[list[str], list[str]]:
    """Properties of what may happen here, and those of actions that the instance does not have."""
    checked: list[str] = []
    idle: list[str] = []
    for p in request.properties:
        (idle if p.actions and not request.machine.actions.intersection(p.actions) else checked).append(p.name)
    return checked, idle


def _sentence(result: Result) -> str:
    found = result.found
    if result.verdict == "incomplete":
        return (
            f"NOT EXHAUSTED: no violation up to depth {found.depth}, but there is more beyond {found.states:,} states. "
            "That is no verdict."
        )
    if result.verdict == "silent":
        return (
            f"SILENT: no violation, but {', '.join(found.silent)} never fired under this instance and profile; "
            "what is claimed of it was not exercised. That is no verdict."
        )
    if result.request.mutation:
        return (
            f"HOLDS, even under the misreading {result.request.mutation.name}: every reachable state and every step was "
            "checked, and nothing here refutes it. Try more servers, deeper queues or another instance."
        )
    return "HOLDS: every reachable state and every step was checked; nothing is violated and every action fired."


# --- JSON ----------------------------------------------------------------------------------------------------------


def _setting(request: Request) -> dict[str, object]:
    machine = request.machine
    return {
        "instance": machine.name,
        "servers": machine.servers,
        "client_depth": machine.client_depth,
        "server_depth": machine.server_depth,
        "profile": machine.profile.differences(),
        "mutation": request.mutation.name if request.mutation else None,
    }


def _plain(result: Result, trace: Trace | None) -> dict[str, object]:
    machine, found = result.request.machine, result.found
    return {
        **_setting(result.request),
        "verdict": result.verdict,
        "violated": found.violation.name if found.violation else None,
        "states": found.states,
        "transitions": found.transitions,
        "depth": found.depth,
        "complete": found.complete,
        "seconds": round(result.seconds, 3),
        "fired": {action: found.fired.get(action, 0) for action in ACTIONS if action in machine.actions},
        "silent": found.silent,
        "properties": spoken_of(result.request)[0],
        "not_exercised": spoken_of(result.request)[1],
        "trace": [json.loads(line) for line in trace.dump().splitlines()] if trace else None,
    }
