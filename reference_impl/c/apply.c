/* One call of a partition, the console or the platform. An adapter translates and decides nothing. */
#include "apply.h"

#include "answer.h"
#include "hypervisor.h"
#include "queue.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_PRIORITY = 50, SERVER_INFO = 0x1B, BAD = -3 };

static unsigned char bytes[MEMORY];

/* "client", or "server" and the number of a server partition; BAD for anything else. */
static int partition_named(const char *name)
{
    char *end;
    unsigned long number;

    if (!name)
        return BAD;
    if (strcmp(name, "client") == 0)
        return CLIENT;
    if (strncmp(name, "server", 6) != 0 || name[6] < '0' || name[6] > '9')
        return BAD;
    number = strtoul(name + 6, &end, 10);
    return *end || number >= (unsigned long)vnic.servers ? BAD : (int)number;
}

static void answer_rc(int rc)
{
    answer(DONE, NULL);
    reply_number("rc", rc);
}

/* --- queues -------------------------------------------------------------------------------------------------------- */

static void reg(int who, const struct request *r, bool own_unit, bool sub)
{
    bool wrong = false;
    uint64_t address = number_of(r, "address", sub ? 2 * PAGE : 0, &wrong);
    uint64_t size = number_of(r, "length", PAGE, &wrong), handle = 0;
    int rc;

    if (wrong) {
        answer(ERROR, "address and length are numbers");
        return;
    }
    if (!own_unit)
        rc = H_PARAMETER;
    else
        rc = sub ? h_reg_sub_crq(who, address, size, &handle) : h_reg_crq(who, address, size);
    answer_rc(rc);
    if (sub && (rc == H_SUCCESS || rc == H_CLOSED)) {
        reply_big("handle", handle);
        reply_big("source", handle);
    }
}

static void send_crq(int who, const struct request *r, bool own_unit)
{
    if (bytes_of(r, "hex", bytes, ELEMENT) != ELEMENT)
        answer(ERROR, "send_crq needs 16 bytes in hex");
    else
        answer_rc(own_unit ? h_send_crq(who, bytes) : H_PARAMETER);
}

static void send_sub_crq(int who, const struct request *r, bool own_unit, bool indirect)
{
    bool wrong = !has(r, "handle");
    uint64_t handle = number_of(r, "handle", 0, &wrong);
    long count = bytes_of(r, "hex", bytes, sizeof bytes);

    if (wrong || count < 0 || count % SUB_ELEMENT || (!indirect && count != SUB_ELEMENT))
        answer(ERROR, "a sub-CRQ is sent elements of 32 bytes in hex, by handle");
    else
        answer_rc(own_unit ? h_send_sub_crq(who, handle, bytes, (size_t)count / SUB_ELEMENT, indirect) : H_PARAMETER);
}

static void take(int who, const struct request *r)
{
    bool wrong = false;
    uint64_t handle = number_of(r, "handle", 0, &wrong);
    struct sub_crq *sub = has(r, "handle") ? sub_crq_of(who, handle) : NULL;
    bool found;

    if (wrong) {
        answer(ERROR, "a handle is a number");
        return;
    }
    found = has(r, "handle") ? sub && queue_take(&sub->queue, bytes) : consume(who, bytes);
    answer(DONE, NULL);
    reply_bytes("element", bytes, !found ? 0 : has(r, "handle") ? SUB_ELEMENT : ELEMENT);
}

/* --- the others ---------------------------------------------------------------------------------------------------- */

/* For the record of a server the adapter has a buffer behind what the kit disposes of. */
static void vioctl(int who, const struct request *r, bool own_unit)
{
    bool wrong = !has(r, "sub");
    uint64_t sub = number_of(r, "sub", 0, &wrong), p1 = number_of(r, "p1", 0, &wrong);
    uint64_t p2 = number_of(r, "p2", 0, &wrong), p3 = number_of(r, "p3", 0, &wrong), r4 = 0;
    int rc;

    if (wrong) {
        answer(ERROR, "vioctl needs sub, and its parameters are numbers");
        return;
    }
    if (sub == SERVER_INFO && p1 == 0)
        p1 = (uint64_t)RECORD << 32 | MAPPED;
    rc = h_vioctl(who, own_unit, sub, p1, p2, p3, &r4);
    answer_rc(rc);
    if (rc == H_SUCCESS && r4)
        reply_big("r4", r4);
    if (rc == H_SUCCESS && sub == SERVER_INFO) {
        uint64_t at = p1 & 0xFFFFFFFF;

        reply_bytes("info", partition_of(who)->memory + (at > MEMORY - RECORD ? MEMORY - RECORD : at), RECORD);
    }
}

static void memory(int who, const struct request *r, bool write)
{
    bool wrong = !has(r, "address");
    uint64_t address = number_of(r, "address", 0, &wrong);
    long count = write ? bytes_of(r, "hex", bytes, sizeof bytes) : (long)(number_of(r, "length", 0, &wrong) & 0xFFFFFF);
    unsigned char *there = partition_of(who)->memory;

    if (wrong || count < 0 || count > MAPPED || address > (uint64_t)(MAPPED - count)) {
        answer(ERROR, "address, and hex or length, within the partition's memory");
        return;
    }
    answer(DONE, NULL);
    if (write)
        memcpy(there + address, bytes, (size_t)count);
    else
        reply_bytes("hex", there + address, (size_t)count);
}

