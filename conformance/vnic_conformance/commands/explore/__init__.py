"""``vnickit explore``: every reachable state of an instance, every step, the shortest way to what goes wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from vnic_conformance.commands.explore.engine import Engine
from vnic_conformance.commands.explore.operators import Operators
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import MOST_STATES, Whole, html_option
from vnic_conformance.together import Needs, Only, check
from vnic_model.limits import MEBIBYTES

_MACHINE = ("name", "servers", "mutate", "profile", "client_depth", "server_depth", "interventions", "at_most")
#: What goes together.
RULES = (
    Only("listing", frozenset()),
    Only("mutants", frozenset({"name", "servers", "at_most", "operators", "sample", "out", "as_json", "report"})),
    Only(
        "fine",
        frozenset({"servers", "mutate", "all_properties", "interventions", "at_most", "as_json"}),
    ),
    Needs("operators", "mutants", "--operators says which mutants are made; add --mutants"),
    Needs("sample", "mutants", "--sample bounds the errors of design; add --mutants"),
    Needs("out", "mutants", "--out is for the report on mutants; add --mutants"),
    Only(
        "symmetric",
        frozenset({*_MACHINE, "all_properties", "engine", "mebibytes", "file", "html", "as_json", "report"}),
        "--symmetry goes with neither --liveness nor --graph, which follow single servers",
    ),
    Only(
        "graph",
        frozenset({*_MACHINE, "quotient"}),
        "--graph checks nothing; it goes with neither --liveness nor --trace nor --json, nor with what says how to check",
    ),
    Needs("quotient", "graph", "--quotient says how a graph is to be seen; add --graph FILE"),
    Only("endless", frozenset({*_MACHINE, "all_properties", "without", "file", "html", "as_json", "report"})),
    Needs("without", "endless", "--without drops an assumption about endless runs; add --liveness"),
    Needs(
        "all_properties",
        "mutate",
        "--all-properties is for misreadings, of which else only the target is checked; add --mutate",
    ),
)


@click.command(
    epilog="Exit codes: 0 every state and step was checked and holds; 1 violation; 2 wrong usage; "
    "3 not exhausted (--at-most, --memory), or an action of the instance never fired. With --liveness: 0 what means something "
    "there holds; 1 refuted; 3 not decided. With --mutants: 0 each is noticed, equivalent or explained; 1 one survives; "
    "3 no instance was exhausted."
)
@click.option("--instance", "name", metavar="NAME", help="What may happen; see --list.  [default: core]")
@click.option("--servers", type=int, metavar="N", help="How many servers, 1 to 6.  [default: 2]")
@click.option("--mutate", metavar="NAME", help="Put a misreading in the place of a rule; see --list.")
@click.option("--all-properties", is_flag=True, help="With --mutate: check all properties, not only its target.")
@click.option("--profile", multiple=True, metavar="NAME=VALUE", help="Decide otherwise, e.g. event_full=defer.")
@click.option("--client-depth", type=click.IntRange(1, 64), metavar="D", help="Elements the client's queue holds.")
@click.option("--server-depth", type=click.IntRange(1, 64), metavar="D", help="Elements a server's queue holds.")
@click.option(
    "--interventions",
    type=click.IntRange(0, 64),
    metavar="K",
    help="Runs in which users, administrators, faults and time act at most K times.",
)
@click.option("--at-most", type=Whole(1, MOST_STATES), metavar="STATES", help="Give up beyond so many states.")
@click.option(
    "--engine",
    type=click.Choice([e.value for e in Engine]),
    default=Engine.AUTO.value,
    show_default=True,
    help="What explores; auto takes generated C, where there is a compiler, beyond a few states.",
)
@click.option(
    "--memory",
    "mebibytes",
    type=click.IntRange(1, 1 << 20),
    metavar="MIB",
    help=f"Give up when the states fill so much memory (C only).  [default: {MEBIBYTES}]",
)
@click.option(
    "--symmetry", "symmetric", is_flag=True, help="Take states that differ in the servers' names only for one."
)
@click.option("--liveness", "endless", is_flag=True, help="Decide LIV-1, LIV-2, LIV-3: what must happen eventually.")
@click.option("--without", multiple=True, metavar="NAME", help="With --liveness: drop an assumption; see --list.")
@click.option(
    "--graph",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the state graph here, .graphml, .dot or, if it is small, .svg; checks nothing.",
)
@click.option("--quotient", metavar="NAMES", help="With --graph: seen through these variables, e.g. crq,phase.")
@click.option(
    "--trace", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the trace here (JSON lines)."
)
@html_option("Write a page of HTML here: the report, and the runs that refute as sequence diagrams.")
@click.option(
    "--below",
    "fine",
    is_flag=True,
    help="A level below: calls in steps, on two CPUs. With --mutate NAME the order of steps is misread; see --list.",
)
@click.option("--mutants", is_flag=True, help="Is every single mutation of every action noticed? Takes some minutes.")
@click.option(
    "--operators",
    type=click.Choice([x.value for x in Operators]),
    default=Operators.SYNTACTIC.value,
    show_default=True,
    help="With --mutants: single changes of an action, errors of design in rules (most of an hour), or both.",
)
@click.option(
    "--sample",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="With --mutants: errors of design at N places only, spread evenly.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --mutants: write the report here, as Markdown.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option("--list", "listing", is_flag=True, help="List the instances and the mutations, and stop.")
@click.option("--progress", "report", is_flag=True, help="Report progress even if standard error is no terminal.")
@click.pass_context
def command(
    context: click.Context,
    name: str | None,
    servers: int | None,
    mutate: str | None,
    all_properties: bool,
    profile: tuple[str, ...],
    client_depth: int | None,
    server_depth: int | None,
    interventions: int | None,
    at_most: int | None,
    engine: str,
    mebibytes: int | None,
    symmetric: bool,
    endless: bool,
    without: tuple[str, ...],
    graph: Path | None,
    quotient: str | None,
    file: Path | None,
    html: Path | None,
    fine: bool,
    mutants: bool,
    operators: str,
    sample: int | None,
    out: Path | None,
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
      vnickit explore --servers 1 --graph dialogue.svg --quotient crq,phase
      vnickit explore --below --mutate connect_before_event
      vnickit explore --mutants --instance gap,wish    which mutations of the specification does it notice?
    """  # noqa: D301 - click wants the character, not its name
    check(context, RULES)
    if mebibytes is not None and engine == Engine.PYTHON:
        raise click.UsageError("--memory bounds the C engine; it does not go with --engine python")
    # What follows is imported here, because a help text needs no machine.
    if listing:
        from vnic_conformance.instance_list import list_instances

        return list_instances()
    if mutants:
        from vnic_conformance.commands.explore.mutants import show_mutants

        return show_mutants(
            names=name,
            servers=servers,
            at_most=at_most,
            operators=Operators(operators),
            sample=sample,
            out=out,
            as_json=as_json,
            report=report or sys.stderr.isatty(),
        )
    if fine:
        from vnic_conformance.commands.explore.below import explored_below

        return explored_below(
            servers=servers,
            mutate=mutate,
            everything=all_properties,
            interventions=interventions,
            at_most=at_most,
            as_json=as_json,
        )
    from vnic_conformance.commands.explore.exploring import explored
    from vnic_conformance.commands.explore.request import request_of

    request = request_of(
        name=name,
        servers=servers,
        mutate=mutate,
        profile=profile,
        client_depth=client_depth,
        server_depth=server_depth,
        interventions=interventions,
        all_properties=all_properties,
    )
    return explored(
        request,
        everything=all_properties,
        at_most=at_most,
        mebibytes=mebibytes,
        engine=Engine(engine),
        symmetric=symmetric,
        endless=endless,
        without=without,
        graph=graph,
        quotient=quotient,
        file=file,
        html=html,
        as_json=as_json,
        report=report,
    )
