"""The kit's explorers and independent model checkers on the same instances, in one run: equal counts, time and memory.

Run it by hand: ``python bench/independent.py``. Spin, and NuSMV where it is installed, read what ``vnickit export`` writes, and
Spin a model of ``selection`` that was written by hand; what they count is compared with what the kit's own explorers count.
``--write`` writes ``docs/performance.md`` and its charts; ``--quick`` leaves out what takes minutes; ``--only core 2`` is one
comparison.

Exit codes: 0 all counts are equal; 1 some are not; 2 there is nobody to compare with.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vnic_model.explorer import explore
from vnic_model.export.promela import promela
from vnic_model.export.smv import smv
from vnic_model.export.source import source_of
from vnic_model.instances import instance
from vnic_model.machine import Machine
from vnic_model.native import compiler
from vnic_model.native.build import programs
from vnic_model.native.source import source as native_source

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "performance.md"
BY_HAND = ROOT / "bench" / "promela" / "selection.pml"
CHARTS = ROOT / "bench" / "charts.py"

#: Runs that take less than this many seconds are done three times, and the fastest counts.
SHORT = 10.0
#: Flags of the verifier that Spin writes: no reduction and no approximation, or the counts could not be compared; nothing checked
#: that is not asked for.
SPIN_FLAGS = ("-O3", "-DSAFETY", "-DNOREDUCE", "-DNOBOUNDCHECK", "-DMEMLIM=20000")

#: Starts a command and says on standard error what it used. Linux counts the memory of who starts a program to the program's
#: own until it has grown beyond; so this is in C, and small.
MEASURE = r"""
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int status;
	struct rusage used;
	pid_t child = fork();
	if (child == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (wait4(child, &status, 0, &used) != child || argc < 2)
		return 127;
	fprintf(stderr, "\nMEASURED %.6f %ld\n",
		used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6,
		used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
"""


@dataclass(frozen=True)
class Row:
    """One instance that is compared."""

    name: str
    servers: int
    hand: bool = False  #: Spin reads the model that was written by hand
    python: bool = True  #: it is not too much for Python
    nusmv: bool = False
    long: bool = False  #: minutes


ROWS = (
    Row("core", 1, nusmv=True),
    Row("selection", 3, nusmv=True),
    Row("selection", 3, hand=True),
    Row("admin", 2, nusmv=True),
    Row("core", 2),
    Row("selection", 6, hand=True),
    Row("answer", 3),
    Row("core", 3, python=False, long=True),
)


@dataclass(frozen=True)
class Figure:
    """What one tool found on one instance, and what it took."""

    name: str
    servers: int
    by: str
    states: int
    transitions: int | None  #: by our convention; None: it does not say
    seconds: float  #: CPU time of the search
    mebibytes: float  #: the most memory that the process had
    preparation: float  #: CPU time before the search: tracing, writing, compiling


@dataclass(frozen=True)
class Used:
    """One process that has ended."""

    output: str
    seconds: float  #: CPU time
    mebibytes: float


class Bench:
    """The tools that there are, and a directory to work in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "measure.c").write_text(MEASURE, encoding="utf-8")
        self.cc = compiler()
        if self.cc is None:
            raise SystemExit("there is no C compiler")
        self.measure = directory / "measure"
        subprocess.run([*self.cc.words, "-O1", "-o", self.measure, directory / "measure.c"], check=True)

    def run(self, *words: str | Path) -> Used:
        """Run a command in the directory. What it says on standard error is shown only if it fails."""
        done = subprocess.run([self.measure, *words], cwd=self.directory, capture_output=True, text=True, check=False)
        told = re.search(r"\nMEASURED (\S+) (\d+)\n", done.stderr)
        if told is None or done.returncode != 0:
            raise SystemExit(f"{words[0]} failed ({done.returncode}):\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return Used(done.stdout, float(told[1]), int(told[2]) / 1024)

    def fastest(self, *words: str | Path) -> Used:
        """The fastest of three runs, or the only one where that takes long."""
        first = self.run(*words)
        if first.seconds > SHORT:
            return first
        return min(first, self.run(*words), self.run(*words), key=lambda used: used.seconds)

    def python(self, row: Row) -> Figure:
        """The kit's explorer in generated Python."""
        used = self.fastest(sys.executable, __file__, "--in-this-process", row.name, str(row.servers))
        told = json.loads(used.output)
        return Figure(row.name, row.servers, "Python", **told, mebibytes=used.mebibytes)

    def native(self, row: Row) -> Figure:
        """The kit's explorer in generated C."""
        assert self.cc is not None
        begin, children = time.process_time(), os.times()
        made = native_source(Machine(instance(row.name, row.servers)))
        os.environ["VNICKIT_CACHE"] = ""  # nothing compiled before
        with programs(made.text, self.cc) as places:
            file = next(places)
            after = os.times()
            compiling = after.children_user + after.children_system - children.children_user - children.children_system
            preparation = time.process_time() - begin + compiling
            used = self.fastest(file, str(16 << 30), str(2**63 - 1))
        lines = [line.split() for line in used.output.splitlines() if not line.startswith("at")]
        assert lines[0][:2] == ["end", "all"], used.output
        transitions = sum(map(int, lines[1][1:]))
        states = int(lines[0][2])
        return Figure(row.name, row.servers, "C", states, transitions, used.seconds, used.mebibytes, preparation)

    def spin(self, row: Row, ours: Figure) -> Figure:
        """Spin, with room for as many states as ours, and for as long a path as a first run needs."""
        begin = time.process_time()
        if row.hand:
            text = f"#define N {row.servers}\n{BY_HAND.read_text(encoding='utf-8')}"
        else:
            text = promela(source_of(instance(row.name, row.servers)), row.name)
        (self.directory / "model.pml").write_text(text, encoding="utf-8")
        preparation = time.process_time() - begin
        preparation += self.run("spin", "-o2", "-a", "model.pml").seconds
        preparation += self.run("gcc", "-w", *SPIN_FLAGS, "-o", "pan", "pan.c").seconds
        slots = f"-w{max(10, ours.states.bit_length())}"
        depth = max(100_000, ours.states // 4)
        while "too small" in (said := self.run("./pan", "-n", f"-m{depth}", slots).output):
            depth *= 8
        reached = int(re.findall(r"depth reached (\d+)", said)[0])
        used = self.fastest("./pan", "-n", f"-m{reached + 10}", slots)
        assert "errors: 0" in used.output, used.output
        assert "too small" not in used.output, used.output
        stored = spins_count(used.output, "states, stored", ours.states)
        # It counts the initial state as stored by a transition.
        told = spins_count(used.output, "transitions", (ours.transitions or 0) + 1) - 1
        by = "Spin, by hand" if row.hand else "Spin"
        return Figure(row.name, row.servers, by, stored, told, used.seconds, used.mebibytes, preparation)

    def nusmv(self, row: Row) -> Figure:
        """NuSMV, which does not visit states but computes their set."""
        begin = time.process_time()
        text = smv(source_of(instance(row.name, row.servers)), row.name)
        preparation = time.process_time() - begin
        (self.directory / "model.smv").write_text(text, encoding="utf-8")
        (self.directory / "commands").write_text("go\nprint_reachable_states\nquit\n", encoding="utf-8")
        used = self.fastest("NuSMV", "-dynamic", "-df", "-source", "commands", "model.smv")
        states = int(re.findall(r"^reachable states: (\d+) ", used.output, re.M)[0])
        return Figure(row.name, row.servers, "NuSMV", states, None, used.seconds, used.mebibytes, preparation)

    def figures(self, row: Row) -> Iterator[Figure]:
        """Everybody's figures on one instance."""
        ours = self.native(row)
        yield ours
        if row.python:
            yield self.python(row)
        if shutil.which("spin") and shutil.which("gcc"):
            yield self.spin(row, ours)
        if row.nusmv and shutil.which("NuSMV"):
            yield self.nusmv(row)


def in_this_process(name: str, servers: int) -> None:
    """Explore, and say in JSON what was found and how long it took; what is done before the first level is preparation."""
    started = time.process_time()
    begins: list[float] = []
    found = explore(instance(name, servers), progress=lambda *_: begins.append(time.process_time()))
    seconds, preparation = time.process_time() - begins[0], begins[0] - started
    assert found.complete
    told = {"states": found.states, "transitions": found.transitions, "seconds": seconds, "preparation": preparation}
    print(json.dumps(told))


def spins_count(output: str, what: str, expected: int) -> int:
    """How many of something Spin has counted. It prints eight digits; those of the number expected are taken for that number."""
    said = re.findall(rf"^\s*(\d+(?:\.\d+)?(?:e\+\d+)?) {what}", output, re.M)[0]
    return expected if float(said) == float(f"{expected:.8g}") else round(float(said))


def differences(figures: Sequence[Figure]) -> list[str]:
    """Where two tools count differently on the same instance."""
    found = []
    for one in figures:
        first = next(f for f in figures if (f.name, f.servers) == (one.name, one.servers))
        where = f"{one.name}, {one.servers} servers"
        if one.states != first.states:
            found.append(f"{where}: {one.states:,} states by {one.by}, {first.states:,} by {first.by}")
        if one.transitions not in (None, first.transitions):
            found.append(f"{where}: {one.transitions:,} transitions by {one.by}, {first.transitions:,} by {first.by}")
    return found


# --- the document -------------------------------------------------------------------------------------------------


def first_line(*words: str) -> str:
    """The first line that a program says, or that it is not there."""
    if shutil.which(words[0]) is None:
        return "not installed"
    said = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    lines = (said.stdout + said.stderr).splitlines()
    named = next((line.strip("* ") for line in lines if re.search(r"\d", line)), "of unknown version")
    return re.sub(r"^This is | \(compiled .*\)$", "", named)


def facts() -> dict[str, str]:
    """The machine and the versions, without the machine's name."""
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(encoding="utf-8"))
    return {
        "Command": f"`python bench/independent.py {' '.join(sys.argv[1:])}`",
        "Processor": cpu[1].strip() if cpu else platform.machine(),
        "Cores": str(os.cpu_count()),
        "Memory": f"{int(memory[1]) / 2**20:.0f} GiB" if memory else "unknown",
        "System": f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {platform.system()} {platform.machine()}",
        "Load at the start": f"{os.getloadavg()[0]:.1f} other programs running, on average of a minute",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "C compiler": first_line("gcc", "--version"),
        "Spin": first_line("spin", "-V"),
        "NuSMV": first_line("NuSMV", "-help"),
    }


def short(seconds: float) -> str:
    """Seconds with three digits that mean something."""
    return f"{seconds:.3f}" if seconds < 1 else f"{seconds:.2f}" if seconds < 10 else f"{seconds:,.0f}"


def rate(figure: Figure) -> str:
    """Transitions per second of CPU time, in millions; nothing where the search is over before the clock ticks."""
    if figure.transitions is None or figure.seconds < 0.02:
        return "–"
    return f"{figure.transitions / figure.seconds / 1e6:.2f}"


def table(figures: Sequence[Figure]) -> Iterator[str]:
    """One line for each tool on each instance."""
    yield (
        "| instance | servers | by | states | transitions | search, CPU s | million transitions/s | memory, MiB |"
        " preparation, CPU s |"
    )
    yield "|---|---:|---|---:|---:|---:|---:|---:|---:|"
    for f in figures:
        transitions = "–" if f.transitions is None else f"{f.transitions:,}"
        yield (
            f"| {f.name} | {f.servers} | {f.by} | {f.states:,} | {transitions} | {short(f.seconds)} | {rate(f)} |"
            f" {f.mebibytes:,.0f} | {short(f.preparation)} |"
        )


def ratios(figures: Sequence[Figure]) -> Iterator[str]:
    """Spin and Python against C, where the times can be compared."""
    yield "| instance | servers | Spin's model | time, Spin / C | memory, Spin / C | time, Python / C | time, Python / Spin |"
    yield "|---|---:|---|---:|---:|---:|---:|"
    for spin in figures:
        if not spin.by.startswith("Spin"):
            continue
        mine = {f.by: f for f in figures if (f.name, f.servers) == (spin.name, spin.servers)}
        c, python = mine["C"], mine.get("Python")
        if spin.seconds < 0.1:
            continue
        slow = f"{python.seconds / c.seconds:.0f}" if python else "–"
        slower = f"{python.seconds / spin.seconds:.1f}" if python else "–"
        model = "by hand" if "hand" in spin.by else "exported"
        yield (
            f"| {c.name} | {c.servers} | {model} | {spin.seconds / c.seconds:.1f} | {spin.mebibytes / c.mebibytes:.1f} |"
            f" {slow} | {slower} |"
        )


def document(figures: Sequence[Figure], about: dict[str, str]) -> str:
    """``docs/performance.md``."""
    lines = [
        "# Performance, and agreement with independent model checkers",
        "",
        "Generated by `bench/independent.py --write`, all figures in one run. Do not edit it: a test compares its counts with",
        "those that the other tests pin. Times are this machine's, and say something only beside each other.",
        "",
        *(f"- {name}: {fact}" for name, fact in about.items()),
        "",
        "## Charts",
        "",
        "Drawn from the table below by `bench/charts.py`, each bar with the table's number beside it. The scales are",
        "logarithmic: from one line to the next it is ten times as much. Beside an instance stands its number of servers.",
        "",
        "Million transitions a second of CPU time:",
        "",
        "![Million transitions a second of CPU time](performance/rate.svg)",
        "",
        "CPU time of the search, in seconds:",
        "",
        "![CPU time of the search, in seconds](performance/search.svg)",
        "",
        "Memory of the search, in MiB:",
        "",
        "![Memory of the search, in MiB](performance/memory.svg)",
        "",
        "## Figures",
        "",
        *table(figures),
        "",
        "*States* are the reachable ones. A *transition* is every possible action with each possible combination of parameters,",
        "also where it changes nothing; Spin says one more, which is taken off here, because the initial state counts as stored",
        "by a transition, and prints eight digits of a number. NuSMV computes sets of states and counts no transitions.",
        "",
        "## Ratios",
        "",
        *ratios(figures),
        "",
        "Same instance, same transitions, so the ratio of times is the one per transition. Left out is what Spin does in less",
        "than 0.1 s.",
        "",
        "## How it is measured",
        "",
        "No property is checked: this is exploration alone. Times are CPU time, user and system, of the process that searches;",
        f"a search of less than {SHORT:.0f} s is done three times, and the fastest counts. Memory is the largest resident set of",
        "that process. *Preparation* is what comes before: tracing the specification, writing and compiling the program.",
        "",
        "- *C*: `vnickit explore --engine native`, compiled as it is there.",
        "- *Python*: `vnickit explore --engine python`.",
        f"- *Spin*: `vnickit export --to promela`, `spin -o2 -a`, `gcc {' '.join(SPIN_FLAGS)}`,",
        "  `pan -n -m... -w...` with a hash table as large as the states need and a stack as deep as a first run found to be",
        "  enough. Partial order reduction is off, because the counts have to be equal; states are stored whole.",
        "- *Spin, by hand*: the same for `bench/promela/selection.pml`, a model of the instance that was written from the",
        "  requirements, with arrays, loops and three kinds of processes.",
        "- *NuSMV*: `vnickit export --to smv`, `NuSMV -dynamic -df`, `go; print_reachable_states`. It is not in Debian; 2.5.4",
        "  can be compiled from the source that the PyPI package `pynusmv` carries.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT.relative_to(ROOT)}")
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--only", nargs=2, metavar=("INSTANCE", "SERVERS"), help="compare one instance")
    parser.add_argument("--in-this-process", nargs=2, metavar=("INSTANCE", "SERVERS"), help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.in_this_process:
        in_this_process(words.in_this_process[0], int(words.in_this_process[1]))
        return 0
    if not (shutil.which("spin") and shutil.which("gcc")):
        print("spin or gcc is not installed: there is nobody to compare with", file=sys.stderr)
        return 2
    rows: Sequence[Row] = [row for row in ROWS if not (words.quick and row.long)]
    if words.only:
        one = (words.only[0], int(words.only[1]))
        rows = [row for row in ROWS if (row.name, row.servers) == one] or [Row(*one, nusmv=True)]
    about = facts()
    figures: list[Figure] = []
    for line in (f"{name}: {fact}" for name, fact in about.items()):
        print(line)
    with tempfile.TemporaryDirectory(prefix="independent-") as directory:
        bench = Bench(Path(directory))
        for row in rows:
            known = [f for f in figures if (f.name, f.servers) == (row.name, row.servers)]
            found = [bench.spin(row, known[0])] if known else bench.figures(row)
            for figure in found:
                figures.append(figure)
                print(list(table([figure]))[-1], flush=True)
    print(*ratios(figures), sep="\n")
    wrong = differences(figures)
    print(*wrong, sep="\n", file=sys.stderr)
    if words.write and not wrong:
        DOCUMENT.write_text(document(figures, about), encoding="utf-8")
        subprocess.run([sys.executable, CHARTS], check=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
