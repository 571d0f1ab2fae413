/* Who may serve, who is the best of them, and who may take the client from the selected one (SEL, MON-4, MON-5, FOV-7). */
#include "selection.h"

#include "fault.h"

#include <stdio.h>
#include <string.h>

/* SEL-3 without the complaint. */
static bool fit(int i)
{
    const struct server *s = &vnic.server[i];

    return s->listed && s->partition.powered && s->partition.registered && s->status == OPERATIONAL && !s->overdue;
}

bool eligible(int i)
{
    return fit(i) && !vnic.server[i].complaint;
}

/* MON-5, ADM-6: it would be eligible if nobody had complained about it. */
bool only_complaint(int i)
{
    return fit(i) && vnic.server[i].complaint;
}

/* MON-4, CRQ-13: what a listing shows. */
enum status shown_status(int i)
{
    const struct server *s = &vnic.server[i];

    if (s->overdue)
        return UNRESPONSIVE;
    return s->status == OPERATIONAL && s->complaint ? NETWORK_ERROR : s->status;
}

/* SEL-4: a lower number wins. */
static bool outranks(int j, int i)
{
    if (fault(FAULT_priority_as_text)) {
        char a[16], b[16];

        snprintf(a, sizeof a, "%d", vnic.server[j].priority);
        snprintf(b, sizeof b, "%d", vnic.server[i].priority);
        return strcmp(a, b) < 0;
    }
    return vnic.server[j].priority < vnic.server[i].priority;
}

/* SEL-5: among standbys. */
static bool beats(int j, int i)
{
    const struct server *a = &vnic.server[j], *b = &vnic.server[i];
    enum tie_break rule = vnic.profile.tie_break;

    if (outranks(j, i) || outranks(i, j))
        return outranks(j, i);
    if (fault(FAULT_newest_of_equals))
        rule = NEWEST;
    if (rule == NEWEST)
        return a->added > b->added;
    return rule == PORT ? a->port < b->port : a->added < b->added;
}

int best(void)
{
    int found = NOBODY;

    for (int i = 0; i < vnic.servers; i++)
        if (eligible(i) && (found == NOBODY || beats(i, found)))
            found = i;
    return found;
}

/* FOV-1, FOV-7: with auto on and no pin a strictly better server takes the client; an equal one never does. */
bool preempted(void)
{
    if (!vnic.auto_failover || vnic.pin != NOBODY || vnic.selected == NOBODY)
        return false;
    for (int i = 0; i < vnic.servers; i++) {
        if (!eligible(i))
            continue;
        if (outranks(i, vnic.selected) || (fault(FAULT_tie_preempts) && i != vnic.selected && beats(i, vnic.selected)))
            return true;
    }
    return false;
}
