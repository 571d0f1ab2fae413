"""``vnickit explain``: one name explained, of a requirement or of anything else that a report prints."""

from __future__ import annotations

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.kept import kept
from vnic_conformance.terminal import show, show_json
from vnic_model.intake import Fields
from vnic_model.lines import Line


@click.command(
    epilog="Exit codes: 0 explained; 2 nobody knows that name.",
    context_settings={"ignore_unknown_options": True},  # a return code such as -4 is a name
)
@click.argument("name", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(name: str, as_json: bool) -> ExitCode:
    """Say everything about one thing: what is required, why, how it is formalised, what it looks like when it happens.

    NAME is whatever a report, a trace or a page prints: a requirement, a property, an action, a misreading (mutation); a case, a
    profile parameter, a lemma, a call, a return code, an event, a status, a variable, a feature. Case of letters does not matter.

    Of a requirement, a property and a misreading traces are found while you wait: the shortest run in which the property is put
    to the test, and the shortest in which a misreading violates it.

    \b
    Examples:
      vnickit explain INV-2                 a requirement
      vnickit explain FOV-10/memory         a property
      vnickit explain client_reads_init     an action
      vnickit explain drop_event_on_full    a misreading
      vnickit explain hold_limit_ms         a profile parameter
      vnickit explain H_CONSTRAINED         a return code
    """  # noqa: D301 - click wants the character, not its name
    name = name.strip()

    def found() -> dict[str, object]:
        # Here, because what is kept is printed without the specification.
        from vnic_conformance.explained import explained

        plain, lines = explained(name)
        return {"plain": plain, "lines": [list(line) for line in lines]}

    plain, lines = kept(f"explain {name.casefold()}", _read, found)
    if as_json:
        show_json(plain)
    else:
        show(lines)
    return ExitCode.CONFORMS


def _read(answer: Fields) -> tuple[dict[str, object], list[Line]]:
    """An explanation that was kept."""
    plain = answer.inner("plain")
    lines = (Fields({"line": line}, "answer").texts("line") for line in answer.items("lines"))
    return {name: plain.value(name) for name in plain}, [
        Line(*line) for line in lines if len(line) == len(Line._fields)
    ]
