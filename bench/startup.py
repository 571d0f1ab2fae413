"""How long does the command take to start? Ratios of CPU time against a bare Python, and against one that imports click.

``python bench/startup.py [RUNS]``. The least of several runs counts, because everything else that a machine does only adds.
"""

from __future__ import annotations

import resource
import subprocess
import sys

VERBS = (
    "--help",
    "--version",
    "list",
    "list --phase scripted",
    "explain hold_limit_ms",
    "explain CRQ-3/full",
    "explore --list",
    "matrix",
    *(f"{verb} --help" for verb in ("check", "judge", "prove", "replay", "score", "show", "smoke")),
)


def seconds(words: list[str], runs: int) -> float:
    """CPU time of a process, user and system, the least of several runs."""
    best = float("inf")
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    python = [sys.executable, "-c"]
    bare, click = seconds([*python, "pass"], runs), seconds([*python, "import click"], runs)
    print(f"{'':<26}{'s':>7}{'× bare':>9}{'× click':>9}")
    print(f"{'python -c pass':<26}{bare:>7.3f}{1:>9.1f}")
    print(f"{'python -c import click':<26}{click:>7.3f}{click / bare:>9.1f}{1:>9.1f}")
    for words in VERBS:
        taken = seconds([sys.executable, "-m", "vnic_conformance", *words.split()], runs)
        print(f"vnickit {words:<18}{taken:>7.3f}{taken / bare:>9.1f}{taken / click:>9.1f}")


if __name__ == "__main__":
    main()
