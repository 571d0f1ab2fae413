/*
 * A VNIC client in C99, one file, no libraries: from nothing to frames that leave and come back, with its adapter.
 *
 * The client is one coroutine, go(): each CALL and each WAIT leaves it, and the next turn goes on behind it. It reads its
 * queues in WAIT only. What it reads there (an event, the INIT of a server, a fatal error) breaks off whatever it is at, and
 * it begins again: it waits for INIT after event 08 (CLI-1), and registers again after everything else (CLI-2, CLI-3).
 *
 * One queue of each kind, no offload, no multicast; a frame of up to ROOM bytes. Its user opens, closes, sends and removes.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, UNIT = 0x30000003, ROOM = 0x4000, SLOTS = 16, LINE = 1 << 18 };
/* Memory, by I/O address; all of it is mapped for DMA. */
enum { CRQ_AT = 0, TX_DONE_AT = 0x1000, RX_DONE_AT = 0x2000, ASKED_AT = 0x3000, TOLD_AT = 0x4000, LIST_AT = 0x5000,
       RX_AT = 0x10000, TX_AT = RX_AT + SLOTS * ROOM, MEMORY = TX_AT + SLOTS * ROOM };
enum { REG_CRQ = 0xFC, FREE_CRQ = 0x100, SIGNAL = 0x104, SEND = 0x108, REG_SUB = 0x2DC, SEND_SUB = 0x2E4,
       SEND_INDIRECT = 0x2E8, VIOCTL = 0x2A8, EOI = 0x64, ENABLE_INTERRUPT = 0x0C };
enum { OK = 0, CLOSED = 2, RESOURCE = -16, DROPPED = -12, ABORTED = 6, PARTIAL = 1 };
enum { VERSION = 1, QUERY = 2, REQUEST = 3, LOGIN = 4, ERROR = 8, LINK = 0x0C, INDICATION = 0x12, MAC = 0x13, MAP = 0x1E };
enum { HEADER = 36, TOLD_BYTES = 67, CAPABILITIES = 34, BACK_OFF_MS = 60000, STUCK_MS = 5000, GIVE_UP_MS = 300000, NEVER = -1 };

/* What the client has to do once it has read its queue. */
enum todo { NOTHING, WAIT_FOR_INIT, BEGIN };

static const int queried[] = {1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 19, 20, 33};
/* What is requested: its number, the queries that bound it (0: none), and what this client would like. */
static const struct { int number, least, most; uint64_t wish, room; } requested[] = {
    {7, 1, 4, 1, 1}, {8, 2, 5, 1, 1}, {9, 3, 6, 1, 1}, {14, 10, 12, SLOTS, SLOTS}, {15, 11, 13, SLOTS, SLOTS},
    {21, 19, 20, 1514, ROOM - 4}, {17, 0, 0, 0, 1}};
enum { QUERIES = sizeof queried / sizeof *queried, REQUESTS = sizeof requested / sizeof *requested };

static unsigned char memory[MEMORY];

struct queue { uint32_t at; int size, count, next; };

static struct client {
    /* the user */
    unsigned char mac[6];
    bool there, wish, removing;
    int order, remove_order;
    bool told_map;
    /* time */
    int64_t now, until, deadline, busy_since, limit, started;
    /* the coroutine, and the call that it stands in */
    int pc, opcode, arguments;
    uint64_t argument[9], r4, r5;
    int64_t rc;
    enum todo todo;
    /* the registration */
    bool registered, init_sent, init_done;
    struct queue crq, tx_done, rx_done;
    uint64_t own[2], source[2];
    unsigned char awaited[16], answer[16];
    bool awaiting, answered;
    /* what is negotiated */
    uint64_t told[CAPABILITIES], value[REQUESTS];
    int at, round, tries, failures;
    bool again;
    /* the session */
    uint64_t tx_handle, rx_handle, rx_size;
    bool up, carrier, logged_in, broken, announced;
    int logins, logins_here;
    uint64_t lent[SLOTS], generation;
    int64_t in_flight[SLOTS], refill_at;
    /* the frame that is being sent */
    int slot, pieces;
    /* frames for the user and from him */
    char received[LINE / 2];
    unsigned char frame[SLOTS][ROOM];
    size_t frame_bytes[SLOTS];
    int frame_order[SLOTS], frames;
    unsigned long sent, came;
} c;

static char finished[512];

