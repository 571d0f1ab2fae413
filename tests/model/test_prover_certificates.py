"""Certificates: the files say what z3 was asked, the same in every process; and nothing in a directory is believed."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

z3 = pytest.importorskip("z3")
pytest.importorskip("cvc5")

from vnic_model.goals import GOALS, PLANS  # noqa: E402 - only where the solvers are
from vnic_model.prover import second, verifying  # noqa: E402
from vnic_model.prover.certificate import HASH, MANIFEST, certify  # noqa: E402
from vnic_model.prover.fresh_process import Alone  # noqa: E402
from vnic_model.prover.induction import Obligation, obligations  # noqa: E402
from vnic_model.prover.run import machine, plan_of  # noqa: E402
from vnic_model.prover.smtlib import Texts, parts_of, word_declarations  # noqa: E402
from vnic_model.prover.verifying import Recheck, recheck  # noqa: E402
from vnic_spec.vocabulary import Crq  # noqa: E402

#: The smallest certificate: one property that rests on nothing.
SMALL = "CLI-3"
ALL = plan_of(name for name in GOALS if PLANS[name].any_number)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("certificate") / "written"
    assert not certify([SMALL], directory, jobs=1).disagreed
    return directory


@pytest.fixture
def copy(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "copy"))


def as_numbers(text: str) -> str:
    """A file with its words as numbers of five bits, as z3 is asked."""
    text = re.sub(r"\(set-(logic|info) [^)]*\)\n", "", text)
    text = re.sub(r"\(assert \(distinct [A-Z]\w*\.\w+ [^)]*\)\)\n", "", text)
    text = re.sub(r"\(declare-sort (Server|Priority|ClientSlot|ServerSlot) 0\)", r"(declare-uninterpreted \1)", text)
    text = re.sub(r"\(declare-sort (\w+) 0\)", r"(define-sort \1 () (_ BitVec 5))", text)
    text = re.sub(r"\(declare-uninterpreted (\w+)\)", r"(declare-sort \1 0)", text)

    def number(found: re.Match[str]) -> str:
        vocabulary, word = found[1], found[2]
        place = int(word[1:]) if vocabulary == "Number" else places[vocabulary][word]
        return f"(define-fun {vocabulary}.{word} () {vocabulary} #b{place:05b})"

    return re.sub(r"\(declare-const ([A-Z]\w*)\.(\w+) \w+\)", number, text)


def _places() -> dict[str, dict[str, int]]:
    from vnic_model.prover.smtlib import _VOCABULARIES  # the only list of them; a public name would serve nobody else

    return {v.__name__: {x.name: k for k, x in enumerate(v)} for v in _VOCABULARIES.values()}


places = _places()


def unlike(obligation: Obligation) -> int:
    """How many assertions of a file are not, symbol for symbol, those of the query it was written from."""
    fresh = machine()
    texts = Texts(fresh)
    asked = [f for part in parts_of(fresh, obligation, fresh.query(obligation)) for f in part.formulas]
    read = list(z3.parse_smt2_string(as_numbers(texts.text(obligation))))
    assert len(asked) == len(read)

    # Names that the reading has made up are numbered anew: undo it, by where they occur.
    def plain(formulas: list[Any]) -> list[str]:
        found = "\n;\n".join(f.sexpr() for f in formulas).replace("|", "")
        numbers: dict[str, str] = {}
        found = re.sub(r"([\w.]+)!\d+", lambda m: numbers.setdefault(m[0], f"{m[1]}!{len(numbers)}"), found)
        return [" ".join(one.split()) for one in found.split("\n;\n")]  # where lines end depends on the numbers

    return sum(a != b for a, b in zip(plain(asked), plain(read), strict=True))


@pytest.mark.parametrize(
    ("goal", "action"),
    [
        ("INV-1", "client_registers"),
        ("INV-2", "server_reports"),
        ("CRQ-4", "server_frees"),
        ("INV-8", "server_reads_login"),
        ("CRQ-2", "client_registers"),
        ("nothing-follows-the-event", ""),
    ],
)
def test_a_file_read_back_is_what_z3_was_asked(goal: str, action: str) -> None:
    assert unlike(Obligation(goal, action)) == 0


@pytest.mark.slow
def test_every_goal_s_files_read_back_are_what_z3_was_asked() -> None:
    # One action of each goal, another one each time: all 2,700 would take minutes.
    for k, goal in enumerate(ALL):
        possible = obligations(goal)
        assert unlike(possible[k % len(possible)]) == 0, goal


def test_a_file_does_not_depend_on_what_is_written_beside_it() -> None:
    alone = Texts(machine()).text(Obligation("INV-2", "client_registers"))
    texts = Texts(machine())
    for goal in ("INV-8", "INV-9", "INV-1"):
        texts.text(Obligation(goal, "client_registers"))
    assert texts.text(Obligation("INV-2", "client_registers")) == alone


def test_a_file_is_the_same_text_in_another_process() -> None:
    program = (
        "from vnic_model.prover.smtlib import Texts; from vnic_model.prover.run import machine;"
        "from vnic_model.prover.induction import Obligation; import hashlib;"
        "print(hashlib.sha256(Texts(machine()).text(Obligation('INV-2', 'client_registers')).encode()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    text = Texts(machine()).text(Obligation("INV-2", "client_registers"))
    assert hashlib.sha256(text.encode()).hexdigest() == other


def test_words_that_are_not_told_apart_would_be_noticed() -> None:
    declared = "\n".join(word_declarations(Crq, [0, 1]))
    equal = "(set-logic UF)\n{}\n(assert (= Crq.CLOSED Crq.OPEN))\n(check-sat)"
    assert second.decide(equal.format(declared)).verdict == "proved"
    blurred = "\n".join(x for x in declared.splitlines() if "distinct" not in x)
    assert second.decide(equal.format(blurred)).verdict == "refuted"


def test_the_second_solver_refutes_what_does_not_follow() -> None:
    # Without what it rests on, INV-1 is not inductive; the claim stands last, so drop the assumption before it.
    text = Texts(machine()).text(Obligation("INV-1", "client_registers"))
    head, mark, rest = text.partition("; assumed of the state before the step: connected-only")
    _, following, tail = rest.partition("; assumed of the state before the step: INV-1")
    assert mark
    assert following
    assert second.decide(text).verdict == "proved"
    assert second.decide(head + following + tail).verdict != "proved"


def test_a_proof_does_not_depend_on_what_was_decided_before() -> None:
    # In one process it does: cvc5 orders some of its work by where that lies in memory.
    fresh = machine()
    texts = Texts(fresh)
    some = [Obligation(goal, "client_consumes") for goal in ("an-event-between-two-senders", "CRQ-6")]
    with Alone() as alone, Alone() as other:
        first_time = [alone.decide(texts.text(x)) for x in some]
        for x in some:
            fresh.decide(x)
        again = [other.decide(texts.text(x)) for x in reversed(some)]
    assert {x.verdict for x in first_time} == {"proved"}
    assert [x.proof for x in first_time] == [x.proof for x in reversed(again)]


def test_a_second_solver_that_dies_is_an_unknown_and_the_next_file_has_a_new_one() -> None:
    with Alone() as alone:
        alone._server.kill()  # nothing but a fault of cvc5 would do that, and none is known
        died = alone.decide("(check-sat)")
        assert (died.verdict, died.why) == ("unknown", "cvc5's process ended without an answer")
        assert alone.decide("(set-logic UF)(assert false)(check-sat)").verdict == "proved"


def test_of_a_proof_from_another_platform_the_outside_is_looked_at(copy: Path) -> None:
    rewrite(copy, lambda m: m.update(platform="another"))
    found = recheck(copy, jobs=1)
    assert (found.problems, found.reproduced) == ([], found.total)
    with gzip.open(first(copy, ".cpc.gz")) as file:
        assert second.flaw_of(file.read().decode()) == ""


# --- verifying a directory -----------------------------------------------------------------------------------------


def test_what_was_written_is_verified(written: Path) -> None:
    found = recheck(written, jobs=1)
    total = len(obligations(SMALL))
    assert found.problems == []
    assert (found.total, found.files, found.as_specified) == (total, 2 * total, total)
    assert (found.proved, found.reproduced) == (total, total)


def rewrite(directory: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest as somebody would who knows of its hash."""
    manifest = json.loads((directory / MANIFEST).read_text())
    change(manifest)
    data = json.dumps(manifest).encode()
    (directory / MANIFEST).write_bytes(data)
    (directory / HASH).write_text(f"{hashlib.sha256(data).hexdigest()}  {MANIFEST}\n")


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def first(directory: Path, suffix: str) -> Path:
    return min(directory.rglob(f"*{suffix}"))