static void reach(int who, const struct request *r, bool write)
{
    bool wrong = !has(r, "address");
    uint64_t address = number_of(r, "address", 0, &wrong), map = number_of(r, "map", 1, &wrong);
    long count = write ? bytes_of(r, "hex", bytes, sizeof bytes) : (long)(number_of(r, "length", 0, &wrong) & 0xFFFFFF);
    int rc;

    if (wrong || count < 0 || count > MAPPED) {
        answer(ERROR, "address, and hex or length, of the client's memory");
        return;
    }
    rc = dma(who, address, bytes, (size_t)count, map != 0, write);
    answer_rc(rc);
    if (rc == H_SUCCESS && !write)
        reply_bytes("hex", bytes, (size_t)count);
}

static void with_handle(int who, const struct request *r, bool own_unit, bool free_it)
{
    bool wrong = free_it && !has(r, "handle");
    uint64_t handle = number_of(r, "handle", 0, &wrong);

    if (wrong)
        answer(ERROR, "a handle is a number");
    else if (!own_unit)
        answer_rc(H_PARAMETER);
    else
        answer_rc(free_it ? h_free_sub_crq(who, handle) : h_eoi(who, handle));
}

/* --- by caller ----------------------------------------------------------------------------------------------------- */

static void partition_call(int who, const char *call, const struct request *r)
{
    const char *unit = text_of(r, "unit");
    bool own = !unit || strcmp(unit, "wrong") != 0, wrong = false;
    uint64_t mode = number_of(r, "mode", 1, &wrong);

    if (strcmp(call, "reg_crq") == 0 || strcmp(call, "reg_sub_crq") == 0)
        reg(who, r, own, strcmp(call, "reg_sub_crq") == 0);
    else if (strcmp(call, "free_crq") == 0)
        answer_rc(own ? h_free_crq(who) : H_PARAMETER);
    else if (strcmp(call, "enable_crq") == 0)
        answer_rc(own ? h_enable_crq(who) : H_PARAMETER);
    else if (strcmp(call, "vio_signal") == 0 && !wrong)
        answer_rc(own ? h_vio_signal(who, mode) : H_PARAMETER);
    else if (strcmp(call, "send_crq") == 0)
        send_crq(who, r, own);
    else if (strcmp(call, "consume") == 0)
        take(who, r);
    else if (strcmp(call, "vioctl") == 0)
        vioctl(who, r, own);
    else if (strcmp(call, "eoi") == 0 || strcmp(call, "free_sub_crq") == 0)
        with_handle(who, r, own, strcmp(call, "free_sub_crq") == 0);
    else if (strcmp(call, "send_sub_crq") == 0 || strcmp(call, "send_sub_crq_indirect") == 0)
        send_sub_crq(who, r, own, strcmp(call, "send_sub_crq_indirect") == 0);
    else if (strcmp(call, "poke") == 0 || strcmp(call, "peek") == 0)
        memory(who, r, strcmp(call, "poke") == 0);
    else if (who != CLIENT && (strcmp(call, "dma_write") == 0 || strcmp(call, "dma_read") == 0))
        reach(who, r, strcmp(call, "dma_write") == 0);
    else
        answer(ERROR, "a partition has no such call");
}

static void console_call(const char *call, const struct request *r)
{
    bool wrong = false;
    int i = partition_named(text_of(r, "server"));
    uint64_t value = number_of(r, "value", 0, &wrong), port = number_of(r, "port", 0, &wrong);
    uint64_t priority = number_of(r, "priority", DEFAULT_PRIORITY, &wrong);
    const char *refused;

    if (wrong || (i < 0 && strcmp(call, "auto") != 0)) {
        answer(ERROR, "the console needs the name of a server partition, and numbers");
        return;
    }
    if (strcmp(call, "add") == 0)
        refused = console_add(i, has(r, "port"), port, priority);
    else if (strcmp(call, "remove") == 0)
        refused = console_remove(i);
    else if (strcmp(call, "priority") == 0)
        refused = console_priority(i, value);
    else if (strcmp(call, "auto") == 0)
        refused = console_auto(value != 0);
    else if (strcmp(call, "activate") == 0)
        refused = console_activate(i);
    else {
        answer(ERROR, "the console has no such call");
        return;
    }
    answer(refused ? REFUSED : DONE, refused);
}

static void platform_call(const char *call, const struct request *r)
{
    int who = partition_named(text_of(r, "target"));
    const char *refused;

    if (strcmp(call, "migrate") == 0)
        refused = platform_migrate();
    else if (who == BAD || (strcmp(call, "power_on") && strcmp(call, "power_off") && strcmp(call, "crash"))) {
        answer(ERROR, "the platform switches client, server0 ... on and off, and migrates");
        return;
    } else
        refused = platform_power(who, strcmp(call, "power_on") == 0);
    answer(refused ? REFUSED : DONE, refused);
}

void apply(const struct request *r)
{
    const char *name = text_of(r, "who"), *call = text_of(r, "call");
    int who = partition_named(name);

    if (!name || !call)
        answer(ERROR, "apply needs who and call");
    else if (strcmp(name, "console") == 0)
        console_call(call, r);
    else if (strcmp(name, "platform") == 0)
        platform_call(call, r);
    else if (who == BAD)
        answer(ERROR, "there is nobody of this name");
    else if (!partition_of(who)->powered)
        answer(REFUSED, "the partition is off");
    else
        partition_call(who, call, r);
}