static void finish(int order, int result)
{
    size_t used = strlen(finished);
    snprintf(finished + used, sizeof finished - used, "%s%d:%d", used ? " " : "", order, result);
}

static uint64_t get(const unsigned char *from, int size)
{
    uint64_t value = 0;
    while (size--)
        value = value << 8 | *from++;
    return value;
}

static void put(unsigned char *to, int size, uint64_t value)
{
    while (size--) {
        to[size] = (unsigned char)value;
        value >>= 8;
    }
}

/* ------------------------------------------------------------------------------------------------ reading queues */

/* The next element, whose header is cleared by the caller when it has been dealt with (CLI-11); NULL if there is none. */
static unsigned char *next_of(struct queue *q)
{
    unsigned char *element = memory + q->at + q->next * q->size;
    return q->count && element[0] ? element : NULL;
}

static void consumed(struct queue *q)
{
    memory[q->at + q->next * q->size] = 0;
    q->next = (q->next + 1) % q->count;
}

static bool same_answer(const unsigned char *answer)
{
    int echoed = c.awaited[1] == QUERY || c.awaited[1] == REQUEST ? 2 : 0;
    if (!c.awaiting || answer[1] != (c.awaited[1] | 0x80))
        return false;
    return c.awaited[1] == MAP ? answer[3] == c.awaited[3] : !memcmp(answer + 2, c.awaited + 2, (size_t)echoed);
}

/* The session is over: nothing of it counts any more, and what was in flight is given up (CLI-4, DLG-8). */
static void drop(void)
{
    c.awaiting = c.answered = c.up = c.carrier = c.logged_in = c.broken = false;
    c.tx_done.count = c.rx_done.count = 0;
    memset(c.lent, 0, sizeof c.lent);
    c.refill_at = 0;
    for (int slot = 0; slot < SLOTS; slot++)
        c.in_flight[slot] = NEVER;
}

static void take_element(const unsigned char *element)
{
    if (element[0] == 0xFF) {
        /* A server that has got our INIT answers it, and sends none of its own: then only we can begin. */
        c.todo = element[1] == 8 && !c.init_sent && c.todo != BEGIN ? WAIT_FOR_INIT : BEGIN;
        drop();
    } else if (element[0] == 0xC0 && element[1] == 1) {
        c.todo = BEGIN;
    } else if (c.todo) {
        return; /* until then only events and INIT count (CLI-4) */
    } else if (element[0] == 0xC0 && element[1] == 2 && c.init_sent) {
        c.init_sent = false;
        c.init_done = true;
    } else if (element[0] == 0x80 && same_answer(element)) {
        memcpy(c.answer, element, 16);
        c.awaiting = false;
        c.answered = true;
    } else if (element[0] == 0x80 && element[1] == INDICATION && c.logged_in) {
        c.carrier = element[4] == 1 && element[5] == 1;
    } else if (element[0] == 0x80 && element[1] == ERROR && element[2] & 0x80) {
        c.todo = BEGIN;
    }
}

static void take_sent(const unsigned char *completion)
{
    for (int at = 0; completion[1] <= 5 && at < completion[1]; at++) {
        uint64_t slot = get(completion + 12 + 4 * at, 4);
        if (slot < SLOTS)
            c.in_flight[slot] = NEVER;
    }
}

static void take_received(const unsigned char *completion)
{
    uint64_t offset = get(completion + 2, 2), length = get(completion + 4, 4), correlator = get(completion + 8, 8);
    for (int slot = 0; slot < SLOTS; slot++) {
        if (!correlator || c.lent[slot] != correlator)
            continue;
        c.lent[slot] = 0;
        if (get(completion + 18, 2) || length < 14 || offset + length > c.rx_size)
            return; /* given back unused, or nonsense (DLG-9) */
        size_t used = strlen(c.received);
        if (used + 2 * length + 2 > sizeof c.received)
            return;
        if (used)
            c.received[used++] = ' ';
        for (uint64_t at = 0; at < length; at++)
            snprintf(c.received + used + 2 * at, 3, "%02x", memory[RX_AT + slot * ROOM + offset + at]);
        c.came++;
        return;
    }
}

static void read_queues(void)
{
    unsigned char *element;
    while ((element = next_of(&c.crq))) {
        take_element(element);
        consumed(&c.crq);
    }
    while ((element = next_of(&c.tx_done))) {
        take_sent(element);
        consumed(&c.tx_done);
    }
    while ((element = next_of(&c.rx_done))) {
        take_received(element);
        consumed(&c.rx_done);
    }
}

