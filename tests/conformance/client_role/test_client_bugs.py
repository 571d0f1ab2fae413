"""The bugs that real drivers have had, and more slips: each is found by the case that is named here."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from vnic_conformance.client_role.cases import tours
from vnic_conformance.client_role.conversation import ClientConversation
from vnic_conformance.client_role.injection import EVENTS, PROCEDURES, may_happen_in, play, prepare
from vnic_conformance.client_role.judge import ClientJudge
from vnic_conformance.client_role.partner import Partner
from vnic_conformance.client_role.port import DirectPort
from vnic_conformance.client_role.role import STRIDE
from vnic_conformance.client_role.stories import Word, injected, stories, told
from vnic_conformance.episode import Setting
from vnic_conformance.running.checking import Request, check
from vnic_conformance.session import Session
from vnic_reference.client.bugs import CLIENT_BUGS
from vnic_reference.client.slips_by_rule import CLIENT_RULE_SLIPS
from vnic_reference.client.slips_of_memory import CLIENT_MEMORY_SLIPS
from vnic_reference.client_adapter import ClientAdapter
from vnic_reference.client_variants import CLIENT_VARIANTS
from vnic_spec.client_profile import ClientProfile
from vnic_spec.profile import Profile

#: The faulty client, the case that finds it, and the requirements one of which it is found to break.
FOUND_BY: dict[str, tuple[str, str]] = {
    "loses_an_open": ("CLI-6/opened-in-an-outage", "CLI-6 CLI-21"),
    "deaf_while_waiting": ("CLI-3/migrated-after-a-failover", "CLI-3 CLI-21"),
    "ignores_a_second_failover": ("CLI-1/three-failovers", "CLI-20"),
    "keeps_stale_answers": ("CLI-1/procedure-failover", "DLG-3 DLG-2 DLG-4"),
    "trusts_offsets": ("DLG-6/wrong-login-garbage", "DLG-6"),
    "leaves_on_mismatch": ("DLG-6/wrong-login-garbage", "CLI-21"),
    "logs_in_on_the_same_crq": ("DLG-5/legal-login-state", "DLG-5"),
    "counts_too_early": ("CLI-7/legal-late-query-capability", "DLG-4"),
    "spins": ("CLI-1/procedure-failover", "CLI-13"),
    "erases_early_events": ("CLI-21/partner-deregistered-inside-failover", "CLI-3"),
    "no_scan_after_enabling": ("CLI-11/outage-inside-call-5-of-a-failover", "CLI-10 CLI-11"),
    "no_fallback": ("CLI-19/legal-complaint-state", "CLI-19"),
    "backs_off_for_long": ("CLI-7/attempts-that-fail", "CLI-21"),
    "closes_after_a_failure": ("CLI-7/legal-refused-version-exchange", "CLI-6"),
    "frees_twice": ("DLG-5/legal-login-partial", "CLI-8"),
    "registers_released_memory": ("CLI-1/procedure-failover", "CLI-10"),
    "sends_while_freed": ("CLI-1/procedure-failover", "CLI-8 CLI-2"),
    "inits_once": ("CLI-10/legal-held", "CLI-21 CLI-10"),
    "gives_up_at_boot": ("CLI-21/added-in-an-outage", "CLI-21"),
    "ignores_failover_at_boot": ("CLI-1/failover-inside-call-5-of-a-life", "CLI-12"),
    "takes_init_for_success": ("CLI-21/init-inside-failover", "CLI-12"),
    "removed_while_recovering": ("CLI-17/removed-in-an-outage", "CLI-17"),
    "runs_two_recoveries": ("CLI-21/partner-failed-inside-failover", "CLI-8 CLI-12 DLG-3 DLG-2"),
    "waits_for_ever": ("CLI-21/lost-answer-inside-failover", "CLI-21"),
    "uses_old_map_ids": ("DLG-8/frames-across-failovers", "DLG-7"),
    "keeps_old_limits": ("DLG-10/legal-few-entries", "DLG-4"),
    "clears_ahead": ("CLI-1/procedure-failover", "CLI-11"),
    "keeps_big_batches": ("DLG-8/legal-older-platform", "DLG-8"),
    "gives_up_without_sub_crqs": ("CLI-21/resource-inside-failover", "CLI-21"),
    "logs_in_for_ever": ("DLG-5/logins-that-fail", "DLG-5"),
    "trusts_tx_completions": ("DLG-8/wrong-tx-completion-foreign", "CLI-16 DLG-8"),
    "init_without_pause": ("CLI-10/legal-held", "CLI-13"),
    "insists_on_its_number": ("DLG-4/legal-partial-capability", "DLG-4"),
    "names_foreign_handles": ("CLI-1/procedure-failover", "DLG-5"),
    "reuses_a_map_id": ("CLI-1/procedure-failover", "DLG-7"),
    "lends_twice": ("CLI-1/procedure-failover", "DLG-9"),
    "forgets_the_mtu": ("DLG-10/mtu-is-told-again", "DLG-10"),
    "forgets_promiscuous": ("DLG-10/promiscuous-is-told-again", "DLG-10"),
    "short_queue": ("CLI-1/procedure-failover", "CLI-10"),
    "registers_over_an_old_queue": ("CLI-10/legal-reg-crq-resource", "CLI-10"),
    "resets_on_noise": ("CLI-15/event-noise", "CLI-15"),
    "removed_slowly": ("CLI-18/removal-returns", "CLI-18"),
    "complains_without_a_token": ("CLI-19/procedure-complaint", "CLI-19"),
    "shows_the_link_too_long": ("CLI-1/event-outage", "CLI-20"),
    "enables_after_any_event": ("CLI-3/event-partner-failed", "CLI-3"),
    "answers_any_init": ("CLI-1/procedure-failover", "CLI-2"),
    "complains_for_minutes": ("CLI-18/busy-complaint-returns", "CLI-18"),
    "one_size_for_all": ("DLG-6/buffers-of-the-last-queue", "DLG-6"),
    "tells_the_mac_at_once": ("DLG-2/mac-set-at-login", "DLG-2"),
    "takes_the_mac_of_a_server": ("DLG-10/mac-after-mac-of-its-own", "DLG-10"),
    "gives_promiscuous_up": ("DLG-10/promiscuous-after-no-promiscuous", "DLG-10"),
    "many_at_once_for_ever": ("DLG-8/moved-to-an-older-platform", "CLI-16"),
    "tcp_without_options": ("DLG-8/headers-of-ip-frames", "DLG-8"),
    "trusts_the_vpd_size": ("CLI-9/wrong-vpd-size-largest", "CLI-16 CLI-9"),
}


def plays(case: str, recovery_ms: int) -> list[tuple[Word, str]]:
    """What ``vnickit check`` plays of a case: its word and its witness, for each call that an event is injected into."""
    for story in stories(ClientProfile()):
        if story.case.id == case:
            return [(story.word, story.witness)]
    (found,) = [(procedure, name) for tour, procedure, name in tours() if tour.id == case]
    procedure, name = found
    calls = [at for at, opcode in enumerate(calls_of(procedure), 1) if may_happen_in(name, opcode)]
    first = min(list(EVENTS).index(name) % STRIDE, len(calls) - 1)
    return [injected(procedure, recovery_ms, call, name) for call in calls[first::STRIDE]]


@cache
def calls_of(procedure: str) -> tuple[int, ...]:
    """The opcodes of the calls that the reference client makes in a procedure."""
    adapter = ClientAdapter()
    partner = Partner(DirectPort(adapter))
    prepare(partner, PROCEDURES[procedure])
    codes = play(partner, PROCEDURES[procedure]).codes
    adapter.close()
    return codes


def verdicts(make: type, case: str) -> list[str]:
    """The requirements that a client breaks in a case, one at most for each play; as many plays as are needed."""
    adapter = ClientAdapter(make)
    conversation = ClientConversation(DirectPort(adapter))
    broken = []
    try:
        for word, witness in plays(case, ClientProfile().recovery_ms):
            setting = Setting(1, Profile(), role="client")
            session = Session(conversation, setting, ClientJudge(setting, Counter()))
            session.play(told(word, witness, session))
            if session.failure is not None:
                broken.append(session.failure.requirement)
                break
    finally:
        adapter.close()
    return broken


def test_the_roster_has_60_clients_and_each_of_these_a_case() -> None:
    assert set(FOUND_BY) == {*CLIENT_BUGS, *CLIENT_RULE_SLIPS, *CLIENT_MEMORY_SLIPS}
    assert len(CLIENT_VARIANTS) >= 60


@pytest.mark.parametrize("name", FOUND_BY)
def test_a_bug_is_found_by_its_case(name: str) -> None:
    case, requirements = FOUND_BY[name]
    (broken,) = verdicts(CLIENT_VARIANTS[name].make, case)
    assert broken.partition("/")[0] in requirements.split()


def test_a_check_finds_a_bug_by_its_case() -> None:
    """What is played here is what ``vnickit check`` plays."""
    case, _ = FOUND_BY["takes_init_for_success"]
    found = check(Request("python:vnic_reference.client_variants:takes_init_for_success", select=(case,), steps=0))
    assert found.outcome.code == 1
