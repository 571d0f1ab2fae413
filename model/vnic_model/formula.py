"""The printing reading: a property as a formula for any number of servers, laid out for people.

``x′`` is the value of ``x`` after the step, ``x`` the one before it (or, in a state property, the one there is).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from vnic_model.bound_names import ELEMENTS, SERVERS, apart
from vnic_model.describe import value

# Also for those who take them from here.
from vnic_model.formula_tree import FALSE as FALSE
from vnic_model.formula_tree import TRUE as TRUE
from vnic_model.formula_tree import Formula as Formula
from vnic_model.formula_tree import atom as atom
from vnic_spec.algebra import Element
from vnic_spec.property import Property
from vnic_spec.property import Step as StepContext
from vnic_spec.rule import Replacements
from vnic_spec.sorts import Added, Each, Elements, Flag
from vnic_spec.state import VARIABLES, State

#: Operators, the one that binds least first.
_ORDER = ("every", "some", "implies", "iff", "or", "and", "atom")
_SIGN = {"and": "∧", "or": "∨", "implies": "⇒", "iff": "⇔"}
_QUANTIFIER = ("every", "some")


@dataclass(frozen=True)
class Name:
    """A term, as text; ``free`` are the bound names in it."""

    text: str


def negation(f: Formula) -> Formula:
    """The negation, pushed inwards."""
    if f in (TRUE, FALSE):
        return FALSE if f == TRUE else TRUE
    if f.op == "atom":
        return atom(f.negated, f.text)
    if f.op in ("every", "some"):
        other = "some" if f.op == "every" else "every"
        return _quantifier(other, negation(f.parts[0]), f.text)
    if f.op == "implies":
        return conjunction((f.parts[0], negation(f.parts[1])))
    if f.op == "iff":
        return Formula("iff", (f.parts[0], negation(f.parts[1])))
    if f.op == "ite":
        return Formula("ite", (f.parts[0], negation(f.parts[1]), negation(f.parts[2])))
    return (disjunction if f.op == "and" else conjunction)(negation(p) for p in f.parts)


def conjunction(parts: Iterable[Formula]) -> Formula:
    """All of them."""
    return _flat("and", parts, TRUE, FALSE)


def disjunction(parts: Iterable[Formula]) -> Formula:
    """One of them."""
    return _flat("or", parts, FALSE, TRUE)


def _flat(op: str, parts: Iterable[Formula], unit: Formula, zero: Formula) -> Formula:
    found: dict[Formula, None] = {}
    for part in parts:
        if part == zero:
            return zero
        if part != unit:
            found.update(dict.fromkeys(part.parts if part.op == op else (part,)))
    several = tuple(found)
    return unit if not several else several[0] if len(several) == 1 else Formula(op, several)


def _quantifier(op: str, body: Formula, text: str) -> Formula:
    """A quantified formula; a law about every server reads best as an implication."""
    if op == "every" and body.op == "or":
        conditions = [p for p in body.parts if p.op == "atom" and p.text.startswith("¬")]
        others = [p for p in body.parts if p not in conditions]
        if conditions and not others:
            others = [conditions.pop()]
        if conditions:
            body = implication(conjunction(negation(p) for p in conditions), disjunction(others))
    return Formula(op, (body,), text)


def implication(condition: Formula, consequence: Formula) -> Formula:
    """The consequence wherever the condition."""
    if condition == TRUE or consequence == TRUE:
        return consequence
    if condition == FALSE:
        return TRUE
    if consequence == FALSE:
        return negation(condition)
    return Formula("implies", (condition, consequence))


# --- the algebra ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class QueueName:
    """A queue known by its name.

    Attributes:
        name: as a formula calls it.
        bound: names of elements that the laws around have bound; shared by all queues of one formula, so that no name hides
            another.
    """

    name: str
    bound: list[str] = field(default_factory=list, compare=False, repr=False)

    def _element(self) -> Element:
        return _element_named("e")

    def pop(self) -> tuple[Element, Formula, QueueName]:
        """The first element, whether there is one, and the rest."""
        return self._element(), negation(self.empty()), QueueName(f"{self.name} without its first element")

    def push(self, element: Element) -> tuple[Formula, Any]:
        """One more element; whether there is room is said where an action needs it."""
        return TRUE, QueueName(f"{self.name} and {_text(element.kind)} behind it")

    def overlay(self, element: Element) -> Any:
        """Another last element."""
        return QueueName(f"{self.name} with {_text(element.kind)} for its last")

    def newest(self) -> tuple[Element, Formula]:
        """The last element, and whether there is one."""
        last = Element(Name(f"last({self.name})"), Name("e.sender"), atom("e.fresh"))
        return last, negation(self.empty())

    def begins_with(self, older: QueueName, except_last: Formula) -> Formula:
        """All of ``older`` is here."""
        if except_last == FALSE:
            return atom(f"{self.name} begins with {older.name}", f"{self.name} does not begin with {older.name}")
        words = f"{self.name} begins with {older.name}, but for its last element if {one_line(except_last)}"
        return atom(words, f"not ({words})")

    def empty(self) -> Formula:
        """Nothing is queued."""
        return atom(f"{self.name} is empty", f"{self.name} is not empty")

    def every(self, law: Callable[[Element], Formula]) -> Formula:
        """``law`` of each element."""
        return self._bound("element {0} of {queue}", law)

    def first(self, law: Callable[[Element], Formula]) -> Formula:
        """``law`` of the first element, if any."""
        return self._bound("first element {0} of {queue}", law)

    def last(self, law: Callable[[Element], Formula]) -> Formula:
        """``law`` of the last element, if any."""
        return self._bound("last element {0} of {queue}", law)

    def pairs(self, law: Callable[[Element, Element], Formula]) -> Formula:
        """``law`` of each two neighbours."""
        return self._bound("neighbours {0}, {1} in {queue}", law)

    def in_order(self, law: Callable[[Element, Element], Formula]) -> Formula:
        """``law`` of each two elements."""
        return self._bound("element {0} before an element {1} in {queue}", law)

    def _bound(self, words: str, law: Callable[..., Formula]) -> Formula:
        """``law`` of elements under names that no law around it has taken."""
        wanted = 2 if "{1}" in words else 1
        names = [name for name in ELEMENTS if name not in self.bound][:wanted]
        self.bound.extend(names)
        body = law(*map(_element_named, names))
        del self.bound[-wanted:]
        return Formula("every", (apart(body, {*names, *self.bound}),), words.format(*names, queue=self.name))


def _element_named(name: str) -> Element:
    return Element(Name(f"{name}.kind"), Name(f"{name}.sender"), atom(f"{name}.fresh"))


@dataclass
class _Profile:
    """The profile's choices by name."""

    damped: Formula = field(default_factory=lambda: atom("preempt_delay > 0", "preempt_delay = 0"))

    def __getattr__(self, name: str) -> Name:
        return Name(f"profile {name}")