/* ------------------------------------------------------------------------------------------------ what is sent */

/* A command, by what stands in it; its answer is awaited once it has been sent (CLI-4). */
static void command(int code)
{
    memset(c.awaited, 0, sizeof c.awaited);
    c.awaited[0] = 0x80;
    c.awaited[1] = (unsigned char)code;
    c.answered = false;
}

static void login_request(void)
{
    unsigned char *asked = memory + ASKED_AT;
    static const uint32_t words[] = {56, 1, 1, 40, 1, 48, TOLD_AT, TOLD_BYTES, 56, 0};
    memset(asked, 0, PAGE);
    memset(memory + TOLD_AT, 0, PAGE);
    for (int at = 0; at < 10; at++)
        put(asked + 4 * at, 4, words[at]);
    put(asked + 40, 8, c.own[0]);
    put(asked + 48, 8, c.own[1]);
    command(LOGIN);
    put(c.awaited + 8, 4, ASKED_AT);
    put(c.awaited + 12, 4, 56);
}

/* Whether the login response is whole and consistent (DLG-6); what it says is taken only then. */
static bool login_response(void)
{
    const unsigned char *told = memory + TOLD_AT;
    uint64_t length = get(told, 4), types = get(told + 28, 4);
    if (length < HEADER || length > TOLD_BYTES || get(told + 4, 4) != 1 || get(told + 8, 4) != 1 || get(told + 16, 4) != 1)
        return false;
    for (int at = 12; at <= 24; at += at == 20 ? 4 : 8)
        if (get(told + at, 4) < HEADER || get(told + at, 4) + 8 > length)
            return false;
    if (get(told + 32, 4) < HEADER || get(told + 32, 4) + types > length)
        return false;
    c.rx_size = get(told + get(told + 24, 4), 8);
    c.tx_handle = get(told + get(told + 12, 4), 8);
    c.rx_handle = get(told + get(told + 20, 4), 8);
    return c.rx_size >= c.value[5] && c.rx_size <= ROOM;
}

static int free_buffer(void)
{
    for (int slot = 0; slot < (int)c.value[4]; slot++)
        if (!c.lent[slot])
            return slot;
    return NEVER;
}

/* Lengths of the headers of layers 2 to 4; 0 for a layer that is not Ethernet, IP, TCP or UDP, or not all there. */
static void header_lengths(const unsigned char *frame, size_t length, size_t of[3])
{
    int protocol = -1;
    size_t at = length >= 18 && get(frame + 12, 2) == 0x8100 ? 18 : 14;
    uint64_t kind = get(frame + at - 2, 2);
    of[0] = at;
    of[1] = of[2] = 0;
    if (kind == 0x0800 && length >= at + 20)
        of[1] = (frame[at] & 15) * 4u, protocol = frame[at + 9];
    else if (kind == 0x86DD && length >= at + 40)
        of[1] = 40, protocol = frame[at + 6];
    at += of[1];
    if (protocol == 17 && length >= at + 8)
        of[2] = 8;
    else if (protocol == 6 && length >= at + 20)
        of[2] = (frame[at + 12] >> 4) * 4u;
}

/* The descriptors of the frame in a slot; how many. Servers that say so want its headers beside it (capability 33). */
static int descriptors(int slot, size_t length)
{
    unsigned char *list = memory + LIST_AT, data[256] = {0};
    const unsigned char *frame = memory + TX_AT + slot * ROOM;
    size_t of[3], at = 0, carried = 0;
    int wanted = c.told[33] >> 63 ? (int)(c.told[33] >> 56) : 0, count = 1;
    memset(list, 0, 512);
    header_lengths(frame, length, of);
    for (int layer = 0; layer < 3; layer++) {
        if (wanted & 0x40 >> layer && at + of[layer] <= length) {
            memcpy(data + carried, frame + at, of[layer]);
            carried += of[layer];
        }
        at += of[layer];
    }
    for (size_t done = 0; wanted && (count == 1 || done < carried); count++) {
        unsigned char *next = list + 32 * count;
        size_t room = count == 1 ? 24 : 29, piece = carried - done < room ? carried - done : room;
        next[0] = 0x80, next[1] = count == 1 ? 0x11 : 0x12, next[2] = (unsigned char)piece;
        if (count == 1) {
            next[3] = (unsigned char)of[0], next[6] = (unsigned char)of[2], next[7] = (unsigned char)wanted;
            put(next + 4, 2, of[1]);
        }
        memcpy(next + (count == 1 ? 8 : 3), data + done, piece);
        done += piece;
    }
    list[0] = 0x80, list[1] = 0x10, list[2] = (unsigned char)count, list[3] = 1, list[4] = 0x80;
    put(list + 12, 4, (uint64_t)slot);
    put(list + 18, 2, 2);
    put(list + 20, 4, length);
    put(list + 24, 8, TX_AT + (uint64_t)slot * ROOM);
    return count;
}

