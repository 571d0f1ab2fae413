/* When something is due: reports that do not come, holds and gaps that end, preemptions that were put off (MON-2, CRQ-13, MON-5). */
#include "timers.h"

#include "fault.h"
#include "selection.h"

uint64_t later(uint64_t since, uint64_t ms)
{
    return ms >= NEVER - since ? NEVER : since + ms;
}

static uint64_t times(uint64_t a, uint64_t b)
{
    return a && b > NEVER / a ? NEVER : a * b;
}

/* It has announced a next report. */
static bool watched(int i)
{
    const struct server *s = &vnic.server[i];

    if (fault(FAULT_standbys_unwatched) && i != vnic.selected)
        return false;
    return s->listed && s->status >= OPERATIONAL && s->status <= ADAPTER_ERROR;
}

/* MON-2: silent at the first moment that is more than grace times the interval after the last report. */
uint64_t report_due(int i)
{
    const struct server *s = &vnic.server[i];

    if (!watched(i))
        return NEVER;
    if (fault(FAULT_silent_too_early))
        return later(s->reported, s->interval);
    return later(later(s->reported, times(vnic.profile.grace, s->interval)), 1);
}

/* CRQ-13: by default the interval that counts is the one announced last. */
uint64_t hold_due(int i)
{
    const struct server *s = &vnic.server[i];
    uint64_t limit = vnic.profile.hold_limit_ms;

    if (!s->holding)
        return NEVER;
    if (limit == 0 && !watched(i))
        return NEVER;
    if (limit == 0)
        limit = times(vnic.profile.grace, s->interval);
    return later(later(s->held_since, limit), 1);
}

uint64_t gap_due(int i)
{
    return vnic.profile.crossing == GAP && vnic.server[i].held ? vnic.server[i].gap_ends : NEVER;
}

uint64_t delay_due(void)
{
    return vnic.delaying ? later(vnic.delay_since, vnic.profile.preempt_delay_ms) : NEVER;
}

/* Start and stop what runs; called after everything that changes something. */
void watch(void)
{
    bool wanted = vnic.profile.preempt_delay_ms && preempted();

    if (wanted && !vnic.delaying)
        vnic.delay_since = vnic.now;
    vnic.delaying = wanted;
    for (int i = 0; i < vnic.servers; i++) {
        struct server *s = &vnic.server[i];
        bool holds = vnic.profile.crossing == HOLD && s->held && vnic.selected == i && client_crq() == CRQ_OPEN && !s->overdue;

        if (holds && !s->holding)
            s->held_since = vnic.now;
        s->holding = holds;
    }
}

uint64_t next_due(void)
{
    uint64_t found = delay_due();

    for (int i = 0; i < vnic.servers; i++) {
        uint64_t due[3];

        due[0] = report_due(i);
        due[1] = hold_due(i);
        due[2] = gap_due(i);
        for (int n = 0; n < 3; n++)
            if (due[n] < found)
                found = due[n];
    }
    return found;
}
