/* The failover mechanism: how the client gets from one server to another, or to none (FOV, SEL-6 to SEL-8, CRQ-7). */
#include "failover.h"

#include "fault.h"
#include "queue.h"
#include "selection.h"
#include "subordinate.h"
#include "timers.h"

#include <string.h>

/* INV-1, CRQ-7, CRQ-13: only the selected server, with both halves registered and nothing of an earlier session unread. */
void connect_selected(void)
{
    struct server *s;

    if (vnic.selected == NOBODY)
        return;
    s = &vnic.server[vnic.selected];
    if (s->connected || client_crq() != CRQ_OPEN || !s->partition.registered || s->held || vnic.owed)
        return;
    s->connected = true;
    vnic.sessions++;
    /* SES-1: opaque, and never given out twice: the multiplier is odd. */
    if (fault(FAULT_token_is_one_byte) && vnic.sessions > 255)
        vnic.sessions = 1;
    vnic.token = (fault(FAULT_token_reused) ? 1 : vnic.sessions) * UINT64_C(0x9E3779B97F4A7C15);
}

/* FOV-2, FOV-10, CRQ-12: from here on nothing that the server sends reaches the client or its memory. */
static void fence(int i)
{
    struct server *s = &vnic.server[i];

    if (!s->connected)
        return;
    s->connected = false;
    vnic.token = 0;
    if (!fault(FAULT_maps_survive))
        memset(s->mapped, 0, sizeof s->mapped);
    free_sub_crqs(i);
    free_sub_crqs(CLIENT);
}

static void tell_server(int i, int code)
{
    struct server *s = &vnic.server[i];

    if (fault(FAULT_old_server_not_told) && code == EVENT_DEREGISTERED && client_crq() != CRQ_CLOSED)
        return;
    if (queue_full(&s->partition.crq))
        queue_overlay_event(&s->partition.crq, code);
    else
        queue_put_event(&s->partition.crq, code);
    s->held = !fault(FAULT_no_hold);
    s->gap_ends = vnic.now + vnic.profile.gap_ms;
}

/* CRQ-7: overlay, or owe until there is room. */
static void tell_client(int code)
{
    struct queue *q = &vnic.client.crq;
    static uint64_t told;

    if (code == EVENT_FAILOVER && ++vnic.switches == 10000 && fault(FAULT_switch_10000_untold))
        return;
    if (fault(FAULT_late_switches_untold) && ++told > 300 && code == EVENT_FAILOVER)
        return;
    if (fault(FAULT_event_empties_queue) && code == EVENT_FAILOVER)
        q->count = 0;
    if (!queue_full(q))
        queue_put_event(q, code);
    else if (vnic.profile.event_full == OVERLAY)
        queue_overlay_event(q, code);
    else if (vnic.owed != EVENT_MIGRATED)
        vnic.owed = code;
}

/* CRQ-4, CRQ-8: the client leaves; its session, if there is one, ends. */
void end_session(int event)
{
    if (vnic.selected == NOBODY || !vnic.server[vnic.selected].connected)
        return;
    tell_server(vnic.selected, event);
    fence(vnic.selected);
}

/* FOV-2: fence, tell the client, tell the old server, connect. The caller knows that the successor may serve. */
void switch_to(int successor)
{
    int old = vnic.selected;

    if (old != NOBODY && old != successor) {
        bool had_session = vnic.server[old].connected;

        fence(old);
        if (vnic.client.registered && !(fault(FAULT_silent_without_successor) && successor == NOBODY)) {
            tell_client(EVENT_FAILOVER);
            if (fault(FAULT_two_events))
                tell_client(EVENT_FAILOVER);
        }
        if (had_session && vnic.server[old].partition.registered)
            tell_server(old, EVENT_DEREGISTERED);
        vnic.pin = NOBODY; /* ADM-6: a pin ends when its server is left */
    }
    vnic.selected = successor;
    connect_selected();
}

/* MON-5: nobody is eligible, so all complaints are forgotten. */
static void last_resort(void)
{
    if (fault(FAULT_no_last_resort))
        return;
    for (int i = 0; i < vnic.servers; i++)
        if (eligible(i))
            return;
    for (int i = 0; i < vnic.servers; i++) {
        if (only_complaint(i)) {
            vnic.server[i].complaint = false;
            if (fault(FAULT_last_resort_one))
                return;
        }
    }
}

/*
 * The end of everything that may change who is selected. A selected server keeps the client while it is eligible and not
 * preempted (FOV-7); at_once: a damping of preemption does not count, as for an administrator's write. SEL-6, SEL-8: an empty
 * selection is filled whatever the policy says, the client's CRQ open or closed.
 */
void conclude(bool at_once)
{
    last_resort();
    if (vnic.standing && !(fault(FAULT_closed_is_frozen) && client_crq() == CRQ_CLOSED && vnic.selected != NOBODY)) {
        bool now = at_once || vnic.profile.preempt_delay_ms == 0;
        bool stays = vnic.selected != NOBODY && eligible(vnic.selected) && !(now && preempted());

        if (fault(FAULT_removal_ignored) && vnic.selected != NOBODY && !vnic.server[vnic.selected].listed)
            stays = true;
        switch_to(stays ? vnic.selected : best());
    }
    watch();
}

/* SEL-7, CRQ-8: no standing selection any more. */
void end_selection(void)
{
    vnic.selected = NOBODY;
    vnic.pin = NOBODY;
    vnic.standing = false;
}
