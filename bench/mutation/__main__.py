"""``python -m mutation``, in ``bench``: list the mutants, have the kit look at them, tell what came out."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from mutation import report
from mutation.implementations import IMPLEMENTATIONS, Python
from mutation.mutant import sample

SEED = 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (("list", "print the mutants"), ("run", "have the kit look at mutants")):
        command = commands.add_parser(name, help=words)
        command.add_argument("of", choices=tuple(IMPLEMENTATIONS), help="which implementation is mutated")
        command.add_argument("--sample", type=int, metavar="N", help="only so many, at random [all]")
        command.add_argument("--seed", type=int, default=SEED, help="of the sample [1]")
        command.add_argument("--file", action="append", metavar="NAME", help="only those of this file (repeatable)")
        command.add_argument("--only", action="append", metavar="TEXT", help="only those with this in their name")
        command.add_argument(
            "--out", type=Path, metavar="FILE", help="results, one JSON object a line [results/OF.jsonl]"
        )
        command.add_argument(
            "--survivors", action="store_true", help="look again at those that survived, and at no others"
        )
        command.add_argument("--workers", type=int, default=2, metavar="N", help="processes at a time [2]")
    commands.add_parser("report", help="write docs/mutants.md from the results and the explanations")
    given = parser.parse_args()
    if given.command == "report":
        return report.main()
    with tempfile.TemporaryDirectory() as copy:
        implementation = IMPLEMENTATIONS[given.of](Path(copy))
        every = implementation.every()
        chosen = [m for m in sample(every, given.sample, given.seed) if given.file is None or m.file in given.file]
        if given.only:
            chosen = [m for m in chosen if any(text in m.name for text in given.only)]
        if given.command == "list":
            for mutant in chosen:
                print(f"{mutant.name}  {mutant.was}  =>  {mutant.becomes}")
            print(f"{len(chosen)} of {len(every)}", file=sys.stderr)
            return 0
        # Here, because it imports all of the kit.
        from mutation.looking import prepare
        from mutation.run import reached_by, rows, unmutated

        out = given.out or report.RESULTS / f"{given.of}.jsonl"
        known = {row["mutant"]: row for row in report.read(out)}
        if given.survivors:
            kept = {name: row for name, row in known.items() if row["verdict"] != "survived"}
            chosen = [m for m in chosen if m.name in known and m.name not in kept]
            known = kept
        chosen = [m for m in chosen if m.name not in known or known[m.name]["becomes"] != m.becomes]
        # In any order, so that a run that is stopped has seen something of everything.
        random.Random(given.seed).shuffle(chosen)
        prepare(implementation.stages)
        reached = None
        if isinstance(implementation, Python):
            reached = reached_by(implementation)
        else:
            unmutated(implementation)
        began, counts = time.monotonic(), Counter[str]()
        with out.open("w" if given.survivors else "a", encoding="utf-8") as file:
            for row in known.values() if given.survivors else ():
                file.write(json.dumps(row) + "\n")
            for row in rows(implementation, chosen, reached, given.workers):
                file.write(json.dumps(row) + "\n")
                file.flush()
                counts[row["verdict"]] += 1
                print(
                    f"{sum(counts.values())}/{len(chosen)} {dict(counts)} {row['mutant']} {row['verdict']}", flush=True
                )
        print(f"{(time.monotonic() - began) / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
