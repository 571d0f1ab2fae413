"""The known bugs that can be put back into the driver, and those that cannot be shown here, with the reason.

Numbers are those of the fixes in the catalogue (``docs/score.md`` names their commits). Each edit is the smallest that undoes
what the fix does in the driver of today; it is no copy of what stood there before the fix.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vnic_conformance.linux.bugs import Bug, Edit
from vnic_conformance.linux.errors import BuildError

_HANDLE = "ibmvnic_handle_crq"

_LIST: Final = (
    Bug(
        "reset-on-event-08",
        1,
        "A failover event is answered by a reset at once, instead of waiting for INIT.",
        (
            Edit(
                "adapter->failover_pending = true;",
                "ibmvnic_reset(adapter, VNIC_RESET_FAILOVER);",
                _HANDLE,
            ),
        ),
        ("CLI-1/procedure-failover", "CLI-1/event-outage"),
    ),
    Bug(
        "flag-cleared-early",
        2,
        "The mark of a pending failover is gone when the reset is queued, so that an open that runs fails for good.",
        (
            Edit(
                "adapter->from_passive_init = true;",
                "adapter->from_passive_init = true;\n\t\t\tadapter->failover_pending = false;",
                _HANDLE,
            ),
        ),
        ("CLI-6/succeeded-while-opening", "CLI-21/init-inside-open", "CLI-21/failover-inside-open"),
    ),
    Bug(
        "flag-survives-probing",
        4,
        "The mark of a pending failover survives a new registration in probe.",
        (Edit("adapter->failover_pending = false;", ";", "ibmvnic_probe"),),
        ("CLI-21/failover-inside-add",),
    ),
    Bug(
        "no-resets-while-probing",
        5,
        "What happens between the handshake's end and the end of probe is thrown away.",
        (
            Edit(
                "list_for_each_entry(tmp, &adapter->rwi_list, list) {",
                "if (adapter->state == VNIC_PROBING) {\n\t\tret = EAGAIN;\n\t\tgoto err;\n\t}\n\n"
                "\tlist_for_each_entry(tmp, &adapter->rwi_list, list) {",
                "ibmvnic_reset",
            ),
        ),
        ("CLI-21/init-inside-add", "CLI-21/migrated-inside-add", "CLI-21/failover-inside-add"),
    ),
    Bug(
        "stale-login-response",
        8,
        "A login response that nobody waits for is used.",
        (Edit("if (!adapter->login_pending) {", "if (0) {", "handle_login_rsp"),),
        ("CLI-15/wrong-doubled-login", "CLI-15/wrong-noise-foreign-login"),
    ),
    Bug(
        "login-while-failing-over",
        9,
        "A login response is used although a failover is pending.",
        (Edit("if (adapter->failover_pending) {", "if (0) {", "handle_login_rsp"),),
        ("CLI-21/failover-inside-open",),
        hidden="behind event 08 the old server reaches the queue no more, and the new one has no login to answer",
    ),
    Bug(
        "login-offsets-unchecked",
        10,
        "Offsets and length of a login response are used unseen.",
        (
            Edit(
                "if (be32_to_cpu(login->login_rsp_len) < rsp_len ||",
                "if (0 && (be32_to_cpu(login->login_rsp_len) < rsp_len ||",
                "handle_login_rsp",
            ),
            Edit(
                "rsp_len <= be32_to_cpu(login_rsp->off_supp_tx_desc)) {",
                "rsp_len <= be32_to_cpu(login_rsp->off_supp_tx_desc))) {",
                "handle_login_rsp",
            ),
        ),
        ("DLG-6/wrong-login-rx-*-at-*", "DLG-6/wrong-login-tx-*-at-*"),
    ),
    Bug(
        "counts-are-fatal",
        11,
        "A login response with other counts than asked for removes the device, from inside the receiver.",
        (
            Edit(
                "static void release_sub_crqs(struct ibmvnic_adapter *, bool);",
                "static void release_sub_crqs(struct ibmvnic_adapter *, bool);\n"
                "static void ibmvnic_remove(struct vio_dev *);",
            ),
            Edit(
                'dev_err(dev, "FATAL: Inconsistent login and login rsp\\n");\n\t\tibmvnic_reset(adapter, VNIC_RESET_FATAL);',
                'dev_err(dev, "FATAL: Inconsistent login and login rsp\\n");\n\t\tibmvnic_remove(adapter->vdev);',
                "handle_login_rsp",
            ),
        ),
        ("DLG-6/wrong-login-tx-submissions-one-more", "DLG-6/wrong-login-rx-adds-one-more"),
    ),
    Bug(
        "no-login-recovery",
        12,
        "After a login that was refused the CRQ is not registered again.",
        (
            Edit(
                "partial_reset:",
                "\t\t\treturn -EIO;\npartial_reset:",
                "ibmvnic_login",
            ),
        ),
        ("DLG-5/legal-login-state",),
    ),
    Bug(
        "login-send-unchecked",
        14,
        "That LOGIN could not be sent is not noticed.",
        (Edit("rc = send_login(adapter);\n\t\tif (rc)\n\t\t\treturn rc;", "send_login(adapter);", "ibmvnic_login"),),
        ("CLI-21/dropped-inside-open", "CLI-21/closed-inside-open"),
        hidden="where LOGIN cannot be sent, an open fails today as well, and a reset recovers in time either way",
    ),
    Bug(
        "spins-for-capabilities",
        16,
        "The receiver spins until every capability has been answered.",
        (
            Edit(
                "while ((crq = ibmvnic_next_crq(adapter)) != NULL) {",
                "while ((crq = ibmvnic_next_crq(adapter)) != NULL ||\n"
                "\t       (adapter->crq.active && atomic_read(&adapter->running_cap_crqs) > 0)) {\n"
                "\t\tif (!crq)\n\t\t\tcontinue;",
                "ibmvnic_tasklet",
            ),
        ),
        ("CLI-7/legal-lost-query-capability",),
    ),
    Bug(
        "events-wake-nobody",
        17,
        "A transport event does not wake who waits for the handshake or the login.",
        (
            Edit(
                "if (!completion_done(&adapter->init_done)) {\n\t\t\tadapter->init_done_rc = -EAGAIN;",
                "if (0) {\n\t\t\tadapter->init_done_rc = -EAGAIN;",
                _HANDLE,
            ),
        ),
        ("CLI-21/failover-inside-add", "CLI-21/failover-inside-open"),
        hidden="the INIT of the next server wakes whoever waits as well, and the stall until then breaks no requirement",
    ),
    Bug(
        "waiter-reset-late",
        18,
        "Who waits for the handshake forgets what has come since the registration.",
        (
            Edit(
                "adapter->from_passive_init = false;\n\n\trc = ibmvnic_send_crq_init",
                "adapter->from_passive_init = false;\n\treinit_init_done(adapter);\n\n\trc = ibmvnic_send_crq_init",
                "ibmvnic_reset_init",
            ),
        ),
        ("CLI-21/failover-inside-add@2", "CLI-21/failover-inside-add", "CLI-21/init-inside-add"),
        hidden="between registration and INIT the driver neither calls nor sleeps; on one CPU nothing comes between",
    ),
    Bug(
        "no-look-after-enabling",
        20,
        "What came before the interrupt was enabled is never looked at.",
        (Edit("tasklet_schedule(&adapter->tasklet);", ";", "init_crq_queue"),),
        ("CLI-21/outage-inside-add@2",),
    ),
    Bug(
        "resets-beside-the-hypervisor",
        21,
        "After a complaint that was accepted the driver resets all the same.",
        (Edit("return count;\n\nlast_resort:", "last_resort:", "failover_store"),),
        ("CLI-19/procedure-complaint",),
    ),
    Bug(
        "no-last-resort",
        22,
        "After a complaint that was not accepted nothing is done.",
        (Edit("ibmvnic_reset(adapter, VNIC_RESET_FAILOVER);", ";", "failover_store"),),
        ("CLI-19/legal-*",),
    ),
    Bug(
        "no-back-off",
        23,
        "Hard resets that fail are repeated without a pause.",
        (Edit("if (num_fails >= 3) {", "if (0) {", "__ibmvnic_reset"),),
        ("CLI-7/not-heard-for-long", "CLI-7/attempts-that-fail"),
    ),
    Bug(
        "back-off-at-once",
        24,
        "The first hard reset that fails is followed by a pause of a minute.",
        (Edit("if (num_fails >= 3) {", "if (num_fails >= 1) {", "__ibmvnic_reset"),),
        ("CLI-7/attempts-that-fail", "CLI-21/failover-inside-failover"),
        hidden="a pause of a minute is within the time that the driver claims for its recovery",
    ),
    Bug(
        "one-failure-flushes-all",
        25,
        "A reset that fails discards those that are queued, and is not repeated.",
        (
            Edit(
                "rwi = get_next_rwi(adapter);\n\n\t\t/*",
                "if (rc)\n\t\t\tflush_reset_queue(adapter);\n\t\trwi = get_next_rwi(adapter);\n\n\t\t/*",
                "__ibmvnic_reset",
            ),
            Edit("if (!rwi && rc)", "if (0)", "__ibmvnic_reset"),
        ),
        ("CLI-21/lost-answer-inside-failover@7",),
    ),
    Bug(
        "state-not-restored",
        26,
        "A reset that fails leaves its own state behind as the state to come back to.",
        (
            Edit("if (rc)\n\t\tadapter->state = reset_state;", "", "do_reset"),
            Edit("if (rc)\n\t\tadapter->state = reset_state;", "", "do_hard_reset"),
        ),
        ("CLI-7/legal-refused-version-exchange", "CLI-21/failover-inside-failover"),
    ),
    Bug(
        "sub-crqs-unchecked",
        27,
        "Sub-CRQs that were released are registered again.",
        (Edit("if (!adapter->tx_scrq || !adapter->rx_scrq)\n\t\treturn -EINVAL;", "", "reset_sub_crq_queues"),),
        ("CLI-8/complaint-without-*", "CLI-21/init-inside-failover", "CLI-21/failover-inside-failover"),
    ),
    Bug(
        "crq-unchecked",
        28,
        "A CRQ that was released is registered again.",
        (Edit("if (!crq->msgs)\n\t\treturn -EINVAL;", "", "ibmvnic_reset_crq"),),
        ("CLI-8/complaint-without-*", "CLI-21/init-inside-failover", "CLI-21/failover-inside-failover"),
    ),
    Bug(
        "closed-is-failure",
        30,
        "H_CLOSED from H_REG_CRQ ends a reset.",
        (Edit("if (rc == H_CLOSED || rc == H_SUCCESS) {", "if (rc == H_SUCCESS) {", "do_reset"),),
        ("CLI-10/legal-held", "CLI-21/outage-inside-failover"),
    ),
    Bug(
        "one-init-only",
        31,
        "INIT is tried once.",
        (Edit("if (rc != H_CLOSED)", "if (1)", "ibmvnic_send_crq_init"),),
        ("CLI-7/not-heard-after-a-refusal", "CLI-7/legal-init-closed", "CLI-10/legal-held"),
    ),
    Bug(
        "no-server-no-device",
        32,
        "Probe fails where no server answers.",
        (
            Edit(
                "if (!rc)\n\t\tinit_success = true;",
                "if (rc)\n\t\tgoto ibmvnic_init_fail;\n\tinit_success = true;",
                "ibmvnic_probe",
            ),
        ),
        ("CLI-7/not-heard-when-added", "CLI-21/outage-inside-add"),
    ),
    Bug(
        "interrupted-is-success",
        35,
        "A negotiation that INIT interrupts is taken for done.",
        (Edit("if (!adapter->init_done_rc)\n\t\t\t\t\tadapter->init_done_rc = -EAGAIN;", "", _HANDLE),),
        ("CLI-21/init-inside-failover", "CLI-21/init-inside-add"),
    ),
    Bug(
        "removal-does-not-wait",
        36,
        "A removal does not wait for a reset that is under way.",
        (
            Edit("flush_work(&adapter->ibmvnic_reset);", ";", "ibmvnic_remove"),
            Edit("adapter->state = VNIC_REMOVING;", ";", "ibmvnic_remove"),
        ),
        ("CLI-17/removed-between-attempts", "CLI-21/removal-inside-failover"),
        hidden="what is used after it was freed shows with `--kasan` only",
    ),
    Bug(
        "waits-for-ever",
        39,
        "A command whose answer is lost is waited for without end.",
        (Edit("if (!retry--)\n\t\t\tbreak;", "", "ibmvnic_wait_for_completion"),),
        ("CLI-18/unanswered-while-opening", "CLI-21/lost-answer-inside-open"),
    ),
    Bug(
        "replays-old-descriptors",
        42,
        "Descriptors that were gathered for the old server are sent to the new one.",
        (Edit("scrq->ind_buf.index = 0;", ";", "reset_one_sub_crq_queue"),),
        ("DLG-8/frames-across-failovers", "DLG-9/legal-descriptors-dropped"),
        hidden="needs descriptors that are gathered and not sent when the server fails; a survey sends few frames",
    ),
    Bug(
        "partial-close",
        50,
        "A close whose link message fails leaves the device half open.",
        (
            Edit(
                "rc = set_link_state(adapter, IBMVNIC_LOGICAL_LNK_DN);\n\tadapter->state = VNIC_CLOSED;",
                "rc = set_link_state(adapter, IBMVNIC_LOGICAL_LNK_DN);\n\tif (rc)\n\t\treturn rc;\n"
                "\tadapter->state = VNIC_CLOSED;",
                "__ibmvnic_close",
            ),
        ),
        ("CLI-6/closed-with-the-link-up", "CLI-7/legal-*-logical-link-state", "CLI-21/lost-answer-inside-reopen"),
    ),
    Bug(
        "releases-too-early",
        51,
        "An open whose link message fails releases what a reset goes on to use.",
        (
            Edit(
                "ibmvnic_disable_irqs(adapter);\n\t\treturn rc;",
                "ibmvnic_disable_irqs(adapter);\n\t\trelease_resources(adapter);\n\t\treturn rc;",
                "__ibmvnic_open",
            ),
        ),
        ("CLI-7/legal-*-logical-link-state",),
    ),
)

#: Every bug by name.
BUGS: Final[Mapping[str, Bug]] = MappingProxyType({bug.name: bug for bug in _LIST})

_RACE = "a race of two CPUs; User-Mode Linux has one, and does not preempt"
#: What the fix was for cannot be shown here: number, and why.
NOT_SHOWN: Final[dict[int, str]] = {
    3: "needs an allocation that fails at one place",
    6: _RACE,
    7: _RACE,
    13: "what a server does with a registration that comes too soon is no requirement of the client",
    15: "needs an answer while the driver sends the next query; the receiver and the sender are one tasklet here",
    19: _RACE,
    29: "the fix was undone; what is there now is its state before",
    33: "today's driver handles it together with number 17",
    34: "today's driver handles it together with number 17",
    37: _RACE,
    38: "the lock matters to other parts of the kernel: a stall of seconds, which no requirement forbids",
    40: "the watchdog of 5 s needs a queue that is stopped for so long; a survey sends few frames",
    41: _RACE,
    43: "lost memory shows to kmemleak only, and a survey does not scan",
    44: "needs a reset for a non-fatal error with frames waiting in the driver",
    45: "the announcement is lost today as well (see the findings)",
    46: "the pools are made otherwise today",
    47: "order of memory accesses; x86 keeps it",
    48: "the limit is in the header, and a survey plays the platform of today",
    49: "needs frames that wait while queues vanish",
    52: "a waiting time that was shortened; both are within the bound",
}


def named(name: str) -> Bug:
    """The bug of this name.

    Raises:
        BuildError: there is none.
    """
    if name not in BUGS:
        near = difflib.get_close_matches(name, BUGS, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise BuildError(f"--bug {name}: there is none of this name{meant} (vnickit linux bugs lists them)")
    return BUGS[name]