/* A gratuitous ARP of this client in the slot (DLG-11). */
static void announcement(unsigned char *frame)
{
    static const unsigned char head[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1}, address[] = {10, 0, 0, 1};
    memset(frame, 0, 60);
    memset(frame, 0xFF, 6);
    memcpy(frame + 6, c.mac, 6);
    memcpy(frame + 12, head, sizeof head);
    memcpy(frame + 22, c.mac, 6);
    memcpy(frame + 28, address, 4);
    memcpy(frame + 38, address, 4);
}

/* Whether there is a buffer to lend, and the server's queue is not known to be full. */
static bool may_lend(void)
{
    return c.up && !c.broken && c.now >= c.refill_at && free_buffer() != NEVER;
}

static int free_slot(void)
{
    for (int slot = 0; slot < (int)c.value[3]; slot++)
        if (c.in_flight[slot] == NEVER)
            return slot;
    return NEVER;
}

/* Whether a frame has been in flight for so long. */
static bool in_flight_for(int64_t ms)
{
    for (int slot = 0; slot < SLOTS; slot++)
        if (c.in_flight[slot] != NEVER && c.now >= c.in_flight[slot] + ms)
            return true;
    return false;
}

static bool link_up(void)
{
    return c.there && c.logged_in && c.up && c.carrier && c.wish && !c.todo;
}

static void refuse_frames(void)
{
    for (int at = 0; at < c.frames; at++)
        finish(c.frame_order[at], 100);
    c.frames = 0;
}

/* ------------------------------------------------------------------------------------------------ the coroutine */

static void call(int opcode, int arguments, const uint64_t *given)
{
    c.opcode = opcode;
    c.arguments = arguments + 1;
    c.argument[0] = UNIT;
    memcpy(c.argument + 1, given, (size_t)arguments * sizeof *given);
}

static bool busy(void)
{
    return c.rc == 1 || c.rc == 14 || (c.rc >= 9900 && c.rc <= 9905);
}

/* Stand still until the next turn. */
#define LEAVE(here) do { c.pc = here; return; case here:; } while (0)
#define CALL_(here, which, count, ...) do { \
        const uint64_t given[] = {__VA_ARGS__}; \
        call(which, count, given); \
        c.pc = here; \
        return; \
    case here:; } while (0)
#define CALL(which, count, ...) CALL_(__LINE__, which, count, __VA_ARGS__)
/* Read what came; wait until something holds, or until a time (NEVER: without end). Whatever breaks this off comes first. */
#define WAIT_(here, holds, end) do { \
        c.limit = (end); \
        while (true) { \
            read_queues(); \
            if (c.todo || c.removing) goto broken_off; \
            if ((holds) || (c.limit != NEVER && c.now >= c.limit)) break; \
            c.opcode = 0; \
            c.until = c.limit; \
            c.pc = here; \
            return; \
    case here:; } } while (0)
#define WAIT(holds, end) WAIT_(__LINE__, holds, end)
#define SLEEP(ms) WAIT(false, c.now + (ms))
/* A call that may be answered busy is repeated, with pauses, and given up at last (CLI-14). */
#define PATIENTLY(which, count, ...) \
    for (c.busy_since = c.now;;) { \
        CALL_(__LINE__ + 300000, which, count, __VA_ARGS__); \
        if (!busy() || c.now > c.busy_since + GIVE_UP_MS - 1000) break; \
        c.opcode = 0; \
        c.limit = c.until = c.now + 10; \
        while (c.now < c.limit) { c.opcode = 0; LEAVE(__LINE__ + 400000); } \
    }
