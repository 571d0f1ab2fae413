"""Every faulty variant of the reference hypervisor is found; what is blamed is the requirement that it hurts, or one near it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.conformance.playing import Verdict, dealt, play

from vnic_conformance.cases import SCRIPTS
from vnic_conformance.generation.walk import random_walk
from vnic_conformance.targets import AdapterBroken, Target, open_target
from vnic_conformance.targets.in_process import InProcessLink
from vnic_reference.faults import FAULTS, VARIANTS
from vnic_reference.parts import Parts
from vnic_spec.requirements import REQUIREMENTS

#: Fault → a scripted case that finds it, and the requirement that it blames.
FOUND = {
    "activating_the_selected_does_not_pin": ("ADM-6/selected", "ADM-6"),
    "activation_keeps_complaint": ("ADM-6/complaint-is-cleared", "ADM-6"),
    "active_while_selected": ("MON-7/not-active-without-client", "MON-7"),
    "added_again_as_it_was": ("MON-6/added-again", "MON-6"),
    "auto_keeps_pin": ("ADM-5/off-ends-pin", "ADM-5"),
    "auto_off_disables_failover": ("SEL-6/waits", "SEL-6"),
    "auto_off_is_ignored": ("FOV-7/auto-off-is-stable", "FOV-1"),
    "auto_on_waits": ("ADM-5/default-on", "ADM-5"),
    "busy_for_ever": ("CRQ-14/free-again", "CRQ-14"),
    "busy_forgets_to_enable": ("CRQ-14/enable-again", "CRQ-8"),
    "busy_forgets_to_free": ("CRQ-14/free-again", "CRQ-4"),
    "busy_instead_of_dropped": ("CRQ-3/full", "CRQ-3"),
    "busy_tells_each_time": ("CRQ-14/free-again", "CRQ-4"),
    "closed_before_header": ("CRQ-3/header-before-closed", "CRQ-3"),
    "closed_is_frozen": ("SEL-8/while-closed", "SEL-8"),
    "complaint_always_succeeds": ("SES-2/order-of-checks", "SES-2"),
    "complaint_is_no_obstacle": ("ADM-6/complaint-is-cleared", "SES-3"),
    "complaint_not_remembered": ("SES-3/not-undone", "SES-3"),
    "crash_looks_like_free": ("CRQ-4/who-is-told", "CRQ-4"),
    "deferral_connects_early": ("CRQ-7/failover-meets-full", "CRQ-3"),
    "deferred_event_forgotten": ("CRQ-7/failover-meets-migration", "CRQ-7"),
    "delay_ends_unchecked": ("MON-5/delay-and-priorities", "FOV-7"),
    "delay_goes_on": ("MON-5/delay-begins-anew", "MON-5"),
    "delay_holds_administrator_up": ("ADM-4/takes-effect-at-once", "ADM-4"),
    "delay_holds_failover_up": ("MON-5/delay-and-failure", "INV-3"),
    "delay_ignored": ("MON-5/preempt-delay", "MON-5"),
    "delay_kept_by_equals": ("MON-5/delay-of-equals", "SEL-5"),
    "delay_outlives_failure": ("MON-5/delay-and-failure", "MON-5"),
    "delay_restarts_with_another": ("MON-5/delay-of-several", "MON-5"),
    "delay_runs_under_pin": ("MON-5/delay-and-pin", "ADM-6"),
    "delay_runs_with_auto_off": ("MON-5/delay-and-auto", "FOV-7"),
    "delay_takes_the_first": ("MON-5/delay-of-several", "FOV-5"),
    "delay_too_long_after_the_first": ("MON-5/delay-of-the-next", "MON-5"),
    "delay_too_short": ("MON-5/delay-of-the-next", "MON-5"),
    "descriptor_control_ignored": ("MON-7/descriptor", "MON-7"),
    "disable_all_spares_the_last": ("CRQ-11/sub-queue-interrupts-all", "CRQ-11"),
    "dma_wraps_around": ("CRQ-12/memory-to-its-end", "CRQ-12"),
    "dropped_before_closed": ("CRQ-3/disabled-before-full", "CRQ-3"),
    "enable_empties_queue": ("CRQ-8/enable-keeps-activated", "CRQ-8"),
    "enable_reselects": ("CRQ-8/enable-keeps-activated", "CRQ-8"),
    "event_dropped_on_full": ("CRQ-7/failover-meets-full", "CRQ-7"),
    "expires_one_by_one": ("MON-2/both-bounds-of-a-long-interval", "MON-2"),
    "expires_too_early": ("MON-2/both-bounds-of-a-long-interval", "MON-2"),
    "expires_too_late": ("MON-2/other-statuses-expire", "MON-2"),
    "failover_event_late": ("FOV-6/no-successor", "FOV-6"),
    "failover_event_twice": ("FOV-3/one-event-for-one-switch", "FOV-3"),
    "failover_overlays_migrated": ("CRQ-7/failover-meets-migration", "CRQ-7"),
    "fenced_dma_accepted": ("FOV-10/standby-memory", "FOV-10"),
    "fenced_send_accepted": ("FOV-10/sends", "FOV-10"),
    "fenced_server_is_not_told": ("FOV-2/order-of-effects", "FOV-2"),
    "fenced_sub_crq_accepted": ("FOV-10/sub-queues", "FOV-10"),
    "five_failures_are_too_many": ("SEL-3/five-recoveries", "FOV-5"),
    "forty_failures_are_too_many": ("SEL-3/forty-recoveries", "FOV-5"),
    "four_hundred_failures_are_too_many": ("SEL-3/hundreds-of-recoveries", "FOV-5"),
    "free_keeps_sub_crqs": ("CRQ-4/sub-queues-go", "CRQ-4"),
    "freed_server_keeps_status": ("MON-3/free-and-power-off", "MON-3"),
    "full_is_not_told": ("CRQ-3/full", "CRQ-5"),
    "gap_too_short": ("CRQ-13/gap", "CRQ-13"),
    "grants_outlive_session": ("CRQ-12/grants-die-with-session", "CRQ-12"),
    "handle_table_leaks": ("CRQ-12/hundreds-of-sub-queues", "CRQ-12"),
    "handles_outlive_session": ("CRQ-12/die-with-migration", "CRQ-12"),
    "handles_reused": ("CRQ-12/dead-handles", "CRQ-12"),
    "header_unchecked": ("CRQ-3/header-before-closed", "CRQ-3"),
    "higher_number_wins": ("SEL-4/numbers-not-text", "SEL-2"),
    "hold_has_no_limit": ("CRQ-13/hold-limit", "CRQ-13"),
    "indirect_one_too_many": ("CRQ-12/indirect-limit", "CRQ-12"),
    "indirect_sends_in_part": ("CRQ-12/indirect-all-or-nothing", "CRQ-12"),
    "ineligible_activated": ("ADM-6/refused", "ADM-6"),
    "interrupt_number_unchecked": ("CRQ-11/sub-queue-interrupt-arguments", "CRQ-11"),
    "largest_queue_refused": ("CRQ-2/all-of-memory", "CRQ-2"),
    "interval_is_cut": ("MON-2/bounds", "MON-2"),
    "last_resort_spares_one": ("MON-5/last-resort", "MON-5"),
    "last_server_removed": ("ADM-3/removing", "ADM-3"),
    "length_is_cut": ("CRQ-2/values-client", "CRQ-2"),
    "length_unchecked": ("CRQ-2/arguments-alone", "CRQ-2"),
    "list_has_no_end": ("ADM-1/one-too-many", "ADM-1"),
    "listing_hides_pin": ("ADM-7/listing", "ADM-6"),
    "listing_shows_first_priority": ("ADM-7/listing", "ADM-7"),
    "migration_does_not_disable": ("CRQ-8/migration", "CRQ-8"),
    "migration_is_a_switch": ("CRQ-8/migration", "CRQ-8"),
    "migration_tells_no_server": ("CRQ-8/migration", "CRQ-8"),
    "never_expires": ("MON-2/other-statuses-expire", "MON-2"),
    "newest_wins": ("SEL-5/tie-among-standbys", "SEL-5"),
    "no_event_without_successor": ("FOV-6/no-successor", "FOV-6"),
    "no_failover_event": ("FOV-3/one-event-for-one-switch", "FOV-3"),
    "no_hold": ("CRQ-13/hold", "CRQ-13"),
    "no_last_resort": ("MON-5/last-resort", "MON-5"),
    "old_connection_stays": ("INV-1/one-is-connected", "FOV-10"),
    "only_the_first_page_is_used": ("CRQ-12/filled-2-pages-client", "CRQ-12"),
    "old_token_accepted": ("SES-2/order-of-checks", "SES-2"),
    "one_more_of_the_old_server": ("INV-2/one-between-events", "FOV-10"),
    "pairing_unchecked": ("CRQ-2/no-authorised-connection", "CRQ-2"),
    "partner_may_write_events": ("CRQ-6/partners-write-no-events", "CRQ-6"),
    "payload_changed": ("CRQ-10/every-bit", "CRQ-10"),
    "pin_is_ignored": ("ADM-6/before-opening", "ADM-6"),
    "pin_outlives_selection": ("ADM-6/pin-holds", "ADM-6"),
    "priority_as_text": ("SEL-4/numbers-not-text", "SEL-2"),
    "priority_change_waits": ("ADM-4/takes-effect-at-once", "ADM-4"),
    "priority_range_unchecked": ("SEL-4/range", "SEL-4"),
    "rebooted_takes_over_unreported": ("FOV-1/best-reboots", "MON-6"),
    "reboots_are_counted": ("SEL-3/forty-reboots", "FOV-5"),
    "recovery_ignored": ("MON-4/reports-replace", "MON-4"),
    "registering_always_succeeds": ("CRQ-2/two-pages", "CRQ-2"),
    "registering_enables_interrupt": ("CRQ-11/registering-disables", "CRQ-11"),
    "registering_is_operational": ("MON-6/registering-is-not-enough", "MON-6"),
    "removal_of_active_ignored": ("ADM-3/removing", "ADM-3"),
    "report_clears_complaint": ("MON-4/complaint-stays-and-goes", "MON-4"),
    "report_ends_pin": ("ADM-6/pin-holds", "ADM-6"),
    "reselects_at_reopen": ("SEL-8/while-closed", "SEL-7"),
    "reserved_header_refused": ("CRQ-1/reserved-headers-pass", "CRQ-3"),
    "resource_before_parameter": ("CRQ-2/arguments-in-pairs", "CRQ-2"),
    "restarted_equal_preempts": ("SEL-5/equal-standby-restarts", "SEL-5"),
    "restarted_ignores_auto_off": ("FOV-7/better-standby-restarts", "FOV-1"),
    "restarted_never_preempts": ("FOV-1/best-restarts", "INV-4"),
    "same_port_twice": ("ADM-1/same-port", "ADM-1"),
    "selection_survives_power_off": ("SEL-7/power-off-ends", "SEL-7"),
    "selects_before_open": ("SEL-2/nothing-before-opening", "SEL-2"),
    "server_event_dropped_on_full": ("CRQ-7/server-is-told-over-full", "CRQ-7"),
    "server_free_sends_deregistered": ("CRQ-4/sub-queues-go", "CRQ-4"),
    "server_is_not_told_of_free": ("CRQ-4/sub-queues-go", "CRQ-4"),
    "silence_is_counted": ("SEL-3/forty-recoveries", "FOV-5"),
    "stale_elements_kept": ("CRQ-9/starts-empty", "CRQ-9"),
    "standbys_lose_sub_queues": ("FOV-2/switch-pinned", "CRQ-12"),
    "standby_crash_ends_pin": ("SEL-5/equal-standby-reboots", "ADM-6"),
    "standby_free_tells_client": ("CRQ-4/who-is-told", "CRQ-4"),
    "standby_heartbeats_ignored": ("MON-2/other-statuses-expire", "MON-2"),
    "status_in_record_is_last_report": ("MON-7/record", "MON-7"),
    "sub_header_unchecked": ("CRQ-12/header", "CRQ-12"),
    "sub_interrupt_not_disabled": ("CRQ-11/sub-queue-interrupts", "CRQ-11"),
    "successor_is_next_on_list": ("FOV-5/successor", "INV-4"),
    "switch300_untold": ("FOV-3/hundreds-of-switches", "FOV-3"),
    "switches_merged": ("INV-9/as-many-events-as-switches", "FOV-3"),
    "thirty_returns_are_enough": ("FOV-1/forty-returns", "INV-4"),
    "tie_preempts": ("SEL-5/selected-keeps-client", "SEL-5"),
    "token_changes_in_session": ("SES-1/token", "SES-1"),
    "token_is_one_byte": ("SES-1/hundreds-of-sessions", "SES-1"),
    "token_reused": ("SES-1/never-again", "SES-1"),
    "two_told_active": ("SEL-1/one-is-active", "MON-7"),
    "values_before_state": ("MON-1/not-registered", "MON-1"),
    "wrong_element_overlaid": ("CRQ-7/server-is-told-over-full", "CRQ-7"),
    "zero_interval_accepted": ("MON-1/arguments-alone", "MON-1"),
}
#: Faults that show only after very many sessions: only scripts that are not in every check find them.
LATE = (
    "five_hundred_returns_are_enough",
    "handle_table_leaks_slowly",
    "switch10000_untold",
    "ten_thousand_failures_are_too_many",
    "token_wraps_at_ten_thousand",
)
#: Faults that a few random walks are sure to meet, because they show in what happens all the time.
MET_BY_CHANCE = (
    "closed_before_header",
    "failover_event_twice",
    "fenced_send_accepted",
    "fenced_server_is_not_told",
    "freed_server_keeps_status",
    "higher_number_wins",
    "migration_does_not_disable",
    "no_failover_event",
    "no_hold",
    "payload_changed",
    "recovery_ignored",
    "registering_always_succeeds",
    "registering_is_operational",
    "removal_of_active_ignored",
    "server_is_not_told_of_free",
    "stale_elements_kept",
    "token_reused",
)
SEEDS = range(6)
WALK = 600


def faulty(name: str) -> Target:
    return Target(InProcessLink(FAULTS[name].adapter()))


# --- the list --------------------------------------------------------------------------------------------------------


def test_there_are_enough_and_each_is_one_small_change() -> None:
    assert len(FAULTS) >= 24
    usual = Parts()
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert fault.requirement in REQUIREMENTS
        assert fault.description.endswith("."), name
        changed = [
            part for part in Parts.__dataclass_fields__ if getattr(fault.parts, part) is not getattr(usual, part)
        ]
        assert len(changed) == 1, name
    assert len({fault.description for fault in FAULTS.values()}) == len(FAULTS)


def test_every_fault_has_its_finder() -> None:
    assert sorted([*FOUND, *LATE]) == sorted(FAULTS)


def test_every_group_of_requirements_of_the_hypervisor_is_hurt() -> None:
    groups = {fault.requirement.partition("-")[0] for fault in FAULTS.values()}
    assert groups == {"CRQ", "SEL", "MON", "FOV", "ADM", "SES", "INV"}


# --- found -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FOUND)
def test_a_fault_is_found_by_a_scripted_case(name: str) -> None:
    case, blamed = FOUND[name]
    with faulty(name) as target:
        played = play(SCRIPTS[case], target, target.hello, target.hello.profile)
    assert played.verdict is Verdict.FAIL
    assert played.failure is not None
    assert played.failure.requirement.partition("/")[0] == blamed, played.why


@pytest.mark.parametrize("name", MET_BY_CHANCE)
def test_a_fault_is_met_by_random_walks(name: str) -> None:
    for seed in SEEDS:
        with faulty(name) as target:
            session = random_walk(target, 2 + seed % 3, target.hello.profile, seed=seed, steps=WALK)
        if session.failure is not None:
            assert session.failure.requirement
            return
    pytest.fail(f"{len(SEEDS)} walks of {WALK} steps did not find {name}")


# --- how they are asked for ------------------------------------------------------------------------------------------


def test_a_fault_is_served_by_name() -> None:
    case, _ = FOUND["tie_preempts"]
    with open_target(f"{sys.executable} -m vnic_reference --fault tie_preempts") as target:
        assert play(SCRIPTS[case], target, target.hello, target.hello.profile).verdict is Verdict.FAIL
    with open_target("python:vnic_reference.faults:tie_preempts") as target:
        assert play(SCRIPTS[case], target, target.hello, target.hello.profile).verdict is Verdict.FAIL


def test_a_fault_that_needs_another_profile_claims_it() -> None:
    with faulty("gap_too_short") as target:
        assert target.hello.profile.as_mapping()["crossing"] == "GAP"


def test_the_list_is_printed() -> None:
    words = [sys.executable, "-m", "vnic_reference", "--faults"]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[fault.name, fault.requirement] for fault in FAULTS.values()]


@pytest.mark.slow
def test_a_hypervisor_that_is_busy_at_first_is_not_found() -> None:
    """It may (CRQ-14): every script passes, of tables some rows, each call that may be busy having been repeated."""
    with Target(InProcessLink(VARIANTS["busy_at_first"].adapter())) as target:
        played = [play(SCRIPTS[name], target, target.hello, target.hello.profile) for name in dealt(0, 5)]
        session = random_walk(target, 3, target.hello.profile, seed=1, steps=WALK)
    assert {p.verdict for p in played} == {Verdict.PASS, Verdict.NOT_APPLICABLE}
    assert session.failure is None
    assert {j.came.facts.repeated for j in session.judgements} == {0, 3}


def test_a_variant_is_served_by_name() -> None:
    with open_target(f"{sys.executable} -m vnic_reference --variant busy_at_first") as target:
        played = play(SCRIPTS["CRQ-14/free-again"], target, target.hello, target.hello.profile)
    assert played.verdict is Verdict.PASS
    assert played.session is not None
    assert any(j.came.facts.repeated == 3 for j in played.session.judgements)


def test_an_unknown_fault_is_refused() -> None:
    words = [sys.executable, "-m", "vnic_reference", "--fault", "no_such"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no_such" in done.stderr
    with pytest.raises(AdapterBroken, match="no_such"):
        open_target("python:vnic_reference.faults:no_such")
