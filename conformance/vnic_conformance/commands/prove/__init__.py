"""``vnickit prove``: every property for any number of servers and any depth of queues, by induction."""

from __future__ import annotations

from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import html_option
from vnic_conformance.terminal import refusal, say
from vnic_conformance.together import Only, check
from vnic_conformance.writing import check_places, put
from vnic_model.goals import GOALS, PLANS
from vnic_spec.mutations import MUTATIONS
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property

#: What to type where the solver is missing.
NO_SOLVER = "vnickit prove needs z3, which is optional: pip install 'vnic-failover-kit[proofs]'"
#: What goes together. With --servers a certificate would be about another thing than it says.
_BOUNDED = "--servers N goes with none of --certify, --recheck, --find-lemmas and --no-cache"
_MISREAD = (
    "--mutate looks for a refutation of a misreading; "
    "it goes with none of --certify, --recheck, --find-lemmas, --jobs and --no-cache"
)
_FINDING = "--find-lemmas is about INV-2 alone; it goes with --json and --progress only"
RULES = (
    Only("servers", frozenset({"names", "mutate", "html", "as_json", "jobs", "report"}), _BOUNDED),
    Only("mutate", frozenset({"names", "servers", "html", "as_json", "report"}), _MISREAD),
    Only("find_lemmas", frozenset({"as_json", "report"}), _FINDING),
    Only("recheck", frozenset({"names", "as_json", "jobs", "report"})),
    Only("naive", frozenset({"names", "html", "as_json", "jobs", "report"})),
    Only("explain", frozenset({"names", "html", "as_json", "jobs", "report"})),
    Only("certify", frozenset({"names", "as_json", "jobs", "report"})),
    Only("graph", frozenset({"names"}), "--graph proves nothing; it goes with names alone"),
)


