/* Rings of elements: CRQs and sub-CRQs (CRQ-1, CRQ-5, CRQ-7, CRQ-9, CRQ-11). */
#include "queue.h"

#include "fault.h"

#include <stdlib.h>
#include <string.h>

static unsigned char *slot(const struct queue *q, uint32_t place)
{
    return q->slots + (size_t)((q->first + place) % q->capacity) * q->width;
}

/* CRQ-9, CRQ-11: a queue starts empty, at its beginning, its interrupt disabled. */
bool queue_open(struct queue *q, uint32_t width, uint64_t bytes)
{
    uint32_t capacity = (uint32_t)(bytes / width);
    bool keep = fault(FAULT_stale_elements) && q->slots && q->capacity == capacity;
    bool interrupts = fault(FAULT_interrupts_stay_on) && q->interrupts;

    if (!keep) {
        free(q->slots);
        memset(q, 0, sizeof *q);
        q->slots = calloc(capacity, width);
    }
    q->width = width;
    q->capacity = capacity;
    q->interrupts = interrupts;
    q->pending = false;
    return q->slots != NULL;
}

void queue_close(struct queue *q)
{
    q->pending = false;
    if (!fault(FAULT_interrupts_stay_on))
        q->interrupts = false;
    if (fault(FAULT_stale_elements))
        return;
    free(q->slots);
    q->slots = NULL;
    q->capacity = q->first = q->count = 0;
}

bool queue_full(const struct queue *q)
{
    return q->count == q->capacity;
}

/* CRQ-11: an interrupt is one pulse; while one is pending there is no second. */
static void signal_owner(struct queue *q)
{
    if (q->interrupts)
        q->pending = true;
}

void queue_put(struct queue *q, const unsigned char *element)
{
    memcpy(slot(q, q->count), element, q->width);
    q->count++;
    signal_owner(q);
}

static void event(unsigned char *element, int code)
{
    memset(element, 0, ELEMENT);
    element[0] = HEADER_EVENT;
    element[1] = (unsigned char)code;
}

void queue_put_event(struct queue *q, int code)
{
    unsigned char element[ELEMENT];

    event(element, code);
    queue_put(q, element);
}

/* CRQ-7: on a full queue an event takes the place of the last element; 06 and 08 in one element are one 06. */
void queue_overlay_event(struct queue *q, int code)
{
    unsigned char *last = slot(q, fault(FAULT_overlays_first) ? 0 : q->count - 1);

    if (fault(FAULT_event_lost_on_full))
        return;
    if (last[0] == HEADER_EVENT && last[1] == EVENT_MIGRATED && !fault(FAULT_failover_overlays_migrated))
        code = EVENT_MIGRATED;
    event(last, code);
    signal_owner(q);
}

bool queue_take(struct queue *q, unsigned char *element)
{
    if (q->count == 0)
        return false;
    memcpy(element, slot(q, 0), q->width);
    q->first = (q->first + 1) % q->capacity;
    q->count--;
    return true;
}

const unsigned char *queue_at(const struct queue *q, uint32_t place)
{
    return slot(q, place);
}
