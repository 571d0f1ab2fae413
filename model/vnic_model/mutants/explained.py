"""Why some mutants survive: the survivors by name, each with its reason, and what of the reason can be looked up.

A survivor without a reason is a hole in the specification; ``vnickit explore --mutants`` fails on it. A reason whose check fails
is none.
"""

from __future__ import annotations

from dataclasses import dataclass

from vnic_model.mutants.ground import Difference, Ground
from vnic_model.mutants.single import Mutant


@dataclass(frozen=True)
class Reason:
    """Why nothing notices a mutant.

    Attributes:
        text: in words.
        idle: it only adds steps, and each leads to the state that there was.
        beyond: where it survives first, if that is a ground too large to be looked at unless it is asked for.
        like: it only adds steps, and each is one that this other action can take in the same state, with the same answer.
    """

    text: str
    idle: bool = False
    like: str = ""
    beyond: str = ""

    @property
    def checked(self) -> bool:
        """Something of it is looked up in the graph."""
        return self.idle or bool(self.like)

    def holds(self, ground: Ground, mutant: Mutant, difference: Difference) -> bool:
        """What of the reason can be looked up is so."""
        if not self.checked:
            return True
        of_state = ground.layout.of_state  # what an instance counts for its own bound is nobody's
        if difference.removed:
            return False
        for state, after, answer in ground.added(mutant, difference):
            if self.idle:
                same = (after ^ state) & of_state == 0
            else:
                same = any(
                    (after ^ other) & of_state == 0 and answer == said
                    for other, said in ground.results(state, self.like)
                )
            if not same:
                return False
        return True


_FAULTS = (
    "which faults there are is not required of anybody; with more of them every property, lemma and goal holds too"
)
_EARLY = (
    "a client that recovers throws its queue away by registering again (CRQ-9), so it may as well read from it before; what it "
    "reads does not count, since it awaits nothing (CLI-4)"
)

#: The survivors that are explained.
REASONS: dict[str, Reason] = {
    "server_frees: drop registered(i)": Reason(
        "freeing what is not registered succeeds without effect (CRQ-4)", like="server_frees_idle"
    ),
    "h_free_crq: drop client_is_on()": Reason(
        "a partition that is off makes no calls, which no hypervisor decides; its CRQ is closed, so freeing it has no effect",
        idle=True,
    ),
    "client_frees: drop crq ≠ CLOSED": Reason(
        "freeing what is not registered succeeds without effect (CRQ-4), and a driver may do it", like="h_free_crq"
    ),
    "reports_expire_together: drop i ≠ j": Reason(
        "two servers that are one fall silent as one does", like="report_expires"
    ),
    "server_uses_grant: drop belief(i) = SERVING": Reason(
        "a server that has no session reaches for the client's memory and is refused, as a fenced one is (FOV-10/memory)",
        idle=True,
    ),
    "server_crashes: forget hung": Reason(
        f"a server that goes off while it hangs comes back later: {_FAULTS}",
    ),
    "server_hangs: drop registered(i)": Reason(f"a server hangs before it has registered: {_FAULTS}"),
    "server_hangs: negate registered(i)": Reason(
        "a server hangs only before it has registered: which faults there are is not required of anybody; that a server which "
        "hangs in a session and comes back is met is pinned by the counts of core and holding"
    ),
    "removes_server: forget status": Reason(
        "the status of a server that is not on the list is shown nowhere (ADM-7) and counts nowhere (SEL-3); added again it "
        "is POWERED_OFF (MON-6)"
    ),
    "server_sends_init: drop to_server(i).every(e.kind ≠ INIT)": Reason(
        "SRV-1 asks a server to look for the client's INIT before it sends its own; if both send one nothing goes wrong, it only "
        "takes longer (CLI-2)"
    ),
    "client_reads_init_complete: drop not phase in {OFF, RECOVERING, ENABLING} in _client_reads": Reason(_EARLY),
    "client_reads_login_rsp: drop not phase in {OFF, RECOVERING, ENABLING} in _client_reads": Reason(_EARLY),
    "client_reads_migrated: drop not phase in {OFF, RECOVERING, ENABLING} in _client_reads": Reason(
        f"{_EARLY}; having read event 06 it may enable instead of registering, which CLI-3 allows as well"
    ),
    "client_crashes: forget token": Reason(
        "the token that a rebooted client would still have is of a session that has ended, and is refused as that (SES-2)",
        beyond="all 1",
    ),
    "client_takes_token: drop its guard": Reason(
        "a partition that is off makes no calls, which no hypervisor decides; there is no session, so the answer is H_STATE",
        idle=True,
        beyond="all 1",
    ),
    "user_changes_wish: drop its guard": Reason(
        "a user may change his mind while the partition is off: the wish is his (CLI-6)", beyond="all 1"
    ),
}
