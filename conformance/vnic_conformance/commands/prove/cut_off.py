"""A proof that is cut off: by Ctrl-C, by ``kill``, by whoever limits its time. What was decided until then is told."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import progress_ends, say, show_json
from vnic_conformance.writing import verdict_stands
from vnic_model.lines import WIDTH
from vnic_model.prover.induction import PROVED, REFUTED, UNKNOWN, Obligation, Verdict, obligations
from vnic_model.prover.run import plan_of


def cut_off(
    wanted: Sequence[str], goals: Sequence[str], decided: Mapping[Obligation, Verdict], seconds: float, *, as_json: bool
) -> ExitCode:
    """Tell what is proved, refuted and not decided; a refutation stands, anything else is no verdict.

    Args:
        wanted: the goals that were asked for.
        goals: these, and all that their proofs rest on.
        decided: every obligation that was decided before the end.
        seconds: how long that took.
        as_json: one JSON object instead of text.
    """
    progress_ends()
    become: dict[str, list[str]] = {PROVED: [], REFUTED: [], UNKNOWN: []}
    for name in wanted:
        become[_verdict(name, decided)].append(name)
    refuted = [x for x, v in decided.items() if v.verdict == REFUTED]
    code = ExitCode.VIOLATION if refuted else ExitCode.INCONCLUSIVE
    total = sum(len(obligations(name)) for name in goals)
    with verdict_stands(code, (x.goal for x in refuted)):
        if as_json:
            show_json(
                {
                    "stopped": True,
                    "asked": list(wanted),
                    "seconds": round(seconds, 3),
                    "decided": len(decided),
                    "obligations": total,
                    "proved": become[PROVED],
                    "refuted": [str(x) for x in refuted],
                    "not_decided": become[UNKNOWN],
                }
            )
        else:
            _say(f"STOPPED after {seconds:.1f} s: {len(decided)} of {total} obligations are decided.")
            _say(f"proved {len(become[PROVED])} of {len(wanted)}: {', '.join(become[PROVED]) or 'none'}")
            for x in refuted:
                _say(f"REFUTED: {x}; vnickit prove {x.goal} shows it")
            _say(f"not decided {len(become[UNKNOWN])} of {len(wanted)}: {', '.join(become[UNKNOWN]) or 'none'}")
    if not refuted:
        say("vnickit: stopped; there is no verdict", err=True)
    return code


def _verdict(name: str, decided: Mapping[Obligation, Verdict]) -> str:
    """Of a goal: proved only if every obligation of it, and of all that its proof rests on, is."""
    try:
        asked = [x for goal in plan_of([name]) for x in obligations(goal)]
    except ValueError:  # it has no proof for any number of servers
        return UNKNOWN
    found = {decided[x].verdict if x in decided else UNKNOWN for x in asked}
    return REFUTED if REFUTED in found else UNKNOWN if UNKNOWN in found else PROVED


def _say(words: str) -> None:
    say(textwrap.fill(words, WIDTH, subsequent_indent="  ", break_on_hyphens=False))
