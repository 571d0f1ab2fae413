"""The second solver: cvc5, which reads an obligation from its file and says why it holds.

cvc5 is optional (the extra ``certify``); nothing but certificates needs it. It shares no code with z3: another parser, other
algorithms for quantifiers, and proofs of its own, which its own checker goes through step by step before it hands them out.
"""

from __future__ import annotations

import platform as platforms
import time
from dataclasses import dataclass

import cvc5

from vnic_model.prover.induction import PROVED, REFUTED, UNKNOWN

#: How cvc5 is run. Enumerative instantiation makes it complete for what these files say; the default gives up on a few.
OPTIONS = {
    "enum-inst": "true",
    "produce-proofs": "true",
    "check-proofs": "true",
    "proof-format-mode": "cpc",
    "tlimit-per": "60000",
}
#: What marks a step of a proof that cvc5 did not derive from its rules.
_UNCHECKED = (" :rule trust", " :rule hole")


@dataclass(frozen=True)
class Answer:
    """What cvc5 says of a file."""

    verdict: str  #: proved, refuted or unknown
    seconds: float
    proof: str = ""  #: in the Cooperating Proof Calculus, as text; empty unless proved
    why: str = ""  #: what it says of an unknown


def decide(text: str) -> Answer:
    """Ask cvc5 about one file, given as text."""
    start = time.perf_counter()
    solver = cvc5.Solver(cvc5.TermManager())
    for option, value in OPTIONS.items():
        solver.setOption(option, value)
    try:
        said = _said(solver, text)
        proof = solver.proofToString(solver.getProof()[0]) if said == ["unsat"] else b""
    except RuntimeError as error:  # what every error of cvc5 is
        return Answer(UNKNOWN, time.perf_counter() - start, why=" ".join(str(error).split()))
    seconds = time.perf_counter() - start
    if said == ["unsat"]:
        return Answer(PROVED, seconds, proof.decode() if isinstance(proof, bytes) else proof)
    return Answer(REFUTED if said == ["sat"] else UNKNOWN, seconds, why=", ".join(said))


def _said(solver: cvc5.Solver, text: str) -> list[str]:
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    symbols = parser.getSymbolManager()
    said = []
    while not (command := parser.nextCommand()).isNull():
        answer = str(command.invoke(solver, symbols)).strip()
        if answer:
            said.append(answer)
    return said


def flaw_of(proof: str) -> str:
    """Why a text is no complete proof, as far as its outside shows: it has to derive false, by rules only."""
    lines = proof.strip().splitlines()
    if len(lines) < 2 or lines[0] != "(" or lines[-1] != ")":
        return "it is no proof in the Cooperating Proof Calculus"
    if not lines[-2].startswith("(step ") or lines[-2].split()[2:3] != ["false"]:
        return "its last step is not false"
    if any(mark in line for line in lines for mark in _UNCHECKED):
        return "it has steps that no rule justifies"
    return ""


def platform() -> str:
    """On what a proof comes out again byte for byte: version of Python, operating system, processor and C library."""
    return f"Python {platforms.python_version()}, {platforms.platform()}"


def version() -> str:
    """Version of cvc5."""
    found = cvc5.Solver(cvc5.TermManager()).getVersion()
    return found.decode() if isinstance(found, bytes) else str(found)
