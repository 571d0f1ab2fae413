"""What came back for a request, in three parts that never mix: the reply, what could be seen, and the facts of the kit.

The first two come from the adapter and are judged; the third is the kit's own knowledge, and no field of an adapter gets into it,
whatever its name. What is seen comes from a look that was asked for: fields of an observation in any other reply are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol, Self

from vnic_conformance.protocol.messages import Outcome
from vnic_conformance.protocol.rules import is_observed

#: Outcomes after which there is something to look at; of the others nothing has happened.
_LOOKED_AFTER = (Outcome.DONE, Outcome.REFUSED, Outcome.UNKNOWN)
_OBSERVE: Mapping[str, object] = {"op": "observe"}


class Requests(Protocol):
    """What can be asked: a target (:mod:`vnic_conformance.targets`), or what stands before one."""

    def request(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        """Send one request and answer its reply; an :class:`Answer` where the kit has looked already.

        Raises what the target raises when the adapter is broken.
        """


@dataclass(frozen=True, slots=True)
class Facts:
    """What only the kit knows about an answer.

    Attributes:
        absent: the requirement that the feature asked for is about, where the adapter does not claim it; or empty.
        measured: on a real clock, five whole numbers: the call not before, not after, the look not before, not after, all in
            milliseconds since the reset, and the quiet time. None: the clock is virtual.
        repeated: how often a busy call had been repeated when this answer came (CRQ-14).
    """

    absent: str = ""
    measured: tuple[int, int, int, int, int] | None = None
    repeated: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Answer(Mapping[str, object]):
    """What came back for one request. As a mapping it has the fields of the reply and of the observation, never a fact.

    Attributes:
        reply: the fields of the reply without those of an observation.
        seen: the fields of the observation; None: nobody looked.
        facts: what the kit knows.
    """

    reply: Mapping[str, object] = field(default_factory=dict)
    seen: Mapping[str, object] | None = None
    facts: Facts = Facts()

    @classmethod
    def of(cls, request: Mapping[str, object], reply: Mapping[str, object]) -> Self:
        """A reply as an adapter gave it; an observation counts only where the request asked for it and the outcome owes it."""
        outcome = reply.get("outcome")
        owed = outcome == Outcome.DONE or (outcome == Outcome.REFUSED and request.get("op") == "apply")
        looked = request.get("op") == "observe" or (request.get("observe") == 1 and owed)
        return cls(_said(reply), _seen(reply) if looked else None)

    def noting(self, **facts: object) -> Self:
        """The same answer with these facts, beside those that are known."""
        return replace(self, facts=replace(self.facts, **facts))  # type: ignore[arg-type]  # names are those of Facts

    def __getitem__(self, name: str) -> object:
        """A field of the reply or of the observation."""
        if self.seen is not None and name in self.seen:
            return self.seen[name]
        return self.reply[name]

    def __iter__(self) -> Iterator[str]:
        """The names of the fields, those of the reply first."""
        yield from self.reply
        yield from self.seen or ()

    def __len__(self) -> int:
        """How many fields there are."""
        return len(self.reply) + len(self.seen or ())

    def __eq__(self, other: object) -> bool:
        """Equal to an answer with the same three parts; to any other mapping if the fields are the same."""
        if isinstance(other, Answer):
            return (dict(self.reply), self.seen, self.facts) == (dict(other.reply), other.seen, other.facts)
        return dict(self) == other if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as any mapping that may be changed


def ask(target: Requests, request: Mapping[str, object]) -> Answer:
    """Send one request, and look where it asked for that and its reply need not show it (outcome ``unknown``)."""
    reply = target.request(request)
    if isinstance(reply, Answer):
        return reply
    answer = Answer.of(request, reply)
    if request.get("observe") == 1 and answer.seen is None and answer.get("outcome") in _LOOKED_AFTER:
        return look(target, answer)
    return answer


def look(target: Requests, answer: Answer) -> Answer:
    """The answer with what can be seen now."""
    seen = target.request(_OBSERVE)
    return replace(answer, seen=seen.seen if isinstance(seen, Answer) else _seen(seen))


#: The names of fields are few, and asked for at every step; bounded, because an adapter may make up more.
_observed = lru_cache(maxsize=1024)(is_observed)


def _said(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if not _observed(name)}


def _seen(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if _observed(name)}
