/* What can be seen of the hypervisor, as the adapter protocol shows it; nothing is changed by looking (ADM-7). */
#include "observe.h"

#include "hypervisor.h"
#include "json.h"
#include "queue.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const STATUS[] = {
    "", "OPERATIONAL", "LINK_DOWN", "ADAPTER_ERROR", "POWERED_OFF", "NETWORK_ERROR", "UNRESPONSIVE"
};

static void show_queue(const char *name, const struct queue *q)
{
    reply_list(name);
    for (uint32_t n = 0; n < q->count; n++)
        reply_item_bytes(queue_at(q, n), q->width);
    reply_list_end();
}

static void show_partition(const char *who, const struct partition *p)
{
    char name[64];

    snprintf(name, sizeof name, "%s_queue", who);
    show_queue(name, &p->crq);
    snprintf(name, sizeof name, "%s_interrupts", who);
    reply_list(name);
    if (p->crq.pending)
        reply_item("crq");
    for (int n = 0; n < MAX_SUB; n++) {
        if (p->sub[n].live && p->sub[n].queue.pending) {
            snprintf(name, sizeof name, "%" PRIu64, p->sub[n].handle);
            reply_item(name);
        }
    }
    reply_list_end();
    for (int n = 0; n < MAX_SUB; n++) {
        if (p->sub[n].live) {
            snprintf(name, sizeof name, "%s_sub_%" PRIu64, who, p->sub[n].handle);
            show_queue(name, &p->sub[n].queue);
        }
    }
}

static void show_server(int i)
{
    const struct server *s = &vnic.server[i];
    char who[24], name[40];

    snprintf(who, sizeof who, "server%d", i);
    if (s->listed) {
        snprintf(name, sizeof name, "%s_status", who);
        reply_text(name, STATUS[shown_status(i)]);
        snprintf(name, sizeof name, "%s_priority", who);
        reply_number(name, s->priority);
        snprintf(name, sizeof name, "%s_port", who);
        reply_number(name, s->port);
    }
    show_partition(who, &s->partition);
}

static void show_name(const char *name, int i)
{
    char who[24] = "";

    if (i != NOBODY)
        snprintf(who, sizeof who, "server%d", i);
    reply_text(name, who);
}

/* The servers on the list, the one added first leading. */
static void show_list(void)
{
    uint64_t last = 0;

    reply_list("listed");
    for (;;) {
        int next = NOBODY;
        char who[24];

        for (int i = 0; i < vnic.servers; i++) {
            const struct server *s = &vnic.server[i];

            if (s->listed && s->added > last && (next == NOBODY || s->added < vnic.server[next].added))
                next = i;
        }
        if (next == NOBODY)
            break;
        last = vnic.server[next].added;
        snprintf(who, sizeof who, "server%d", next);
        reply_item(who);
    }
    reply_list_end();
}

void observe(void)
{
    static const char *const CRQ[] = {"CLOSED", "OPEN", "DISABLED"};

    reply_big("now", vnic.now);
    reply_text("client_crq", CRQ[client_crq()]);
    reply_number("auto", vnic.auto_failover);
    show_name("selected", vnic.selected);
    show_name("pinned", vnic.pin);
    show_list();
    show_partition("client", &vnic.client);
    for (int i = 0; i < vnic.servers; i++)
        show_server(i);
}