/* Send the command, and wait for its answer until the deadline; otherwise this attempt has failed. */
#define ASK(end) do { \
        CALL_(__LINE__ + 100000, SEND, 2, get(c.awaited, 8), get(c.awaited + 8, 8)); \
        if (c.rc != OK) goto failed; \
        c.awaiting = true; \
        WAIT_(__LINE__ + 200000, c.answered, end); \
        if (!c.answered) goto failed; \
    } while (0)

static void go(void)
{
    switch (c.pc) {
    case 0:
begin:
    /* At most ten beginnings in a second, whatever comes (CLI-13). */
    while (c.now < c.started + 100 && !c.removing) {
        c.opcode = 0;
        c.until = c.started + 100;
        LEAVE(__LINE__);
    }
    c.started = c.now;
    drop();
    c.todo = NOTHING;
    c.crq.count = 0;
    if (c.registered || c.removing)
        PATIENTLY(FREE_CRQ, 0, 0);
    c.registered = c.init_sent = c.init_done = false;
    c.own[0] = 0;
    c.logins_here = 0;
    if (c.removing) {
        c.there = c.removing = c.wish = false;
        refuse_frames();
        finish(c.remove_order, 0);
        c.opcode = 0;
        c.until = NEVER;
        c.pc = 0;
        return;
    }
    memset(memory + CRQ_AT, 0, PAGE);
    PATIENTLY(REG_CRQ, 2, CRQ_AT, PAGE);
    if (c.rc == RESOURCE) { /* left behind by an earlier kernel (CLI-10) */
        PATIENTLY(FREE_CRQ, 0, 0);
        PATIENTLY(REG_CRQ, 2, CRQ_AT, PAGE);
    }
    if (c.rc != OK && c.rc != CLOSED)
        goto failed;
    c.registered = true;
    c.crq = (struct queue){CRQ_AT, 16, PAGE / 16, 0};
    CALL(SIGNAL, 1, 1);
    WAIT(true, NEVER); /* what came before the interrupt was enabled */
    for (c.tries = 0; c.tries < 100; c.tries++) {
        c.init_sent = true;
        CALL(SEND, 2, UINT64_C(0xC001) << 48, 0);
        if (c.rc == OK)
            break;
        c.init_sent = false;
        if (c.rc != CLOSED)
            goto failed;
        SLEEP(50);
    }
    if (c.tries == 100) { /* nobody is there; the first server to come sends INIT */
        WAIT(false, NEVER);
    }
    c.deadline = c.now + 20000;
    WAIT(c.init_done, c.deadline);
    if (!c.init_done)
        goto failed;
    command(VERSION);
    put(c.awaited + 2, 2, 1);
    ASK(c.deadline);
    if (c.answer[12] || get(c.answer + 2, 2) != 1)
        goto failed;
negotiate:
    c.deadline = c.now + 20000;
    memset(c.told, 0, sizeof c.told);
    for (c.at = 0; c.at < QUERIES; c.at++) {
        command(QUERY);
        put(c.awaited + 2, 2, (uint64_t)queried[c.at]);
        ASK(c.deadline);
        if (!c.answer[12])
            c.told[queried[c.at]] = get(c.answer + 4, 8);
    }
    for (c.at = 0; c.at < REQUESTS; c.at++) {
        uint64_t least = c.told[requested[c.at].least], most = c.told[requested[c.at].most];
        c.value[c.at] = requested[c.at].wish;
        if (!requested[c.at].most)
            continue;
        if (c.value[c.at] > most)
            c.value[c.at] = most;
        if (c.value[c.at] < least)
            c.value[c.at] = least;
        if (c.value[c.at] > requested[c.at].room || !c.value[c.at])
            goto failed;
    }
    for (c.round = 0, c.again = true; c.again; c.round++) {
        if (c.round == 10)
            goto failed;
        c.again = false;
        for (c.at = 0; c.at < REQUESTS; c.at++) {
            command(REQUEST);
            put(c.awaited + 2, 2, (uint64_t)requested[c.at].number);
            put(c.awaited + 4, 8, c.value[c.at]);
            ASK(c.deadline);
            if (c.answer[12] == PARTIAL) {
                c.value[c.at] = get(c.answer + 4, 8);
                c.again = true;
            } else if (c.answer[12]) {
                goto failed;
            }
            if (c.value[c.at] > requested[c.at].room || (!c.value[c.at] && requested[c.at].wish))
                goto failed;
        }
    }
    if (!c.own[0]) { /* not yet in this registration */
        PATIENTLY(REG_SUB, 2, TX_DONE_AT, PAGE);
        if (c.rc != OK && c.rc != CLOSED)
            goto failed;
        c.own[1] = c.r4, c.source[1] = c.r5;
        PATIENTLY(REG_SUB, 2, RX_DONE_AT, PAGE);
        if (c.rc != OK && c.rc != CLOSED)
            goto failed;
        c.own[0] = c.own[1], c.source[0] = c.source[1];
        c.own[1] = c.r4, c.source[1] = c.r5;
    }
    WAIT(c.wish, NEVER);
    do {
        if (c.logins_here++ == 10)
            goto failed;
        login_request();
        ASK(c.now + 20000);
        if (c.answer[12] == PARTIAL)
            goto negotiate;
        if (c.answer[12] == ABORTED)
            SLEEP(500);
    } while (c.answer[12] == ABORTED);
    if (c.answer[12] || !login_response())
        goto failed;
    c.tx_done = (struct queue){TX_DONE_AT, 32, PAGE / 32, 0};
    c.rx_done = (struct queue){RX_DONE_AT, 32, PAGE / 32, 0};
    c.logged_in = true;
    command(MAC);
    memcpy(c.awaited + 2, c.mac, 6);
    ASK(c.now + 10000);
    for (c.at = 1; c.at <= 2; c.at++) {
        command(MAP);
        c.awaited[3] = (unsigned char)c.at;
        put(c.awaited + 4, 4, c.at == 1 ? RX_AT : TX_AT);
        put(c.awaited + 8, 4, SLOTS * ROOM);
        ASK(c.now + 10000);
        if (c.answer[12])
            goto failed;
    }
    for (c.at = 0; c.at < 2; c.at++)
        PATIENTLY(VIOCTL, 4, ENABLE_INTERRUPT, c.source[c.at], 0, 0);
    c.announced = c.logins++ == 0;
    while (true) { /* life */
        if (c.up != c.wish) {
            for (c.tries = 0;; c.tries++) {
                c.again = c.wish;
                if (!c.again)
                    c.carrier = false;
                command(LINK);
                c.awaited[2] = c.again;
                ASK(c.now + 20000);
                if (c.answer[12] != PARTIAL || c.tries == 9)
                    break;
                SLEEP(1000);
            }
            if (c.again && c.answer[12])
                goto failed;
            c.up = c.again;
            c.failures = 0;
        } else if (may_lend()) {
            c.slot = free_buffer();
            c.lent[c.slot] = ++c.generation;
            CALL(SEND_SUB, 5, c.rx_handle, UINT64_C(0x80) << 56, c.generation,
                 (RX_AT + (uint64_t)c.slot * ROOM) << 32 | 1 << 24 | c.rx_size, 0);
            if (c.rc != OK)
                c.lent[c.slot] = 0;
            if (c.rc == DROPPED)
                c.refill_at = c.now + 20; /* frames need not wait for that */
            else if (c.rc != OK)
                c.broken = true; /* the session is gone; an event says so soon (CLI-12) */
        } else if (link_up() && !c.broken && (c.frames || !c.announced) && free_slot() != NEVER) {
            c.slot = free_slot();
            if (!c.announced) {
                announcement(memory + TX_AT + c.slot * ROOM);
            } else {
                memcpy(memory + TX_AT + c.slot * ROOM, c.frame[0], c.frame_bytes[0]);
            }
            c.at = (int)(c.announced ? c.frame_bytes[0] : 60);
            c.pieces = descriptors(c.slot, (size_t)c.at);
            if (c.pieces > 1)
                CALL(SEND_INDIRECT, 3, c.tx_handle, LIST_AT, (uint64_t)c.pieces);
            else
                CALL(SEND_SUB, 5, c.tx_handle, get(memory + LIST_AT, 8), get(memory + LIST_AT + 8, 8),
                     get(memory + LIST_AT + 16, 8), get(memory + LIST_AT + 24, 8));
            if (c.rc == OK)
                c.in_flight[c.slot] = c.now;
            else if (c.rc != DROPPED)
                c.broken = true;
            if (c.announced && c.frames) {
                finish(c.frame_order[0], c.rc == OK ? 0 : 100);
                c.sent += c.rc == OK;
                c.frames--;
                memmove(c.frame[0], c.frame[1], sizeof c.frame - sizeof c.frame[0]);
                memmove(c.frame_bytes, c.frame_bytes + 1, sizeof c.frame_bytes - sizeof *c.frame_bytes);
                memmove(c.frame_order, c.frame_order + 1, sizeof c.frame_order - sizeof *c.frame_order);
            }
            c.announced = c.announced || c.rc == OK;
            if (c.rc == DROPPED)
                SLEEP(20);
        } else {
            if (!link_up())
                refuse_frames();
            WAIT((c.up != c.wish) || may_lend()
                 || (!link_up() && c.frames) || (link_up() && !c.broken && (c.frames || !c.announced) && free_slot() != NEVER),
                 c.up && !c.broken && c.refill_at > c.now ? c.refill_at
                 : c.broken || in_flight_for(0) ? c.now + STUCK_MS : NEVER);
            if (in_flight_for(STUCK_MS) || c.broken)
                goto failed;
        }
    }
failed:
    drop();
    c.failures++;
    SLEEP(c.failures < 3 ? 1500 : BACK_OFF_MS);
    goto begin;
broken_off:
    if (c.removing || c.todo == BEGIN)
        goto begin;
    /* Event 08: wait for the INIT of a server, and do nothing else (CLI-1). */
    refuse_frames();
    do {
        c.opcode = 0;
        c.until = NEVER;
        LEAVE(__LINE__);
        read_queues();
        refuse_frames();
    } while (c.todo != BEGIN && !c.removing);
    goto begin;
    default:
        abort();
    }
}

