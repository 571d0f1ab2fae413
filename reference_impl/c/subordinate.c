/* Sub-CRQs and redirected DMA: what the partners of a session grant each other, and lose with it (CRQ-12, FOV-10, INV-7). */
#include "subordinate.h"

#include "fault.h"
#include "queue.h"

#include <string.h>

struct sub_crq *sub_crq_of(int who, uint64_t handle)
{
    struct partition *p = partition_of(who);

    for (int n = 0; n < MAX_SUB; n++)
        if (p->sub[n].live && p->sub[n].handle == handle)
            return &p->sub[n];
    return NULL;
}

static void release(struct sub_crq *sub)
{
    queue_close(&sub->queue);
    sub->live = false;
}

void free_sub_crqs(int who)
{
    struct partition *p = partition_of(who);

    for (int n = 0; n < MAX_SUB; n++)
        if (p->sub[n].live)
            release(&p->sub[n]);
}

/* The partner in the running session, if who has one. */
static bool partner_of(int who, int *partner)
{
    if (client_crq() != CRQ_OPEN || !session())
        return false;
    *partner = who == CLIENT ? vnic.selected : CLIENT;
    return who == CLIENT || vnic.server[who].connected;
}

int h_reg_sub_crq(int who, uint64_t address, uint64_t length, uint64_t *handle)
{
    struct partition *p = partition_of(who);
    int n = 0, partner;

    if (length == 0 || length % PAGE != 0 || address % PAGE != 0 || length > MAPPED || address > MAPPED - length)
        return H_PARAMETER;
    if (!p->paired || !p->registered)
        return H_NOT_FOUND;
    while (n < MAX_SUB && p->sub[n].live)
        n++;
    if ((fault(FAULT_handles_leak) && vnic.next_handle >= 300) || n == MAX_SUB || !queue_open(&p->sub[n].queue, SUB_ELEMENT, length))
        return H_RESOURCE;
    p->sub[n].live = true;
    /* Never given out twice, neither in this session nor in a later one. */
    p->sub[n].handle = fault(FAULT_handles_reused) ? (uint64_t)(1000 + (who + 1) * MAX_SUB + n) : ++vnic.next_handle;
    *handle = p->sub[n].handle;
    return partner_of(who, &partner) ? H_SUCCESS : H_CLOSED;
}

int h_free_sub_crq(int who, uint64_t handle)
{
    struct sub_crq *sub = sub_crq_of(who, handle);

    if (!sub)
        return H_PARAMETER;
    release(sub);
    return H_SUCCESS;
}

/* All or nothing: every header is looked at, and room for all is there, before anything is stored. */
int h_send_sub_crq(int who, uint64_t handle, const unsigned char *elements, size_t count, bool indirect)
{
    struct sub_crq *sub;
    int partner;

    if (indirect && (count < 1 || count > (size_t)vnic.profile.indirect_limit))
        return H_PARAMETER;
    if (!partner_of(who, &partner))
        return H_PARAMETER;
    sub = sub_crq_of(partner, handle);
    if (!sub)
        return H_PARAMETER;
    for (size_t n = 0; n < count; n++)
        if (elements[n * SUB_ELEMENT] != 0x80)
            return H_PARAMETER;
    if (count > sub->queue.capacity - sub->queue.count) {
        while (fault(FAULT_indirect_in_part) && !queue_full(&sub->queue)) {
            queue_put(&sub->queue, elements);
            elements += SUB_ELEMENT;
        }
        return H_DROPPED;
    }
    for (size_t n = 0; n < count; n++)
        queue_put(&sub->queue, elements + n * SUB_ELEMENT);
    return H_SUCCESS;
}

/* H_VIOCTL 0x0A to 0x0C. A handle is also the number of its interrupt. */
int sub_crq_interrupts(int who, uint64_t handle, bool all, bool enable)
{
    struct partition *p = partition_of(who);
    bool found = all;

    for (int n = 0; n < MAX_SUB; n++) {
        if (p->sub[n].live && (all || p->sub[n].handle == handle)) {
            if (enable || all || !fault(FAULT_interrupt_not_disabled))
                p->sub[n].queue.interrupts = enable;
            found = true;
            if (all && fault(FAULT_disable_all_first))
                break;
        }
    }
    return found || fault(FAULT_interrupt_unchecked) ? H_SUCCESS : H_PARAMETER;
}

/* A connected server copies from or to the client's memory, page by page as mapped. */
int dma(int server, uint64_t address, unsigned char *bytes, size_t length, bool map, bool write)
{
    struct server *s = &vnic.server[server];

    if (fault(FAULT_dma_wraps))
        address %= MAPPED;
    if (length == 0 || address >= MAPPED || length > MAPPED - address)
        return H_PARAMETER;
    if (!s->connected)
        return H_PERMISSION;
    for (uint64_t page = address / PAGE; page <= (address + length - 1) / PAGE; page++) {
        if (!s->mapped[page] && !map)
            return H_PERMISSION;
        s->mapped[page] = true;
    }
    if (write)
        memcpy(vnic.client.memory + address, bytes, length);
    else
        memcpy(bytes, vnic.client.memory + address, length);
    return H_SUCCESS;
}
