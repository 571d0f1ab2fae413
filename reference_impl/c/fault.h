/*
 * Faults to be planted at run time (--fault NAME), to see that the kit finds them. One X per fault: its name, the requirement that
 * it hurts, what it does. Without --fault none is on.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

#define FAULTS(X) \
    X(priority_as_text, "SEL-4", "priorities are compared as text: 9 is worse than 10") \
    X(tie_preempts, "SEL-5", "an older server takes the client from an equal one") \
    X(newest_of_equals, "SEL-5", "of equal standbys the one added last follows") \
    X(silent_without_successor, "FOV-6", "no event 08 when nobody follows") \
    X(two_events, "FOV-3", "every switch puts event 08 twice") \
    X(stale_elements, "CRQ-9", "a queue that is registered again still has its old elements") \
    X(token_reused, "SES-1", "every session has the same token") \
    X(fenced_send, "FOV-10", "whoever is registered may send to the client") \
    X(reselect_at_open, "SEL-7", "every registration of the client selects afresh") \
    X(no_last_resort, "MON-5", "complaints are kept when nobody else is left") \
    X(last_resort_one, "MON-5", "with nobody left only one complaint is forgotten") \
    X(standbys_unwatched, "MON-2", "only the selected server can fall silent") \
    X(closed_is_failure, "CRQ-2", "H_REG_CRQ that answers H_CLOSED registers nothing") \
    X(dropped_before_closed, "CRQ-3", "a full queue is noticed before a missing connection") \
    X(event_empties_queue, "FOV-4", "event 08 throws away what is queued") \
    X(overlays_first, "CRQ-7", "an event on a full queue overlays the first element") \
    X(event_lost_on_full, "CRQ-7", "an event that meets a full queue is lost") \
    X(failover_overlays_migrated, "CRQ-7", "event 08 overlays event 06") \
    X(not_pinned, "ADM-6", "an activation does not hold against priority") \
    X(pin_survives_auto, "ADM-5", "writing auto leaves a pin") \
    X(removal_ignored, "ADM-3", "the selected server serves on after its removal") \
    X(last_removed, "ADM-3", "the last server can be removed") \
    X(no_hold, "CRQ-13", "a server is connected with the old event unread") \
    X(maps_survive, "CRQ-12", "DMA maps outlive the session") \
    X(handles_reused, "CRQ-12", "a handle of a sub-CRQ is given out again") \
    X(silent_too_early, "MON-2", "a server counts as silent when its interval has just passed") \
    X(first_interval_counts, "MON-2", "later reports do not change the interval") \
    X(report_clears_complaint, "MON-4", "any report of OPERATIONAL clears a complaint") \
    X(registered_is_operational, "MON-6", "a server that registers is OPERATIONAL") \
    X(migration_keeps_selection, "CRQ-8", "a migration does not end the selection") \
    X(crash_is_free, "CRQ-4", "a crash of the client is told as event 02") \
    X(old_server_not_told, "FOV-2", "a server that is left gets no event") \
    X(old_token_counts, "SES-2", "a complaint with an old token counts") \
    X(closed_is_frozen, "SEL-8", "while the CRQ is closed the selection does not move") \
    X(interrupts_stay_on, "CRQ-11", "registering leaves the interrupt as it was") \
    X(record_not_cut, "MON-7", "the record of a server is written whole into a short buffer") \
    X(indirect_in_part, "CRQ-12", "an indirect send stores what there is room for") \
    X(partners_write_events, "CRQ-6", "a partner may send header FF") \
    X(interrupt_not_disabled, "CRQ-11", "H_VIOCTL 0x0B leaves the interrupt of a sub-CRQ enabled") \
    X(disable_all_first, "CRQ-11", "H_VIOCTL 0x0A disables the first sub-CRQ only") \
    X(interrupt_unchecked, "CRQ-11", "H_VIOCTL 0x0B and 0x0C succeed with a number of no interrupt") \
    X(largest_queue_refused, "CRQ-2", "a queue of all mapped memory is refused") \
    X(dma_wraps, "CRQ-12", "DMA beyond the client's memory wraps around") \
    X(descriptor_control_ignored, "MON-7", "the control byte of a descriptor is not looked at") \
    X(token_is_one_byte, "SES-1", "sessions are counted in one byte") \
    X(handles_leak, "CRQ-12", "after 300 sub-CRQs since the reset there is no room for another") \
    X(switch_10000_untold, "FOV-3", "the 10,000th switch since the reset puts no event") \
    X(late_switches_untold, "FOV-3", "after 300 sessions since the start switches put no event")

#define FAULT_NAME(name, requirement, words) FAULT_##name,
enum fault { FAULTS(FAULT_NAME) FAULT_COUNT };
#undef FAULT_NAME

bool fault(enum fault which);
bool fault_plant(const char *name);
void fault_list(bool json);

#endif