def change_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def weaken(directory: Path) -> None:
    """Leave the claim out of a file, and make every hash right again."""
    file = first(directory, ".smt2")
    text = file.read_text().replace("(set-info :status unsat)", "(set-info :status unsat)\n(assert false)")
    file.write_text(text)
    entry = file.relative_to(directory).as_posix()

    def change(manifest: dict[str, Any]) -> None:
        for listed in manifest["obligations"]:
            if listed["file"] == entry:
                listed["sha256"] = hashlib.sha256(text.encode()).hexdigest()

    rewrite(directory, change)


def forge_proof(directory: Path) -> None:
    """Put a short proof in the place of a real one, and make every hash right again."""
    packed = gzip.compress(b"(\n(step @p1 false :rule evaluate :args (false))\n)\n", mtime=0)
    file = first(directory, ".cpc.gz")
    file.write_bytes(packed)
    name = file.relative_to(directory).as_posix()

    def change(manifest: dict[str, Any]) -> None:
        for listed in manifest["obligations"]:
            if listed["proof"] == name:
                listed["proof_sha256"] = hashlib.sha256(packed).hexdigest()

    rewrite(directory, change)


@pytest.mark.parametrize(
    ("tamper", "complaint"),
    [
        (lambda d: change_a_byte(d / MANIFEST), HASH),
        (lambda d: change_a_byte(d / HASH), "is not the hash of"),
        (lambda d: change_a_byte(first(d, ".smt2")), "changed, its hash"),
        (lambda d: change_a_byte(first(d, ".cpc.gz")), "changed, its hash"),
        (lambda d: first(d, ".smt2").unlink(), "missing"),
        (lambda d: first(d, ".cpc.gz").unlink(), "missing"),
        (lambda d: (d / "obligations" / "more.smt2").write_text("(check-sat)"), "does not know"),
        (weaken, "another specification"),
        (forge_proof, "not the proof"),
        (lambda d: rewrite(d, lambda m: m["obligations"].pop()), f"missing from {MANIFEST}"),
        (lambda d: rewrite(d, lambda m: m["obligations"].append(m["obligations"][0])), "listed twice"),
        (lambda d: rewrite(d, lambda m: m["obligations"][0].update(file="../x")), "not where they belong"),
        (lambda d: rewrite(d, lambda m: m["obligations"][0].update(cvc5="unknown")), "not both solvers"),
        (lambda d: rewrite(d, lambda m: m.update(asked=["INV-1"])), "goals are not those"),
        (lambda d: rewrite(d, lambda m: m.update(asked=[])), "goals are not those"),
        (lambda d: rewrite(d, lambda m: m.update(asked=[["INV-1"]])), "asked is not"),
        (lambda d: rewrite(d, lambda m: m.update(format=2)), "not a manifest of format"),
        (lambda d: rewrite(d, lambda m: m.update(obligations=7)), "missing from"),
        (lambda d: (d / MANIFEST).write_text("[" * 100_000), "not JSON"),
        (lambda d: (d / MANIFEST).write_text("7"), "not a manifest of format"),
    ],
)
def test_tampering_is_found(
    copy: Path, tamper: Callable[[Path], object], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quickly(*given: Any) -> list[Any]:
        # What cvc5 does again has its own test; here only the files that were tampered with are worth its time.
        directory, entries, goals, action = given
        touched = {
            k: e
            for k, e in entries.items()
            if not {sha256_of(directory / e.file), sha256_of(directory / e.proof)} <= good
        }
        return slowly(directory, touched, goals, action) if any(of == action for _, of in touched) else []

    good = {sha256_of(path) for suffix in ("gz", "smt2") for path in copy.rglob(f"*.{suffix}")} | {""}
    slowly = verifying._recheck_action
    monkeypatch.setattr(verifying, "_recheck_action", quickly)
    monkeypatch.setattr(verifying, "by_action", _in_this_process)
    tamper(copy)
    found: Recheck = recheck(copy)
    assert any(complaint in problem for problem in found.problems), found.problems


def _in_this_process(work: Callable[..., list[Any]], goals: tuple[str, ...], _: int, __: object) -> list[Any]:
    actions = dict.fromkeys(x.action for name in goals for x in obligations(name))
    return [x for action in actions for x in work(goals, action)]


def test_a_directory_without_manifest_is_no_certificate(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        recheck(tmp_path)


# --- against what today's specification asks for ----------------------------------------------------------------------


@pytest.fixture
def believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every obligation that is listed and there is verified at once; what cvc5 does has its own test."""

    def at_once(directory: Path, entries: Any, goals: tuple[str, ...], action: str) -> list[Any]:
        mine = [x for name in goals for x in obligations(name) if x.action == action]
        return [verifying._Rechecked(x, True, True, True) for x in mine if (x.goal, x.action) in entries]

    monkeypatch.setattr(verifying, "_recheck_action", at_once)
    monkeypatch.setattr(verifying, "by_action", _in_this_process)


def test_only_what_was_asked_for_and_is_there_is_verified(copy: Path, believed: None) -> None:
    found = recheck(copy, [SMALL])
    assert found.verified
    assert found.covers(SMALL)
    more = recheck(copy, [SMALL, "INV-1"])
    assert not more.verified
    assert more.problems == []
    assert "INV-1" in more.missing
    assert more.covers(SMALL)
    assert not more.covers("INV-1")
    assert (more.listed, more.total) == (
        len(obligations(SMALL)),
        sum(len(obligations(x)) for x in plan_of([SMALL, "INV-1"])),
    )


def test_what_was_removed_is_missing_however_well_the_hashes_fit(copy: Path, believed: None) -> None:
    """A certificate that no longer speaks of a goal, hashes and list made anew, does not verify that goal."""

    def remove(manifest: dict[str, Any]) -> None:
        manifest.update(asked=[], goals=[], obligations=[])

    for file in (*copy.rglob("*.smt2"), *copy.rglob("*.gz")):
        file.unlink()
    rewrite(copy, remove)
    found = recheck(copy, [SMALL])
    assert not found.verified
    assert found.standing == dict.fromkeys(plan_of([SMALL]), verifying.MISSING)


def test_one_obligation_less_is_not_the_goal(copy: Path, believed: None) -> None:
    rewrite(copy, lambda m: m["obligations"].pop())
    found = recheck(copy, [SMALL])
    assert found.standing[SMALL] == verifying.MISSING
    assert not found.verified


def test_what_the_present_specification_does_not_have_is_foreign(copy: Path, believed: None) -> None:
    rewrite(copy, lambda m: m["obligations"][0].update(action="dances"))
    found = recheck(copy, [SMALL])
    assert found.foreign == 1
    assert any("foreign" in problem for problem in found.problems)
    assert not found.verified


def test_an_obligation_with_another_text_is_of_another_version(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "by_action", _in_this_process)
    monkeypatch.setattr(
        verifying, "_recheck_action", lambda d, e, goals, action: [verifying._Rechecked(x) for x in obligations(SMALL)]
    )
    assert recheck(copy, [SMALL]).standing[SMALL] == verifying.ANOTHER


def test_what_nobody_asked_for_is_not_looked_at(copy: Path, believed: None) -> None:
    first(copy, ".smt2").write_text("(check-sat)")
    assert recheck(copy, [SMALL]).problems
    other = next(name for name in ALL if SMALL not in plan_of([name]))
    found = recheck(copy, [other])
    assert SMALL in found.others
    assert found.problems == []
    assert not found.verified
