"""Mutants of C, made of its tokens: enough of the language to know conditions, statements and constants in function bodies.

The faults that can be planted at run time (``fault(...)``) are no part of the hypervisor: what belongs to their conditions is
left alone, and so is what only a planted fault executes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from mutation.mutant import C, Mutant, made, unique

#: The hypervisor; the adapter around it (adapter, apply, observe, json) translates, and decides nothing.
FILES = (
    "selection.c",
    "failover.c",
    "timers.c",
    "monitor.c",
    "console.c",
    "state.c",
    "transport.c",
    "queue.c",
    "subordinate.c",
    "vioctl.c",
)

_TOKEN = re.compile(
    r"""(?P<skip>\s+|/\*.*?\*/|//[^\n]*|^\#[^\n]*(?:\\\n[^\n]*)*)
    |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<number>0[xX][0-9a-fA-F]+|\d+)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_SWAPS = {
    "<": ("<=", "compare"),
    "<=": ("<", "compare"),
    ">": (">=", "compare"),
    ">=": (">", "compare"),
    "==": ("!=", "compare"),
    "!=": ("==", "compare"),
    "&&": ("||", "logical"),
    "||": ("&&", "logical"),
    "+=": ("-=", "arithmetic"),
    "-=": ("+=", "arithmetic"),
    "++": ("--", "arithmetic"),
    "--": ("++", "arithmetic"),
    "<<": (">>", "arithmetic"),
    ">>": ("<<", "arithmetic"),
    "%": ("/", "arithmetic"),
    "/": ("*", "arithmetic"),
}
#: What another change turns over already.
_DECIDED = frozenset({"!", "==", "!=", "<", "<=", ">", ">=", "&&", "||"})
#: Signs that may also stand before one operand.
_BINARY = {"+": "-", "-": "+", "*": "/", "&": "|"}
_TYPES = frozenset({"char", "int", "bool", "void", "uint64_t", "uint32_t", "size_t", "int64_t", "unsigned", "long"})
_KEYWORDS = frozenset(
    "if else for while do switch case default return goto struct enum static const sizeof break continue".split()  # noqa: SIM905
)
_GROUPS = (
    (
        "H_SUCCESS",
        "H_CLOSED",
        "H_CONSTRAINED",
        "H_PARAMETER",
        "H_NOT_FOUND",
        "H_PERMISSION",
        "H_DROPPED",
        "H_RESOURCE",
        "H_STATE",
    ),
    ("EVENT_FAILED", "EVENT_DEREGISTERED", "EVENT_MIGRATED", "EVENT_FAILOVER"),
    ("CRQ_CLOSED", "CRQ_OPEN", "CRQ_DISABLED"),
    ("OPERATIONAL", "LINK_DOWN", "ADAPTER_ERROR", "POWERED_OFF", "NETWORK_ERROR", "UNRESPONSIVE"),
)
_MEMBERS = {name: group[(at + 1) % len(group)] for group in _GROUPS for at, name in enumerate(group)}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def _tokens(source: str) -> list[_Token]:
    found = []
    for match in _TOKEN.finditer(source):
        kind = match.lastgroup or ""
        if kind != "skip":
            found.append(_Token(kind, match.group(), match.start(), match.end()))
    return found


