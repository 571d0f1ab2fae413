"""A narrated step as lines of text: assignments, conditions, things done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vnic_model.formula import FALSE, TRUE, Formula, conjunction, disjunction, layout, negation, one_line
from vnic_model.narration import STALE, Cases, Do, Entry, Move, Put, Told, current, settled, shown
from vnic_spec.state import VARIABLES

_GHOSTS = frozenset(v.name for v in VARIABLES if v.ghost)


def step_lines(told: Told, width: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What happens, and apart from it what happens to variables that exist only for the proof."""
    steps: list[str] = []
    history: list[str] = []
    for entry in settled(told, 0):
        stale = isinstance(entry, Do) and entry.words == STALE
        ghost = stale or (isinstance(entry, Put) and entry.target.partition("(")[0] in _GHOSTS)
        if not (stale and STALE in history):
            (history if ghost else steps).extend(_entry_lines(entry, width))
    return tuple(steps), tuple(history)


def _entry_lines(entry: Entry, width: int) -> list[str]:
    if isinstance(entry, Do):
        return [entry.words] if entry.condition == TRUE else _when(entry.words, entry.condition, width)
    if isinstance(entry, Put):
        lines = value_lines(entry.target, entry.value, {}, width)
        if entry.every:
            head = f"for every server {entry.every}: "
            return [f"{head}{lines[0]}", *(f"  {line}" for line in lines[1:])]
        return lines
    then, otherwise, condition = entry.then, entry.otherwise, entry.condition
    if not then:
        then, otherwise, condition = otherwise, then, negation(condition)
    rows = [*_if(condition, width), *(f"  {line}" for e in then for line in _entry_lines(e, width - 2))]
    if otherwise:
        rows += ["else:", *(f"  {line}" for e in otherwise for line in _entry_lines(e, width - 2))]
    return rows


def _if(condition: Formula, width: int) -> list[str]:
    first, *rest = layout(condition, width - 4)
    rows = [f"if {first}", *(f"   {line}" for line in rest)]
    rows[-1] += ":"
    return rows


def value_lines(target: str, value: Any, versions: Mapping[str, int], width: int) -> list[str]:
    """``target := value``; what stays as it is is not said."""
    value = current(value, versions) if versions else value
    start = f"{target} := " if target else ""
    if isinstance(value, Move):
        return _move_lines(target, value, width)
    if isinstance(value, Formula):
        return _truth_lines(target, start, value, width)
    if isinstance(value, Cases):
        if target and shown(value.otherwise) == target:
            return _when(f"{start}{shown(value.then)}", value.condition, width)
        if target and shown(value.then) == target:
            return _when(f"{start}{shown(value.otherwise)}", negation(value.condition), width)
        first, rest, condition = value.then, value.otherwise, value.condition
        if isinstance(first, Cases):
            first, rest, condition = rest, first, negation(condition)
        lines = _when(f"{start}{shown(first)}", condition, width)
        if isinstance(rest, Cases):
            return [*lines, *value_lines(target, rest, {}, width)]
        return [*lines, f"{start}{shown(rest)} otherwise"]
    return [f"{start}{shown(value)}"]


def _when(words: str, condition: Formula, width: int) -> list[str]:
    flat = f"{words} if {one_line(condition)}"
    if len(flat) <= width:
        return [flat]
    first, *rest = layout(condition, width - 5)
    return [words, f"  if {first}", *(f"     {line}" for line in rest)]


def _truth_lines(target: str, start: str, value: Formula, width: int) -> list[str]:
    if value in (TRUE, FALSE):
        return [f"{start}{'yes' if value == TRUE else 'no'}"]
    parts = list(value.parts) if value.op in ("and", "or") else []
    own = [part for part in parts if part.op == "atom" and part.text == target]
    if target and own:
        others = [part for part in parts if part not in own]
        if value.op == "or":
            return _when(f"{start}yes", disjunction(others), width)
        condition = negation(conjunction(others))
        if condition.op == "and":
            condition = conjunction(part for part in condition.parts if part not in own)
        return _when(f"{start}no", condition, width)
    if value.op == "ite":
        condition, then, otherwise = value.parts
        if one_line(otherwise) == target:
            return _when(f"{start}{one_line(then)}", condition, width)
    if value.op == "atom" and value.negated == target:
        return [f"{start}not {target}"]
    flat = f"{start}{one_line(value)}"
    if len(flat) <= width:
        return [flat]
    return [start.rstrip(), *(f"  {line}" for line in layout(value, width - 2))]


def _move_lines(target: str, value: Move, width: int) -> list[str]:
    if value.otherwise is None:
        if value.words == "empty":
            return [f"{target} := empty"]
        if value.words.startswith("without"):
            return [value.words.replace("without its first element", f"take first({target})")]
        verb, _, rest = value.words.partition(" ")
        return [f"{target}: {verb} {rest}"]
    then, otherwise = value.otherwise
    rows: list[str] = []
    if isinstance(then, Move):
        rows += [*_if(value.condition, width), *(f"  {line}" for line in _move_lines(target, then, width - 2))]
        if isinstance(otherwise, Move):
            rows += ["else:", *(f"  {line}" for line in _move_lines(target, otherwise, width - 2))]
    elif isinstance(otherwise, Move):
        rows += [
            *_if(negation(value.condition), width),
            *(f"  {line}" for line in _move_lines(target, otherwise, width - 2)),
        ]
    return rows


def guard_lines(guard: Formula, width: int) -> tuple[str, ...]:
    """When something is possible. A queue whose first element is known is not empty, which need not be said."""
    guard = current(guard, {})
    parts = guard.parts if guard.op == "and" else (guard,)
    known = "".join(part.text for part in parts if "first(" in part.text)
    needless = [p for p in parts if p.text.endswith(" is not empty") and f"first({p.text.split(' ')[0]})" in known]
    guard = conjunction(part for part in parts if part not in needless)
    return () if guard == TRUE else tuple(layout(guard, width))


def meaning_lines(f: Formula, width: int) -> list[str]:
    """A truth by case, where it is one."""
    f = current(f, {})
    if f.op != "ite":
        return layout(f, width)
    condition, then, otherwise = f.parts
    rows = [*_if(condition, width), *(f"  {line}" for line in meaning_lines(then, width - 2))]
    return [*rows, "else:", *(f"  {line}" for line in meaning_lines(otherwise, width - 2))]
