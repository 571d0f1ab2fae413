"""A session in role ``system``: one target and the oracle, from a ``reset`` on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vnic_conformance.protocol.messages import Outcome
from vnic_conformance.session import Requests
from vnic_conformance.stimulus import Stimulus
from vnic_conformance.system_role.oracle import Finding, SystemOracle, Times
from vnic_conformance.targets.failures import Declined
from vnic_spec.profile import Profile


@dataclass
class SystemSession:
    """One run from ``reset``.

    Attributes:
        word: the stimuli applied.
        limits: fields of the reset that say what a server's port has.
        findings: what the last of them broke, after which nothing more is applied.
        unsupported: a stimulus that the implementation does not have; nothing more is applied then, either.
    """

    target: Requests
    servers: int
    profile: Profile
    times: Times
    claims: dict[str, str | int] = field(default_factory=dict)
    limits: Mapping[str, str | int] = field(default_factory=dict)
    word: list[Stimulus] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unsupported: Stimulus | None = None
    oracle: SystemOracle = field(init=False)

    def __post_init__(self) -> None:
        self.oracle = SystemOracle(self.servers, self.profile, self.times, self.limits)

    @property
    def over(self) -> bool:
        """Nothing more is to be applied."""
        return bool(self.findings) or self.unsupported is not None

    def begin(self) -> None:
        """Reset the implementation and judge what it then shows."""
        asked = {"servers": self.servers, **self.claims, **self.limits}
        came = self._asked({"op": "reset", "observe": 1, **asked})
        if came.get("outcome") == Outcome.UNSUPPORTED:
            self.unsupported = Stimulus.of("kit", "reset", **asked)
            return
        self.findings = self.oracle.begin(came)

    def apply(self, stimulus: Stimulus) -> None:
        """Apply one stimulus and judge the answer."""
        came = self._asked(stimulus.request())
        self.word.append(stimulus)
        if came.get("outcome") == Outcome.UNSUPPORTED:
            self.unsupported = stimulus
            return
        self.findings = self.oracle.step(stimulus, came)

    def play(self, word: Iterable[Stimulus]) -> None:
        """Begin, and apply stimuli until something is found."""
        self.begin()
        for stimulus in word:
            if self.over:
                return
            self.apply(stimulus)

    def _asked(self, request: Mapping[str, object]) -> Mapping[str, object]:
        reply = self.target.request(request)
        if reply.get("outcome") == Outcome.ERROR:
            raise Declined(f'outcome "error": {reply.get("error")}')
        return reply
