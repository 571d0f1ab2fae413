/* What happens by itself as time passes, in the order of the times (MON-2, CRQ-13, MON-5). */
#include "monitor.h"

#include "failover.h"
#include "timers.h"

/* Everything that is due at this moment, together; then the selection is made once (MON-2). */
static void fire(void)
{
    bool at_once = delay_due() <= vnic.now;
    bool silent[MAX_SERVERS], overdue[MAX_SERVERS];

    for (int i = 0; i < vnic.servers; i++) {
        silent[i] = report_due(i) <= vnic.now;
        overdue[i] = hold_due(i) <= vnic.now;
    }
    for (int i = 0; i < vnic.servers; i++) {
        if (silent[i])
            vnic.server[i].status = UNRESPONSIVE;
        if (overdue[i])
            vnic.server[i].overdue = true;
        if (gap_due(i) <= vnic.now)
            vnic.server[i].held = false;
    }
    if (at_once)
        vnic.delaying = false;
    conclude(at_once);
    connect_selected();
    watch();
}

/* Let time pass, with all that falls due on the way, in the order of the times. */
void advance(uint64_t ms)
{
    uint64_t end = later(vnic.now, ms);

    for (uint64_t due = next_due(); due <= end && due != NEVER; due = next_due()) {
        if (due > vnic.now)
            vnic.now = due;
        fire();
    }
    vnic.now = end;
}