/* ------------------------------------------------------------------------------------------------ the adapter */

static char line[LINE], reply[LINE * 2];
static const size_t BAD = (size_t)-1;

/* Where the value of a field begins, or NULL. A request is flat, and has no text with a quote in it. */
static const char *field(const char *name)
{
    char sought[32];
    snprintf(sought, sizeof sought, "\"%s\":", name);
    const char *found = strstr(line, sought);
    if (!found)
        return NULL;
    found += strlen(sought);
    while (*found == ' ')
        found++;
    return found;
}

static uint64_t number(const char *name)
{
    const char *at = field(name);
    if (!at)
        return 0;
    at += *at == '"';
    return *at == '-' ? (uint64_t)strtoll(at, NULL, 0) : strtoull(at, NULL, 0);
}

static bool says(const char *name, const char *text)
{
    const char *at = field(name);
    size_t length = strlen(text);
    return at && *at == '"' && !strncmp(at + 1, text, length) && at[1 + length] == '"';
}

/* Bytes of a field in hex; how many, or BAD. */
static size_t bytes(const char *name, unsigned char *to, size_t room)
{
    const char *at = field(name);
    size_t count = 0;
    if (!at || *at++ != '"')
        return BAD;
    for (; *at != '"'; at += 2) {
        char pair[3] = {at[0], at[0] ? at[1] : 0, 0};
        if (count == room || strspn(pair, "0123456789abcdefABCDEF") != 2)
            return BAD;
        to[count++] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return count;
}

static void say(const char *text)
{
    printf("{\"seq\":%" PRIu64 ",%s}\n", number("seq"), text);
    fflush(stdout);
}

static void turn(void)
{
    size_t used;
    c.opcode = 0;
    c.until = NEVER;
    if (c.there)
        go();
    used = (size_t)snprintf(reply, sizeof reply, "\"outcome\":\"done\",\"state\":\"%s\"", c.opcode ? "call" : "idle");
    if (c.opcode)
        used += (size_t)snprintf(reply + used, sizeof reply - used, ",\"opcode\":%d", c.opcode);
    for (int at = 0; c.opcode && at < c.arguments; at++)
        used += (size_t)snprintf(reply + used, sizeof reply - used, ",\"r%d\":\"0x%" PRIx64 "\"", 4 + at, c.argument[at]);
    if (!c.opcode && c.until != NEVER)
        used += (size_t)snprintf(reply + used, sizeof reply - used, ",\"until\":%" PRId64, c.until);
    if (*finished)
        used += (size_t)snprintf(reply + used, sizeof reply - used, ",\"finished\":\"%s\"", finished);
    if (!c.told_map)
        snprintf(reply + used, sizeof reply - used, ",\"mapped\":\"+0:%x\"", MEMORY);
    c.told_map = true;
    *finished = 0;
    say(reply);
}

static void reset(void)
{
    memset(&c, 0, sizeof c);
    memset(memory, 0, sizeof memory);
    *finished = 0;
    c.started = -1000;
    if (bytes("mac", c.mac, 6) != 6) {
        say("\"outcome\":\"error\",\"error\":\"mac is 12 digits\"");
        return;
    }
    say("\"outcome\":\"done\",\"unit\":805306371,\"page\":4096");
}

static void user(void)
{
    if (says("action", "add") && !c.there) {
        c.there = true;
        c.pc = 0;
        finish(++c.order, 0);
    } else if (says("action", "add")) {
        say("\"outcome\":\"refused\",\"reason\":\"the device is there\"");
        return;
    } else if (says("action", "remove")) {
        c.remove_order = ++c.order;
        c.removing = c.there;
        if (!c.there)
            finish(c.order, 19);
    } else if (says("action", "open") || says("action", "close")) {
        c.wish = c.there && says("action", "open");
        finish(++c.order, c.there ? 0 : 19);
    } else if (says("action", "send")) {
        c.order++;
        size_t length = c.frames < SLOTS ? bytes("hex", c.frame[c.frames], ROOM) : BAD;
        if (!link_up() || length < 14 || length > c.value[5] + 4) {
            finish(c.order, 100);
        } else {
            c.frame_bytes[c.frames] = length;
            c.frame_order[c.frames++] = c.order;
        }
    } else {
        say("\"outcome\":\"unsupported\"");
        return;
    }
    snprintf(reply, sizeof reply, "\"outcome\":\"done\",\"order\":%d", c.order);
    say(reply);
}

static void look(void)
{
    snprintf(reply, sizeof reply,
             "\"outcome\":\"done\",\"link\":%d,\"open\":%d,\"health\":\"\",\"tx_frames\":%lu,\"rx_frames\":%lu,\"received\":\"%s\"",
             link_up(), c.there && c.wish, c.sent, c.came, c.received);
    *c.received = 0;
    say(reply);
}

static void transfer(bool writing)
{
    uint64_t address = number("address"), length = number("length");
    static unsigned char data[LINE / 2];
    if (writing)
        length = bytes("hex", data, sizeof data);
    if (writing && length == BAD)
        say("\"outcome\":\"error\",\"error\":\"hex is pairs of digits\"");
    else if (address > MEMORY || length > MEMORY - address || length > sizeof data)
        say("\"outcome\":\"refused\",\"reason\":\"not mapped\"");
    else if (writing) {
        memcpy(memory + address, data, length);
        say("\"outcome\":\"done\"");
    } else {
        size_t used = (size_t)snprintf(reply, sizeof reply, "\"outcome\":\"done\",\"hex\":\"");
        for (uint64_t at = 0; at < length; at++)
            used += (size_t)snprintf(reply + used, sizeof reply - used, "%02x", memory[address + at]);
        snprintf(reply + used, sizeof reply - used, "\"");
        say(reply);
    }
}

static const char HELLO[] =
    "\"outcome\":\"done\",\"protocol_major\":1,\"protocol_minor\":1,\"implementation\":\"c-client\",\"version\":\"1\","
    "\"role\":\"client\",\"servers\":1,\"clock\":\"virtual\",\"quiet_ms\":0,\"features\":\"frames windows\"";

int main(void)
{
    memset(&c, 0, sizeof c);
    while (fgets(line, sizeof line, stdin)) {
        if (says("op", "run") && (int64_t)number("now") >= c.now && !c.opcode) {
            c.now = (int64_t)number("now");
            turn();
        } else if (says("op", "answer") && c.opcode) {
            c.rc = (int64_t)number("rc");
            c.r4 = number("r4");
            c.r5 = number("r5");
            turn();
        } else if (says("op", "read") || says("op", "write")) {
            transfer(says("op", "write"));
        } else if (says("op", "interrupt")) {
            say("\"outcome\":\"done\""); /* every queue is read in the next turn */
        } else if (says("op", "user")) {
            user();
        } else if (says("op", "observe")) {
            look();
        } else if (says("op", "reset")) {
            reset();
        } else if (says("op", "hello") && number("protocol_major") != 1) {
            say("\"outcome\":\"error\",\"error\":\"this adapter speaks protocol 1\"");
        } else if (says("op", "hello")) {
            say(HELLO);
        } else if (says("op", "bye")) {
            say("\"outcome\":\"done\"");
            return 0;
        } else {
            say("\"outcome\":\"error\",\"error\":\"no such request now\"");
        }
    }
    return 0;
}
