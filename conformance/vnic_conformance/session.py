"""A session: one target and the oracle, from a ``reset`` on.

Everything that tests an implementation goes through here: tours, random walks, the Hypothesis machine, scripted cases, shrinking
and replay differ only in where the stimuli come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from vnic_conformance.answer import Requests, ask
from vnic_conformance.oracle import Judgement, Oracle
from vnic_conformance.stimulus import Stimulus, with_tokens
from vnic_spec.profile import Profile

__all__ = ["Requests", "Session"]


@dataclass
class Session:
    """One run from ``reset``.

    ``judgements`` holds one judgement per stimulus applied; ``failure`` the first that is a violation, after which nothing
    more is applied. ``unpaired`` names server partitions whose units are to have no authorised connection (CRQ-2). ``word``
    holds the stimuli as they were given, tokens by name, so that it can be run again.
    """

    target: Requests
    servers: int
    profile: Profile
    unpaired: tuple[str, ...] = ()
    oracle: Oracle = field(init=False)
    judgements: list[Judgement] = field(default_factory=list)
    failure: Judgement | None = None
    word: list[Stimulus] = field(default_factory=list)
    _tokens: list[int] = field(default_factory=list)  #: given out in this run

    def __post_init__(self) -> None:
        self.oracle = Oracle(self.servers, self.profile, frozenset(self.unpaired))

    def begin(self) -> Judgement:
        """Reset the implementation and judge what it then shows."""
        fields: dict[str, object] = {"op": "reset", "servers": self.servers, "observe": 1}
        if self.unpaired:
            fields["unpaired"] = " ".join(self.unpaired)
        return self._keep(self.oracle.begin(ask(self.target, fields)))

    def apply(self, stimulus: Stimulus) -> Judgement:
        """Apply one stimulus and judge the answer; a busy call is repeated."""
        self.word.append(stimulus)
        stimulus = with_tokens(stimulus, self._tokens)
        judgement = self.oracle.step(stimulus, ask(self.target, stimulus.request()))
        repeated = 0
        while judgement.busy:
            repeated += 1
            answer = ask(self.target, stimulus.request())
            judgement = self.oracle.step(stimulus, answer.noting(repeated=repeated))
        token = judgement.came.get("r4")
        if isinstance(token, int) and token not in self._tokens[-1:]:
            self._tokens.append(token)
        return self._keep(judgement)

    def play(self, word: Iterable[Stimulus]) -> Judgement | None:
        """Begin and apply stimuli until one is a violation; answer that one's judgement, or None."""
        self.begin()
        for stimulus in word:
            if self.failure is not None:
                break
            self.apply(stimulus)
        return self.failure

    def _keep(self, judgement: Judgement) -> Judgement:
        self.judgements.append(judgement)
        if not judgement.ok and self.failure is None:
            self.failure = judgement
        return judgement