@click.command(
    epilog="Exit codes: 0 everything asked for is proved; 1 something is refuted (the picture shows it), or vacuous; 2 wrong "
    "usage, or z3 is missing; 3 z3 does not know. With --recheck: 0 everything asked for is verified; 1 something in the "
    "directory is not what it says; 3 what is there is verified, and something asked for is missing."
)
@click.argument("names", nargs=-1, metavar="[ID]...")
@click.option(
    "--servers",
    default="any",
    metavar="any|N",
    help="For any number of servers, or for N, 1 to 6, with queues of 2 and 3 elements.  [default: any]",
)
@click.option("--mutate", metavar="NAME", help="Put a misreading in the place of a rule; see vnickit explore --list.")
@html_option("Write a page of HTML here: the report, and with --mutate the shortest run as a sequence diagram.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with every obligation instead of text.")
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes at the same time.")
@click.option(
    "--certify",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write every obligation as SMT-LIB, have cvc5 prove it too, keep its proofs.",
)
@click.option(
    "--recheck",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="DIR",
    help="Verify a directory that --certify has written, for these IDs or for everything.",
)
@click.option(
    "--find-lemmas", "find_lemmas", is_flag=True, help="Find lemmas for INV-2 by machine instead of using ours."
)
@click.option(
    "--naive", is_flag=True, help="Prove the same again by a second reading, naive on purpose, that shares no code."
)
@click.option("--explain", is_flag=True, help="Say which hypotheses each step needs: guard, invariant, lemma, or none.")
@click.option(
    "--graph",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw what the proofs rest on, as SVG; proves nothing.",
)
@click.option(
    "--no-cache", "no_cache", is_flag=True, help="Prove everything anew, also what is in the cache of earlier proofs."
)
@click.option("--progress", "report", is_flag=True, help="Report progress even if standard error is no terminal.")
@click.pass_context
def command(
    context: click.Context,
    names: tuple[str, ...],
    servers: str,
    mutate: str | None,
    html: Path | None,
    as_json: bool,
    jobs: int,
    certify: Path | None,
    recheck: Path | None,
    find_lemmas: bool,
    naive: bool,
    explain: bool,
    graph: Path | None,
    no_cache: bool,
    report: bool,
) -> ExitCode:
    """Prove properties for any number of servers, any depth of queues and every profile.

    ID is a property, a requirement or a lemma; without one every property is proved, with the lemmas that the proofs rest
    on. A proof is an induction: the claim holds at the beginning, and each action keeps it. What is refuted is shown as a
    step between two states; with --mutate also as the shortest run from the beginning. A property that no reachable step
    puts to the test is vacuous, and counts as a failure. So
    does, with --explain, one that needs no hypothesis at all and does not say why it is there.

    What was proved before, word for word, with the same z3 and the same prover, is not proved again; the report says how much.
    --explain, --certify and --recheck take nothing from there.

    \b
    Examples:
      vnickit prove                                everything
      vnickit prove INV-1 INV-2                    the headline: never two active servers
      vnickit prove INV-2 --mutate no_fence        what becomes of it if a rule is misread
      vnickit prove --certify proofs/              the same, checked by a second solver
      vnickit prove INV-1 INV-2 --naive            the same, written down anew by a second reading
      vnickit prove INV-1 --recheck proofs/        does a certificate cover this, today?
      vnickit prove INV-2 --graph inv-2.svg        what the proof rests on
    """  # noqa: D301 - click wants the character, not its name
    if mutate is not None and mutate not in MUTATIONS:
        raise refusal("mutation", mutate, MUTATIONS)
    wanted = _wanted(names, mutate)
    number = _number(servers)
    check(context, RULES, besides=() if number is not None else ("servers",))
    check_places((("--html", html), ("--graph", graph)))
    if graph is not None:
        return _drawn(graph, wanted if names else ())
    try:
        # Here, because z3 is optional.
        from vnic_conformance.commands.prove import again, bounded, certificates, finding, proving
    except ImportError as error:
        if error.name != "z3":
            raise
        raise click.UsageError(NO_SOLVER) from None
    if recheck is not None:
        return certificates.recheck(wanted, recheck, jobs=jobs, as_json=as_json, report=report)
    if find_lemmas:
        return finding.find(as_json=as_json, report=report)
    if naive:
        return again.prove_again(wanted, jobs=jobs, html=html, as_json=as_json, report=report)
    if certify is not None:
        return certificates.certify(wanted, certify, jobs=jobs, as_json=as_json, report=report)
    if mutate is not None and number is not None:
        return bounded.refute_misreading(wanted, number, mutate, html=html, as_json=as_json)
    if number is not None:
        return bounded.prove_all(wanted, number, jobs=jobs, html=html, as_json=as_json, report=report)
    if mutate is not None:
        return proving.refute_misreading(wanted, mutate, html=html, as_json=as_json)
    cached = not no_cache and not explain
    return proving.prove_all(
        wanted, jobs=jobs, html=html, as_json=as_json, report=report, explain=explain, cached=cached
    )


def _drawn(file: Path, wanted: tuple[str, ...]) -> ExitCode:
    from vnic_conformance.pictures.state_picture import picture_of_proofs  # here: most proofs draw nothing

    put(file, picture_of_proofs(wanted))
    say(f"{file}: what {', '.join(wanted) or 'the proofs'} rest{'s' if len(wanted) == 1 else ''} on")
    return ExitCode.CONFORMS


def _number(servers: str) -> int | None:
    if servers == "any":
        return None
    if servers in ("1", "2", "3", "4", "5", "6"):
        return int(servers)
    raise click.UsageError(f"--servers takes any, or a number from 1 to 6 (ADM-1), not {servers!r}")


def _speaks_of(p: Property, name: str) -> bool:
    return name in (p.name.lower(), *(requirement.lower() for requirement in p.requirements))


def _known() -> list[str]:
    """Every name that something is proved of."""
    return list(dict.fromkeys([*GOALS, *(requirement for p in PROPERTIES.values() for requirement in p.requirements)]))


def _wanted(names: tuple[str, ...], mutate: str | None) -> tuple[str, ...]:
    """The goals that the words of the command line mean, in the order of the specification."""
    if not names:
        if mutate is not None:
            return (MUTATIONS[mutate].refutes,)
        return tuple(p for p in PROPERTIES if p in PLANS)
    found: set[str] = set()
    for name in names:
        meant = {p.name for p in PROPERTIES.values() if _speaks_of(p, name.lower())}
        meant |= {goal for goal in GOALS if goal.lower() == name.lower()}
        if not meant:
            raise refusal("property, requirement or lemma with a proof", name, _known())
        found |= meant
    return tuple(name for name in GOALS if name in found)
