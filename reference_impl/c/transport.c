/* The calls of a CRQ: H_REG_CRQ, H_FREE_CRQ, H_SEND_CRQ, H_ENABLE_CRQ, and what the owner of a queue does (CRQ). */
#include "transport.h"

#include "failover.h"
#include "fault.h"
#include "queue.h"
#include "subordinate.h"
#include "timers.h"

/* SEL-2, SEL-7, CRQ-14: the selection is made while the CRQ still counts as closed: the client was not there to be told. */
static int register_client(uint64_t length)
{
    if (vnic.profile.reopen == RESELECT || fault(FAULT_reselect_at_open)) {
        vnic.selected = NOBODY;
        vnic.pin = NOBODY;
    }
    vnic.standing = true;
    conclude(false);
    if (fault(FAULT_closed_is_failure) && vnic.selected == NOBODY)
        return H_CLOSED;
    if (!queue_open(&vnic.client.crq, ELEMENT, length))
        return H_RESOURCE;
    vnic.client.registered = true;
    connect_selected();
    watch();
    return session() ? H_SUCCESS : H_CLOSED;
}

/* MON-4, MON-6: a server that registers is POWERED_OFF until its first report, so it is not connected yet. */
static int register_server(int i, uint64_t length)
{
    struct server *s = &vnic.server[i];

    if (!queue_open(&s->partition.crq, ELEMENT, length))
        return H_RESOURCE;
    s->partition.registered = true;
    s->status = fault(FAULT_registered_is_operational) ? OPERATIONAL : POWERED_OFF;
    s->complaint = false;
    conclude(false);
    return s->connected ? H_SUCCESS : H_CLOSED;
}

/* CRQ-2: the order of the checks. The unit is looked at before this. */
int h_reg_crq(int who, uint64_t address, uint64_t length)
{
    struct partition *p = partition_of(who);

    if (length == 0 || length % PAGE != 0 || address % PAGE != 0 || length > MAPPED || address > MAPPED - length)
        return H_PARAMETER;
    if (fault(FAULT_largest_queue_refused) && length == MAPPED)
        return H_PARAMETER;
    if (!p->paired)
        return H_NOT_FOUND;
    if (p->registered)
        return H_RESOURCE;
    return who == CLIENT ? register_client(length) : register_server(who, length);
}

/* CRQ-4: the client's half goes, by H_FREE_CRQ or with its partition; the event says which. */
void client_leaves(int event)
{
    end_session(fault(FAULT_crash_is_free) ? EVENT_DEREGISTERED : event);
    free_sub_crqs(CLIENT);
    queue_close(&vnic.client.crq);
    vnic.client.registered = false;
    vnic.disabled = false;
    vnic.owed = 0;
    watch();
}

/* MON-3: a server's half goes; the failover, if there is one, follows by conclude. */
void server_gone(int i)
{
    struct server *s = &vnic.server[i];

    free_sub_crqs(i);
    queue_close(&s->partition.crq);
    s->partition.registered = false;
    s->status = POWERED_OFF;
    s->held = false;
    s->overdue = false;
}

int h_free_crq(int who)
{
    if (!partition_of(who)->registered)
        return H_SUCCESS;
    if (who == CLIENT) {
        client_leaves(EVENT_DEREGISTERED);
    } else {
        server_gone(who);
        conclude(false);
    }
    return H_SUCCESS;
}

/* The queue that a sender's elements go to, or NULL: no connection (CRQ-3, FOV-10). */
static struct queue *path_of(int who)
{
    if (client_crq() != CRQ_OPEN)
        return NULL;
    if (who != CLIENT) {
        const struct server *s = &vnic.server[who];

        return s->connected || (fault(FAULT_fenced_send) && s->partition.registered) ? &vnic.client.crq : NULL;
    }
    return session() ? &vnic.server[vnic.selected].partition.crq : NULL;
}

/* CRQ-3, CRQ-6, CRQ-10. */
int h_send_crq(int who, const unsigned char *element)
{
    struct queue *q = path_of(who);

    if (!(element[0] & 0x80) || (element[0] == HEADER_EVENT && !fault(FAULT_partners_write_events)))
        return H_PARAMETER;
    if (fault(FAULT_dropped_before_closed) && who != CLIENT && vnic.client.registered && queue_full(&vnic.client.crq))
        return H_DROPPED;
    if (!q)
        return H_CLOSED;
    if (queue_full(q))
        return H_DROPPED;
    queue_put(q, element);
    return H_SUCCESS;
}

/* CRQ-8: contents and position are kept; a selection made while the CRQ was disabled stands, otherwise the best is selected. */
int h_enable_crq(int who)
{
    if (who == CLIENT && client_crq() == CRQ_DISABLED) {
        vnic.disabled = false;
        vnic.standing = true;
        conclude(false);
    }
    return H_SUCCESS;
}

/* Whether the CRQ is registered or not: registering disables the interrupt anyway. */
int h_vio_signal(int who, uint64_t mode)
{
    partition_of(who)->crq.interrupts = mode & 1;
    return H_SUCCESS;
}

/* handle 0: the CRQ itself. */
int h_eoi(int who, uint64_t handle)
{
    struct sub_crq *sub = handle ? sub_crq_of(who, handle) : NULL;

    if (handle && !sub)
        return H_PARAMETER;
    *(handle ? &sub->queue.pending : &partition_of(who)->crq.pending) = false;
    return H_SUCCESS;
}

/* CRQ-7: room in the client's queue is used by an event that is owed. */
static void client_took(void)
{
    if (vnic.owed) {
        queue_put_event(&vnic.client.crq, vnic.owed);
        vnic.owed = 0;
        connect_selected();
    }
    watch();
}

/* CRQ-13: a server that has read the event that ended its session may be connected again. */
static void server_took(int i, const unsigned char *element)
{
    struct server *s = &vnic.server[i];

    if (element[0] == HEADER_EVENT && vnic.profile.crossing == HOLD) {
        s->held = false;
        s->overdue = false;
        conclude(false);
    }
}

/* The owner clears its first element. Answers whether there was one. */
bool consume(int who, unsigned char *element)
{
    struct partition *p = partition_of(who);

    if (!p->registered || !queue_take(&p->crq, element))
        return false;
    if (who == CLIENT)
        client_took();
    else
        server_took(who, element);
    return true;
}