class PrintOps:
    """The algebra over text."""

    true = TRUE
    false = FALSE
    nobody = Name("nobody")

    def __init__(self) -> None:
        self.profile = _Profile()
        self.rules: Replacements = {"eligible": _named("eligible"), "beats": _beats}
        self.bound: list[str] = []

    def all_of(self, *truths: Any) -> Formula:
        """Conjunction."""
        return conjunction(truths)

    def any_of(self, *truths: Any) -> Formula:
        """Disjunction."""
        return disjunction(truths)

    def no(self, truth: Any) -> Formula:
        """Negation."""
        return negation(truth)

    def implies(self, condition: Any, consequence: Any) -> Formula:
        """Implication."""
        return implication(condition, consequence)

    def iff(self, one: Any, other: Any) -> Formula:
        """Equivalence."""
        return Formula("iff", (one, other))

    def eq(self, one: Any, other: Any) -> Formula:
        """Equality."""
        a, b = _text(one), _text(other)
        return TRUE if a == b else atom(f"{a} = {b}", f"{a} ≠ {b}")

    def ne(self, one: Any, other: Any) -> Formula:
        """Inequality."""
        return self.no(self.eq(one, other))

    def one_of(self, one: Any, *others: Any) -> Formula:
        """Membership."""
        if len(others) == 1:
            return self.eq(one, others[0])
        names = ", ".join(_text(other) for other in others)
        return atom(f"{_text(one)} ∈ {{{names}}}", f"{_text(one)} ∉ {{{names}}}")

    def ite(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """Choice."""
        if condition in (TRUE, FALSE):
            return then if condition == TRUE else otherwise
        if isinstance(then, Formula):
            return conjunction((implication(condition, then), implication(negation(condition), otherwise)))
        return Name(f"(if {one_line(condition)} then {_text(then)} else {_text(otherwise)})")

    def const(self, found: Enum) -> Name:
        """A vocabulary member."""
        return Name(found.name)

    def every(self, law: Callable[[Any], Any]) -> Formula:
        """For all servers."""
        return self._quantified("every", law)

    def some(self, law: Callable[[Any], Any]) -> Formula:
        """For some server."""
        return self._quantified("some", law)

    def _quantified(self, op: str, law: Callable[[Any], Any]) -> Formula:
        code = getattr(law, "__code__", None)
        wanted = code.co_varnames[0] if code else "i"
        name = next(n for n in (wanted, *SERVERS) if n not in self.bound and len(n) == 1 and n.isalpha())
        self.bound.append(name)
        body = apart(law(Name(name)), set(self.bound))
        self.bound.pop()
        return body if body in (TRUE, FALSE) else _quantifier(op, body, f"server {name}")

    def outranks(self, one: Any, other: Any) -> Formula:
        """A lower number."""
        return atom(f"{_text(one)} < {_text(other)}", f"{_text(one)} ≥ {_text(other)}")

    def lower_port(self, one: Any, other: Any) -> Formula:
        """A lower port."""
        return atom(f"port({_text(one)}) < port({_text(other)})", f"port({_text(one)}) ≥ port({_text(other)})")


def _text(found: Any) -> str:
    return found.text if isinstance(found, Name) else value(found)


def _prime(s: State) -> str:
    auto: Any = s.auto
    return "′" if auto.text.endswith("′") else ""


def _named(name: str) -> Callable[..., Formula]:
    return lambda o, s, i: atom(f"{name}{_prime(s)}({_text(i)})")


def _beats(o: Any, s: State, j: Any, i: Any) -> Formula:
    return atom(f"{_text(j)} beats{_prime(s)} {_text(i)}", f"{_text(j)} does not beat{_prime(s)} {_text(i)}")


def _state(prime: str, bound: list[str]) -> State:
    """The state before a step, or after it (``prime``), by names; ``bound`` is shared by the queues of one formula."""
    values: dict[str, object] = {}

    def symbol(name: str, sort: object) -> object:
        if isinstance(sort, Flag):
            return atom(name)
        return QueueName(name, bound) if isinstance(sort, Elements) else Name(name)

    def each(name: str, sort: object) -> Callable[[Any], object]:
        return lambda server: symbol(f"{name}{prime}({_text(server)})", sort)

    for variable in VARIABLES:
        if isinstance(variable.sort, Each):
            values[variable.name] = each(variable.name, variable.sort.sort)
        elif isinstance(variable.sort, Added):
            values[variable.name] = lambda one, other: atom(f"{_text(one)} was added before {_text(other)}")
        else:
            values[variable.name] = symbol(f"{variable.name}{prime}", variable.sort)
    return State(**values)  # type: ignore[arg-type]  # every variable of State


class _Asked(str):
    """The name of no action, which notes the names that a law compares it with."""

    __slots__ = ("names",)
    names: list[str]

    def __eq__(self, other: object) -> bool:
        self.names.append(str(other))
        return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


class _Step(StepContext):
    """A step that may be of any action."""

    def by(self, o: Any, *actions: str) -> Formula:
        """It is one of these."""
        if self.action:
            return TRUE if self.action in actions else FALSE
        names = " | ".join(actions)
        return atom(f"the step is {names}", f"the step is not {names}")


def formulas_of(claim: Property) -> list[tuple[tuple[str, ...], Formula]]:
    """The formula of a property, per group of actions it speaks of (none named: of every state, or of any step)."""
    o: Any = PrintOps()
    bound: list[str] = []
    if claim.of_state is not None:
        found: Any = claim.of_state(o, _state("", bound))
        return [((), found)]
    assert claim.of_step is not None
    grouped: dict[Formula, list[str]] = {}
    other = _Asked()
    other.names = []
    actions: list[str] = list(claim.actions) or [other]
    for action in actions:
        parameters: dict[str, object] = {name: Name(name) for name in ("i", "b", "status", "level")}
        # The state has a variable of that name.
        parameters |= {"status": Name("reported")}
        parameters |= {"on": atom("on"), "to_client_kind": Name("kind"), "to_server_kind": Name("kind")}
        parameters |= {name: atom(name) for name in ("full", "client_full", "server_full")}
        o.bound = ["i", "b"]
        law: Any = claim.of_step(o, _state("", bound), _state("′", bound), _Step(action, parameters, Name("answer")))
        grouped.setdefault(law, []).append(action)
        if action is other:
            # A law that treats some actions by themselves is read for those too.
            actions += dict.fromkeys(name for name in other.names if name)
    found = [(tuple(a for a in actions if a), law) for law, actions in grouped.items()]
    # Of actions that a law leaves out it says nothing, and so does the formula.
    return [(actions, law) for actions, law in found if law.op != "true"] or found


# --- layout --------------------------------------------------------------------------------------------------------


def _opening(f: Formula) -> str:
    if f.text.startswith(("first ", "last ")):
        return f"the {f.text}, if any:" if f.op == "every" else f"there is a {f.text}:"
    return f"for {f.op} {f.text}:"


def one_line(f: Formula, above: str = "") -> str:
    """A formula on one line; in parentheses where the operator above binds more."""
    if f.op in ("true", "false"):
        return f.op
    if f.op == "atom":
        return f.text
    if f.op == "ite":
        return f"(if {one_line(f.parts[0])} then {one_line(f.parts[1])} else {one_line(f.parts[2])})"
    if f.op in _QUANTIFIER:
        text = f"{_opening(f)} {one_line(f.parts[0])}"
    else:
        text = f" {_SIGN[f.op]} ".join(one_line(part, f.op) for part in f.parts)
    return f"({text})" if above else text


def layout(f: Formula, width: int, above: str = "") -> list[str]:
    """A formula over several lines, an operator at the beginning of a line."""
    flat = one_line(f, above)
    if len(flat) <= width or f.op in ("atom", "true", "false", "ite"):
        return [flat]
    if f.op in _QUANTIFIER:
        return [_opening(f), *(f"  {line}" for line in layout(f.parts[0], width - 2))]
    rows: list[str] = []
    for number, part in enumerate(f.parts):
        sign = " " if number == 0 else _SIGN[f.op]
        lines = layout(part, width - 2, f.op if part.op not in ("atom",) else "")
        broken = len(lines) > 1 and part.op not in _QUANTIFIER
        if broken:
            lines = [f"({lines[0].lstrip()}" if lines[0].startswith(" ") else f"({lines[0]}", *lines[1:]]
            lines[-1] += ")"
        rows += [f"{sign} {lines[0]}", *(f"  {line}" for line in lines[1:])]
    return rows
