/* The whole state of the hypervisor, and what everything else asks of it first. Requirement IDs as in the files that carry them out. */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_SERVERS = 8, ELEMENT = 16, SUB_ELEMENT = 32, PAGE = 4096, RECORD = 32 };
enum { MAPPED = 128 * PAGE, MEMORY = MAPPED + PAGE, PAGES = MAPPED / PAGE };
enum { MAX_SUB = 64 };
enum { NOBODY = -1, CLIENT = -1 };

/* Return codes of hypervisor calls (LoPAR). */
enum {
    H_SUCCESS = 0, H_CLOSED = 2, H_CONSTRAINED = 4, H_PARAMETER = -4, H_NOT_FOUND = -7,
    H_PERMISSION = -11, H_DROPPED = -12, H_RESOURCE = -16, H_STATE = -75
};

/* Header and event codes of a CRQ element (CRQ-1). */
enum { HEADER_EVENT = 0xFF, EVENT_FAILED = 0x01, EVENT_DEREGISTERED = 0x02, EVENT_MIGRATED = 0x06, EVENT_FAILOVER = 0x08 };

enum crq_state { CRQ_CLOSED, CRQ_OPEN, CRQ_DISABLED };
enum status { OPERATIONAL = 1, LINK_DOWN, ADAPTER_ERROR, POWERED_OFF, NETWORK_ERROR, UNRESPONSIVE };

/* What the sources leave open (the profile). */
enum event_full { OVERLAY, DEFER };
enum crossing { HOLD, GAP };
enum tie_break { OLDEST, NEWEST, PORT, ANY };
enum reopen { KEEP, RESELECT };
enum complaint_order { CHECK_FIRST, LOPAR };

struct profile {
    enum event_full event_full;
    enum crossing crossing;
    enum tie_break tie_break;
    enum reopen reopen;
    enum complaint_order complaint_order;
    uint64_t grace;         /* MON-2: multiple of the announced interval */
    uint64_t hold_limit_ms; /* CRQ-13: 0 = interval times grace */
    uint64_t gap_ms;
    uint64_t preempt_delay_ms;
    int max_servers;
    int indirect_limit;
};

/* A ring of elements; the owner takes from the front, the hypervisor puts at the end. */
struct queue {
    unsigned char *slots;
    uint32_t width; /* bytes of an element */
    uint32_t capacity;
    uint32_t first;
    uint32_t count;
    bool interrupts; /* enabled */
    bool pending;    /* raised and not yet ended */
};

struct sub_crq {
    bool live;
    uint64_t handle;
    struct queue queue;
};

/* What both kinds of partitions have. */
struct partition {
    bool powered;
    bool paired; /* its unit has an authorised connection */
    bool registered;
    struct queue crq;
    struct sub_crq sub[MAX_SUB];
    unsigned char memory[MEMORY]; /* the last page is the adapter's */
};

struct server {
    struct partition partition;
    bool listed;
    bool connected;
    bool held;    /* its queue holds the unread event that ended an earlier session (CRQ-13) */
    bool overdue; /* it kept the client held too long */
    bool complaint;
    bool mapped[PAGES]; /* pages of the client that it may reach by DMA */
    enum status status;
    int priority;
    int port;
    uint64_t added;    /* who was added before whom */
    uint64_t reported; /* when its last report came (ms) */
    uint64_t interval; /* what that announced (ms) */
    bool holding;      /* the hold timer runs ... */
    uint64_t held_since;
    uint64_t gap_ends;
};

struct vnic {
    struct profile profile;
    struct partition client;
    bool disabled; /* by a migration, until H_ENABLE_CRQ */
    int owed;      /* event that waits for room in the client's queue (profile defer), or 0 */
    bool standing; /* a standing selection exists, be it empty */
    int selected;
    int pin;
    bool auto_failover;
    uint64_t token; /* of the running session */
    uint64_t sessions;
    uint64_t switches; /* that the client was to be told of */
    uint64_t next_handle;
    uint64_t next_added;
    bool delaying; /* a preemption is being put off ... */
    uint64_t delay_since;
    uint64_t now; /* ms since the reset */
    int servers;
    struct server server[MAX_SERVERS];
};

extern struct vnic vnic;

/* who is CLIENT or the number of a server. */
struct partition *partition_of(int who);
enum crq_state client_crq(void);
/* Whether a server is connected. */
bool session(void);

#endif
