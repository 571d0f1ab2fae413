"""The sorts of the any-N reading, and words as numbers.

Nothing is known of the elements of these sorts but what the axioms say, so what is proved holds for every number of servers
and every depth of every queue. Two slot sorts keep the sort graph acyclic: slot of the client's queue → its sender, a server;
server → slot of its own queue; server → priority. With universal lemmas every query is then decidable.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeAlias

import z3

#: A formula or term of z3, which has no types.
Formula: TypeAlias = Any

SERVER = z3.DeclareSort("Server")
PRIORITY = z3.DeclareSort("Priority")
CLIENT_SLOT = z3.DeclareSort("ClientSlot")
SERVER_SLOT = z3.DeclareSort("ServerSlot")
WORD = z3.BitVecSort(5)
BOOL = z3.BoolSort()
#: The sorts of which nothing is known but the axioms, each with the name of an element in a picture.
UNINTERPRETED = {SERVER: "server", PRIORITY: "priority", CLIENT_SLOT: "slot", SERVER_SLOT: "slot"}


def word(value: Enum, pen: Any = z3) -> Formula:
    """A member of a vocabulary as its place among the members (at most 32 of them)."""
    return pen.BitVecVal(list(type(value)).index(value), WORD)


def strict_total_order(less: Any, sort: Formula, pen: Any = z3) -> Formula:
    """``less`` orders all elements of ``sort``."""
    x, y, z = pen.Consts("x y z", sort)
    return pen.ForAll(
        [x, y, z],
        pen.And(
            pen.Not(less(x, x)),
            pen.Or(x == y, less(x, y), less(y, x)),
            pen.Implies(pen.And(less(x, y), less(y, z)), less(x, z)),
        ),
    )


def slots_in_a_row(le: Any, succ: Any, sort: Formula, pen: Any = z3) -> Formula:
    """``le`` orders all slots; ``succ`` relates a slot to the one that follows it at once, where there is one."""
    x, y, z = pen.Consts("x y z", sort)
    return pen.ForAll(
        [x, y, z],
        pen.And(
            le(x, x),
            pen.Or(le(x, y), le(y, x)),
            pen.Implies(pen.And(le(x, y), le(y, x)), x == y),
            pen.Implies(pen.And(le(x, y), le(y, z)), le(x, z)),
            pen.Implies(succ(x, y), pen.And(le(x, y), x != y)),
            pen.Implies(pen.And(succ(x, y), le(x, z), x != z), le(y, z)),
        ),
    )
