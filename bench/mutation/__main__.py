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
        command.add_argument("--first", action="store_true", help="only what is quickly played: the scripted cases")
        command.add_argument("--survivors", action="store_true", help="go on with those that survived, and no others")
        command.add_argument("--again", action="store_true", help="with --survivors: from the beginning")
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
            chosen = [m for m in chosen if known.get(m.name, {}).get("verdict") == "survived"]
        else:
            chosen = [m for m in chosen if m.name not in known]
        if given.first:
            implementation.stages = tuple(s for s in implementation.stages if s.phases == ("scripted",))
        # In any order, so that a run that is stopped has seen something of everything.
        random.Random(given.seed).shuffle(chosen)
        prepare(implementation.stages)
        reached = None
        if isinstance(implementation, Python):
            reached = reached_by(implementation)
        else:
            unmutated(implementation)
        began, counts = time.monotonic(), Counter[str]()
        done = {} if given.again else known
        with out.open("a", encoding="utf-8") as file:
            for row in rows(implementation, chosen, reached, given.workers, done):
                file.write(json.dumps(row) + "\n")
                file.flush()
                counts[row["verdict"]] += 1
                done_so_far = f"{sum(counts.values())}/{len(chosen)}"
                print(done_so_far, dict(counts), row["mutant"], row["verdict"], flush=True)
        print(f"{(time.monotonic() - began) / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
