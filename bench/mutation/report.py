"""The page about the mutants (docs/mutants.md): figures, and each survivor with why it survives.

Why, is kept by hand in ``survivors.toml``; a survivor without an entry, and an entry without a survivor, are errors.
"""

from __future__ import annotations

import json
import sys
import textwrap
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mutation import c_mutants, python_mutants
from mutation.mutant import ROOT

HERE = Path(__file__).parent
RESULTS = HERE / "results"
EXPLANATIONS = HERE / "survivors.toml"
PAGE = ROOT / "docs" / "mutants.md"
FILES = {"python": python_mutants.FILES, "c": c_mutants.FILES, "c-values": c_mutants.FILES}
TITLES = {
    "python": "The reference hypervisor, Python",
    "c": "The hypervisor in C",
    "c-values": "The hypervisor in C: values and histories",
}
#: What is to be known before the figures of a chapter.
FOREWORDS = {
    "c-values": """Other changes, made by position too (`bench/mutation/c_values.py`): a number of which only the low 8, 16 or
32 bits count, or whose low half is taken for a signed one (`cut8` to `cut32`, `signed`); a bound that is one more or less
(`above`, `below`); one of several checks missing (`unchecked`); an index that is always 0, a loop that ends after the first
(`first`, `one`); something set only the first time, or only the first 200 times (`once`, `worn`); counters that begin again after
8 or 16 bits (`wrap8`, `wrap16`). There are more than a thousand, and **this chapter shows a part of a sample**: the first
13 mutants, by file, of 25 that were drawn at random when lengths and handles were not cut yet. Its share is a hint, and says
nothing of single operators and of other files. Looked at were the scripted cases of at most 120 steps, the first stage; of the
survivors two met some longer ones and a new case, and were killed. None has met the tours, the random phases or `--thorough`.

```console
$ cd bench && python -m mutation run c-values --sample 25
```""",
}
#: Kinds of survivors, in the order of the page.
KINDS = {
    "equivalent": "does the same as before, whatever is done",
    "freedom": "does otherwise, and the requirements allow it",
    "not reached": "no request of the adapter protocol leads there",
    "smoke": "a violation that `vnickit smoke` reports, and nothing that is played here",
    "open": "a violation that the kit does not see",
}

Row = Mapping[str, Any]


class NotExplainedError(Exception):
    """A survivor has no explanation, or an explanation no survivor; the text lists them."""


def read(file: Path) -> list[dict[str, Any]]:
    """The results in a file, the latest of each mutant; none where there is no file."""
    if not file.exists():
        return []
    found = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return list({row["mutant"]: row for row in found}.values())


def explanations(file: Path = EXPLANATIONS) -> list[dict[str, str]]:
    """What is written by hand.

    ``file``, ``function``, ``operator``, ``was``, ``becomes`` (one, or a list) say of which mutants an entry speaks, ``kind``
    is one of :data:`KINDS`, ``reason`` says why they survive.
    """
    return list(tomllib.loads(file.read_text(encoding="utf-8"))["survivor"])


def explained(survivors: Sequence[Row], entries: Sequence[Mapping[str, Any]]) -> list[tuple[Row, Mapping[str, Any]]]:
    """Each survivor with its explanation.

    Raises:
        NotExplainedError: one is missing, or one is left over.
    """
    found, used, missing = [], set(), []
    for row in survivors:
        number = next((n for n, entry in enumerate(entries) if _fits(entry, row)), None)
        if number is None:
            missing.append(f"{row['mutant']} {row['function']}: {row['was']}  =>  {row['becomes']}")
        else:
            used.add(number)
            found.append((row, entries[number]))
    left = [str({name: e[name] for name in e if name != "reason"}) for n, e in enumerate(entries) if n not in used]
    if missing or left:
        lines = [*(f"not explained: {words}" for words in missing), *(f"no such survivor: {words}" for words in left)]
        raise NotExplainedError("\n".join(lines))
    return found


def _fits(entry: Mapping[str, Any], row: Row) -> bool:
    return all(
        row[name] in (wanted if isinstance(wanted, list) else [wanted])
        for name, wanted in entry.items()
        if name not in ("kind", "reason")
    )


# --- the page --------------------------------------------------------------------------------------------------------


def page(results: Mapping[str, Sequence[Row]], entries: Sequence[Mapping[str, Any]]) -> str:
    """The page."""
    survivors = [row for rows in results.values() for row in rows if row["verdict"] == "survived"]
    pairs = explained(survivors, entries)
    words = [_HEAD]
    for name, rows in results.items():
        own = {row["mutant"] for row in rows}
        mine = [(row, entry) for row, entry in pairs if row["mutant"] in own]
        kinds = Counter(entry["kind"] for _, entry in mine)
        before = [FOREWORDS[name]] if name in FOREWORDS else []
        words += [f"## {TITLES[name]}", *before, *_figures(name, rows, kinds), *_survivors(mine)]
    return "\n\n".join(words) + "\n"


