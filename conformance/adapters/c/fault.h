/*
 * Faults to be planted at run time (--fault NAME), to see that the kit finds them. One X per fault: its name and what it does.
 * Without --fault none is on.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

#define FAULTS(X) \
    X(priority_as_text, "priorities are compared as text: 9 is worse than 10") \
    X(tie_preempts, "an older server takes the client from an equal one") \
    X(newest_of_equals, "of equal standbys the one added last follows") \
    X(silent_without_successor, "no event 08 when nobody follows") \
    X(two_events, "every switch puts event 08 twice") \
    X(stale_elements, "a queue that is registered again still has its old elements") \
    X(token_reused, "every session has the same token") \
    X(fenced_send, "whoever is registered may send to the client") \
    X(reselect_at_open, "every registration of the client selects afresh") \
    X(no_last_resort, "complaints are kept when nobody else is left") \
    X(last_resort_one, "with nobody left only one complaint is forgotten") \
    X(standbys_unwatched, "only the selected server can fall silent") \
    X(closed_is_failure, "H_REG_CRQ that answers H_CLOSED registers nothing") \
    X(dropped_before_closed, "a full queue is noticed before a missing connection") \
    X(event_empties_queue, "event 08 throws away what is queued") \
    X(overlays_first, "an event on a full queue overlays the first element") \
    X(event_lost_on_full, "an event that meets a full queue is lost") \
    X(failover_overlays_migrated, "event 08 overlays event 06") \
    X(not_pinned, "an activation does not hold against priority") \
    X(pin_survives_auto, "writing auto leaves a pin") \
    X(removal_ignored, "the selected server serves on after its removal") \
    X(last_removed, "the last server can be removed") \
    X(no_hold, "a server is connected with the old event unread") \
    X(maps_survive, "DMA maps outlive the session") \
    X(handles_reused, "a handle of a sub-CRQ is given out again") \
    X(silent_too_early, "a server counts as silent when its interval has just passed") \
    X(first_interval_counts, "later reports do not change the interval") \
    X(report_clears_complaint, "any report of OPERATIONAL clears a complaint") \
    X(registered_is_operational, "a server that registers is OPERATIONAL") \
    X(migration_keeps_selection, "a migration does not end the selection") \
    X(crash_is_free, "a crash of the client is told as event 02") \
    X(old_server_not_told, "a server that is left gets no event") \
    X(old_token_counts, "a complaint with an old token counts") \
    X(closed_is_frozen, "while the CRQ is closed the selection does not move") \
    X(interrupts_stay_on, "registering leaves the interrupt as it was") \
    X(record_not_cut, "the record of a server is written whole into a short buffer") \
    X(indirect_in_part, "an indirect send stores what there is room for") \
    X(partners_write_events, "a partner may send header FF") \
    X(late_switches_untold, "after 300 sessions since the start switches put no event")

#define FAULT_NAME(name, words) FAULT_##name,
enum fault { FAULTS(FAULT_NAME) FAULT_COUNT };
#undef FAULT_NAME

bool fault(enum fault which);
bool fault_plant(const char *name);
void fault_list(void);

#endif