class Changes:
    """Collects the mutants of one file."""

    def __init__(self, file: str, source: str) -> None:
        self.found: list[Mutant] = []
        self._file, self._source = file, source
        self._tokens = _tokens(source)
        self._pairs = _pairs(self._tokens)
        self._planted: set[int] = set()  #: tokens that belong to a planted fault
        self._function = ""

    def collect(self) -> None:
        """Walk through all function bodies."""
        self._find_planted()
        at = 0
        while at < len(self._tokens):
            if self._tokens[at].text != "{":
                at += 1
                continue
            end = self._pairs[at]
            head = self._tokens[at - 1]
            if head.text == ")":
                self._function = self._tokens[self._pairs[at - 1] - 1].text
                self._body(at + 1, end)
            at = end + 1

    # -- planted faults --------------------------------------------------------------------------------------------

    def _find_planted(self) -> None:
        for at, token in enumerate(self._tokens):
            if token.text != "fault" or self._text(at + 1) != "(":
                continue
            end = self._pairs[at + 1]
            denied = self._text(at - 1) == "!"
            first = at - 1 if denied else at
            follows = self._text(end + 1)
            if not denied and follows in ("&&", "?"):
                last = self._reach(end + 2, {"?", "||", ":"})
                self._atom(first, last)
                if follows == "&&" and self._pairs.get(first - 1) == last + 1 and self._text(first - 2) != "if":
                    self._atom(first - 2 if self._text(first - 2) == "!" else first - 1, last + 1)
            elif denied and follows == "||":
                self._atom(first, self._reach(end + 2, {"?", ":"}))
            else:
                self._atom(first, end)
            if self._text(first - 1) == "(" and self._text(first - 2) == "if" and not denied:
                close = self._pairs[first - 1]
                if follows in ("&&", ")"):
                    self._planted |= set(range(first - 2, self._statement(close + 1)))
            elif self._text(first - 1) == "(" and self._text(first - 2) == "if" and follows == ")":
                self._planted |= {first - 2, first - 1}

    def _atom(self, first: int, last: int) -> None:
        """These tokens are a planted fault, and so is what ties them to others."""
        beside = {at for at in (first - 1, last + 1) if self._text(at) in ("&&", "||")}
        self._planted |= {*range(first, last + 1), *beside}

    def _reach(self, at: int, stops: set[str]) -> int:
        """The last token before one of these, or before the end of what encloses it."""
        while self._text(at) not in stops | {")", ";", "]", "}"}:
            at = max(self._pairs.get(at, at), at) + 1
        return at - 1

    def _statement(self, at: int) -> int:
        """The token after the statement that begins here."""
        if self._text(at) == "{":
            return self._pairs[at] + 1
        if self._text(at) in ("if", "for", "while"):
            return self._statement(self._pairs[at + 1] + 1)
        while self._text(at) not in (";", ")"):
            at = max(self._pairs.get(at, at), at) + 1
        return at + 1

    # -- places ----------------------------------------------------------------------------------------------------

    def _text(self, at: int) -> str:
        return self._tokens[at].text if 0 <= at < len(self._tokens) else ""

    def _put(self, first: int, last: int, text: str, operator: str) -> None:
        start, end = self._tokens[first].start, self._tokens[last].end
        lines = (self._source.count("\n", 0, start) + 1, self._source.count("\n", 0, end) + 1)
        self.found.append(
            made(self._file, self._source, (start, end), text, operator=operator, function=self._function, lines=lines)
        )

    def _words(self, first: int, last: int) -> str:
        return self._source[self._tokens[first].start : self._tokens[last].end]

    def _opened_before(self, at: int) -> int:
        """The bracket that encloses a token."""
        at -= 1
        while self._pairs.get(at, 0) <= at:
            at = self._pairs.get(at, at) - 1
        return at

    # -- changes ---------------------------------------------------------------------------------------------------

    def _body(self, first: int, end: int) -> None:
        for at in range(first, end):
            if at in self._planted:
                continue
            token = self._tokens[at]
            if token.kind == "sign":
                self._sign(at, token.text)
            elif token.kind == "number":
                self._number(at, int(token.text, 0))
            elif token.text in ("if", "while"):
                self._condition(at)
            elif token.text in _MEMBERS and self._text(at - 1) != "case":
                self._put(at, at, _MEMBERS[token.text], "member")
            elif token.text in ("true", "false"):
                self._put(at, at, "false" if token.text == "true" else "true", "constant")
            if self._text(at - 1) in (";", "{", "}", "else") or (self._text(at - 1) == ")" and self._controls(at - 1)):
                self._drop(at)

    def _sign(self, at: int, sign: str) -> None:
        if sign in ("++", "--") and self._text(self._opened_before(at)) == "(":
            return  # a loop that runs the other way leaves its array: what it does then is not defined
        if sign in _SWAPS:
            other, operator = _SWAPS[sign]
            self._put(at, at, other, operator)
        elif sign in _BINARY and self._two_operands(at):
            self._put(at, at, _BINARY[sign], "arithmetic")
        elif sign == "!":
            self._put(at, at, "", "negate")

    def _two_operands(self, at: int) -> bool:
        before = self._tokens[at - 1]
        if before.kind == "word":
            return before.text not in _TYPES | _KEYWORDS and self._text(at - 2) not in ("struct", "enum")
        return before.kind == "number" or before.text in (")", "]")

    def _number(self, at: int, value: int) -> None:
        if self._text(at - 1) == "[" and self._text(at + 1) == "]" and self._text(at + 2) in (";", ","):
            return  # the size of an array
        self._put(at, at, str(value + 1), "constant+1")
        if value:
            self._put(at, at, str(value - 1), "constant-1")

    def _condition(self, at: int) -> None:
        first, last = at + 2, self._pairs[at + 1] - 1
        if not any(self._text(number) in _DECIDED for number in range(first, last + 1)):
            self._put(first, last, f"!({self._words(first, last)})", "negate")
        leaves = self._text(last + 2) in ("return", "continue", "break")
        if self._text(at) == "if" and leaves and self._text(self._statement(last + 2)) != "else":
            self._put(first, last, "0", "drop")

    def _controls(self, close: int) -> bool:
        """Whether this closing parenthesis ends the head of an if, for or while."""
        return self._text(self._pairs[close] - 1) in ("if", "for", "while")

    def _drop(self, at: int) -> None:
        """Leave a statement out that computes something; declarations and jumps stay."""
        first, second = self._tokens[at], self._tokens[at + 1]
        if first.text in _TYPES | _KEYWORDS or first.text in "{};" or (first.kind == second.kind == "word"):
            return
        last = self._statement(at) - 1
        in_head = self._text(self._opened_before(at)) != "{"  # of a for loop
        if in_head or any(number in self._planted for number in range(at, last)):
            return
        self._put(at, last, ";", "drop")


def _pairs(tokens: list[_Token]) -> dict[int, int]:
    """For each bracket the place of its partner."""
    opened: list[int] = []
    found: dict[int, int] = {}
    for at, token in enumerate(tokens):
        if token.text in ("(", "[", "{"):
            opened.append(at)
        elif token.text in (")", "]", "}"):
            partner = opened.pop()
            found[partner], found[at] = at, partner
    return found


def of_source(file: str, source: str, kind: type[Changes] = Changes) -> list[Mutant]:
    """Every mutant of one source and kind, in the order of its lines. Some may not compile; the compiler finds them."""
    changes = kind(file, source)
    changes.collect()
    return sorted(unique(changes.found), key=lambda mutant: (mutant.start, mutant.end, mutant.operator))


@cache
def source_of(file: str) -> str:
    """The text of one of :data:`FILES`."""
    return (C / file).read_text(encoding="utf-8")


def every(kind: type[Changes] = Changes) -> Iterator[Mutant]:
    """Every mutant of a kind of every file."""
    for file in FILES:
        yield from of_source(file, source_of(file), kind)