_HEAD = """<!-- Generated by `python -m mutation report` in bench; do not edit. -->
# Mechanical mutants

How sharp is the kit? A *mutant* is the code of an implementation with one place changed mechanically: a comparison shifted, a
condition turned over, a constant one more or one less, a return code or an event put for another, a statement left out. Each
was looked at by what `vnickit check` plays, and by nothing else. It is *killed* if the kit finds a violation, or says that the
adapter died or hung. A change that cannot be imported or does not compile without a warning, or that makes the same machine
code, is no mutant.

First come the scripted cases, also under three other profiles, which together have every other value of every parameter; what
survives those may go on to the tours, Hypothesis, the walks, and for Python the role system (`--survivors`). Where a mutant's
statement is not executed, it is not looked at: everything that is played is deterministic.

Not mutated, because by design no interface shows it: docstrings, annotations, assertions for the type checker, the words of
errors and refusals, arguments that only a caller of the library can pass, `repr`, counters that only the audit of the machine's
own state reads; in C the faults that can be planted. Not mutated either is what only carries (memory, registers), translates
(the adapters), checks settings or plays an owner: it decides nothing.

```console
$ cd bench && python -m mutation run python --first --sample 320
$ python -m mutation run c --first --sample 130
$ python -m mutation run python --survivors && python -m mutation run c --survivors
$ python -m mutation report
```

The figures are of random samples, the same ones each time; without `--sample` all mutants are looked at, which takes some hours
of an idle processor. Where an explanation is a new case, the mutant was looked at again and is among the killed."""


def _rate(killed: int, survived: int) -> str:
    return f"{killed} of {killed + survived} ({100 * killed / (killed + survived):.1f} %)" if killed + survived else "-"


def _figures(name: str, rows: Sequence[Row], kinds: Counter[str]) -> list[str]:
    kills = [row for row in rows if row["verdict"] == "killed"]
    left = [row for row in rows if row["verdict"] == "survived"]
    none = sum(row["verdict"] == "no mutant" for row in rows)
    broken = sum(row["how"] == "broken" for row in kills)
    by = Counter(str(row["by"]).partition("/")[0] for row in kills if row["how"] == "violation")
    visible = len(left) - kinds["equivalent"] - kinds["not reached"]
    went_on = sum("walk" in row["stages"] for row in left)
    one = sum(row["stages"] == ["scripted"] for row in left)
    summary = (
        f"Killed: **{_rate(len(kills), len(left))}** of all mutants, and **{_rate(len(kills), visible)}** of those that are not\n"
        f"equivalent and lie where a request of the adapter protocol leads. {len(kills) - broken} were killed by a violation,\n"
        f"{broken} because the adapter died, hung or answered what the protocol does not know. {none} changes made no mutant.\n"
        f"Of the survivors {went_on} have met the tours, Hypothesis and the walks, too; {one} only the default profile."
    )
    return [
        summary,
        "\n".join(textwrap.wrap(f"Blamed: {', '.join(f'{req} {count}' for req, count in sorted(by.items()))}.", 120)),
        _table("file", FILES[name], rows, "file"),
        _table("change", sorted({row["operator"] for row in rows}), rows, "operator"),
    ]


def _table(title: str, names: Iterable[str], rows: Sequence[Row], column: str) -> str:
    lines = [f"| {title} | killed | survived | killed, % |", "|---|---:|---:|---:|"]
    for name in names:
        verdicts = Counter(row["verdict"] for row in rows if row[column] == name)
        killed, survived = verdicts["killed"], verdicts["survived"]
        share = f"{100 * killed / (killed + survived):.0f}" if killed + survived else ""
        lines.append(f"| {name} | {killed} | {survived} | {share} |")
    return "\n".join(lines)


def _survivors(mine: Sequence[tuple[Row, Mapping[str, Any]]]) -> list[str]:
    found = ["### Survivors"]
    for kind, meaning in KINDS.items():
        chosen = [(row, entry) for row, entry in mine if entry["kind"] == kind]
        if not chosen:
            continue
        found.append(f"**{kind}** ({len(chosen)}): {meaning}.")
        reasons: dict[str, list[str]] = {}
        for row, entry in chosen:
            reasons.setdefault(entry["reason"], []).append(
                f"  - {row['file']} {row['function']}: `{row['was']}` → `{row['becomes']}`"
            )
        found.append("\n".join(line for why, lines in reasons.items() for line in (f"- {why}", *lines)))
    return found


def main() -> int:
    """Write the page; 1 and the list of what is missing where something is."""
    try:
        text = page({name: read(RESULTS / f"{name}.jsonl") for name in FILES}, explanations())
    except NotExplainedError as error:
        print(error, file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0
