/* A fresh system, an administrator's console, and what a platform does to partitions (ADM, CRQ-4, CRQ-8, MON-3). */
#include "console.h"

#include "failover.h"
#include "fault.h"
#include "queue.h"
#include "selection.h"
#include "timers.h"
#include "transport.h"

#include <string.h>

enum { DEFAULT_PRIORITY = 50, LOWEST_PRIORITY = 100 };

static void close_queues(struct partition *p)
{
    queue_close(&p->crq);
    for (int n = 0; n < MAX_SUB; n++)
        queue_close(&p->sub[n].queue);
}

void vnic_reset(int servers, const struct profile *profile)
{
    close_queues(&vnic.client);
    for (int i = 0; i < MAX_SERVERS; i++)
        close_queues(&vnic.server[i].partition);
    memset(&vnic, 0, sizeof vnic);
    vnic.profile = *profile;
    vnic.servers = servers;
    vnic.selected = vnic.pin = NOBODY;
    vnic.auto_failover = true;
    vnic.client.powered = vnic.client.paired = true;
    for (int i = 0; i < servers; i++) {
        struct server *s = &vnic.server[i];

        s->partition.powered = s->partition.paired = true;
        s->listed = i < profile->max_servers;
        s->status = POWERED_OFF;
        s->priority = DEFAULT_PRIORITY;
        s->port = i;
        s->added = ++vnic.next_added;
    }
}

static int listed(void)
{
    int found = 0;

    for (int i = 0; i < vnic.servers; i++)
        found += vnic.server[i].listed;
    return found;
}

static bool port_taken(uint64_t port)
{
    for (int i = 0; i < vnic.servers; i++)
        if (vnic.server[i].listed && (uint64_t)vnic.server[i].port == port)
            return true;
    return false;
}

static bool is_priority(uint64_t priority)
{
    return priority >= 1 && priority <= LOWEST_PRIORITY;
}

static bool exists(int i)
{
    return i >= 0 && i < vnic.servers;
}

static bool is_listed(int i)
{
    return exists(i) && vnic.server[i].listed;
}

/* ADM-1, ADM-2, MON-6: the latest on the list, POWERED_OFF until it reports, so it disturbs nobody. */
const char *console_add(int i, bool has_port, uint64_t port, uint64_t priority)
{
    struct server *s;

    if (!exists(i))
        return "there is no such server partition";
    if (is_listed(i))
        return "it is on the list already";
    if (listed() >= vnic.profile.max_servers)
        return "the list is full";
    if (!is_priority(priority))
        return "a priority is 1 to 100";
    s = &vnic.server[i];
    if (!has_port)
        for (port = (uint64_t)s->port; port_taken(port); port++)
            ;
    if (port > INT32_MAX || port_taken(port))
        return "another server has this port";
    s->listed = true;
    s->priority = (int)priority;
    s->port = (int)port;
    s->added = ++vnic.next_added;
    s->status = POWERED_OFF;
    conclude(false);
    return NULL;
}

/* ADM-3: its CRQ half belongs to its partition and stays; what the hypervisor knew of it goes. */
const char *console_remove(int i)
{
    struct server *s;

    if (!is_listed(i))
        return "it is not on the list";
    if (listed() == 1 && !fault(FAULT_last_removed))
        return "it is the last server";
    s = &vnic.server[i];
    s->listed = false;
    s->status = POWERED_OFF;
    s->complaint = false;
    s->overdue = false;
    conclude(false);
    return NULL;
}

/* ADM-4. */
const char *console_priority(int i, uint64_t priority)
{
    if (!is_listed(i))
        return "it is not on the list";
    if (!is_priority(priority))
        return "a priority is 1 to 100";
    vnic.server[i].priority = (int)priority;
    conclude(true);
    return NULL;
}

/* ADM-5: any write ends a pin. */
const char *console_auto(bool on)
{
    vnic.auto_failover = on;
    if (!fault(FAULT_pin_survives_auto))
        vnic.pin = NOBODY;
    conclude(true);
    return NULL;
}

/* ADM-6. */
const char *console_activate(int i)
{
    if (!exists(i) || !(eligible(i) || only_complaint(i)))
        return "it could not serve";
    vnic.server[i].complaint = false;
    vnic.standing = true;
    switch_to(i);
    if (!fault(FAULT_not_pinned))
        vnic.pin = i;
    watch();
    return NULL;
}

/* CRQ-4, SEL-7, MON-3: with a partition go its queues; with the client's goes the standing selection. */
const char *platform_power(int who, bool on)
{
    struct partition *p = partition_of(who);

    if (p->powered == on)
        return on ? "it is on already" : "it is off already";
    p->powered = on;
    if (on) {
        memset(p->memory, 0, sizeof p->memory);
    } else if (who == CLIENT) {
        client_leaves(EVENT_FAILED);
        end_selection();
        watch();
    } else {
        server_gone(who);
        conclude(false);
    }
    return NULL;
}

/* CRQ-8: event 06, the CRQ disabled, the session and the selection over. While it is closed there is nobody to be told. */
const char *platform_migrate(void)
{
    struct queue *q = &vnic.client.crq;

    if (!vnic.client.powered)
        return "the partition is off";
    end_session(EVENT_DEREGISTERED);
    if (!fault(FAULT_migration_keeps_selection))
        end_selection();
    if (vnic.client.registered) {
        if (!queue_full(q))
            queue_put_event(q, EVENT_MIGRATED);
        else if (vnic.profile.event_full == OVERLAY)
            queue_overlay_event(q, EVENT_MIGRATED);
        else
            vnic.owed = EVENT_MIGRATED;
        vnic.disabled = true;
    }
    watch();
    return NULL;
}
