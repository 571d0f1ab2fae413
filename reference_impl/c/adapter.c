/*
 * The adapter's main loop: a line in, a line out. docs/adapter-protocol.md is all that it knows of the kit.
 */
#include "answer.h"
#include "apply.h"
#include "fault.h"
#include "hypervisor.h"
#include "json.h"
#include "observe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 1 << 20 };

static const struct profile CLAIMED = {
    .event_full = OVERLAY, .crossing = HOLD, .tie_break = OLDEST, .reopen = KEEP, .complaint_order = CHECK_FIRST,
    .grace = 3, .hold_limit_ms = 0, .gap_ms = 1500, .preempt_delay_ms = 0, .max_servers = 6, .indirect_limit = 128
};

static void hello(void)
{
    answer(DONE, NULL);
    reply_number("protocol_major", 1);
    reply_number("protocol_minor", 0);
    reply_text("implementation", "c-hypervisor");
    reply_text("version", "0.1.0");
    reply_text("role", "hypervisor");
    reply_number("servers", MAX_SERVERS);
    reply_text("clock", "virtual");
    reply_number("quiet_ms", 0);
    reply_text("features", "console power migration interrupts sub_crq dma profiles wrong_unit unpaired");
}

/* --- reset --------------------------------------------------------------------------------------------------------- */

/* Read a choice of the profile; words are separated by blanks, the first being 0. */
static bool choice(const struct request *r, const char *name, const char *words, int *found)
{
    const char *given = text_of(r, name);
    size_t length = given ? strlen(given) : 0;

    if (!has(r, name))
        return true;
    for (int n = 0; given && *words; n++) {
        size_t word = strcspn(words, " ");

        if (word == length && strncmp(words, given, word) == 0) {
            *found = n;
            return true;
        }
        words += word + strspn(words + word, " ");
    }
    return false;
}

static bool figure(const struct request *r, const char *name, uint64_t least, uint64_t most, uint64_t *found)
{
    bool wrong = false;

    *found = number_of(r, name, *found, &wrong);
    return !wrong && (!has(r, name) || (*found >= least && *found <= most));
}

static bool read_profile(const struct request *r, struct profile *p)
{
    int full = p->event_full, crossing = p->crossing, tie = p->tie_break, reopen = p->reopen, order = p->complaint_order;
    uint64_t most = (uint64_t)p->max_servers, limit = (uint64_t)p->indirect_limit;
    const char *hold = text_of(r, "profile_hold_limit_ms");
    bool none = hold && strcmp(hold, "none") == 0;

    if (!choice(r, "profile_event_full", "overlay defer", &full) || !choice(r, "profile_crossing", "hold gap", &crossing) ||
        !choice(r, "profile_tie_break", "oldest newest port any", &tie) ||
        !choice(r, "profile_reopen", "keep reselect", &reopen) ||
        !choice(r, "profile_complaint_order", "check_first lopar", &order))
        return false;
    if (!figure(r, "profile_grace", 1, UINT64_MAX, &p->grace) ||
        !(none || figure(r, "profile_hold_limit_ms", 1, UINT64_MAX, &p->hold_limit_ms)) ||
        !figure(r, "profile_gap_ms", 1, UINT64_MAX, &p->gap_ms) ||
        !figure(r, "profile_preempt_delay_ms", 0, UINT64_MAX, &p->preempt_delay_ms) ||
        !figure(r, "profile_max_servers", 1, 6, &most) || !figure(r, "profile_indirect_limit", 16, 128, &limit))
        return false;
    p->event_full = (enum event_full)full;
    p->crossing = (enum crossing)crossing;
    p->tie_break = (enum tie_break)tie;
    p->reopen = (enum reopen)reopen;
    p->complaint_order = (enum complaint_order)order;
    p->max_servers = (int)most;
    p->indirect_limit = (int)limit;
    return limit == 16 || limit == 128;
}

/* Partitions named in a list with blanks between have no authorised connection. */
static void unpair(const char *names)
{
    while (names && *names) {
        size_t length = strcspn(names, " ");

        if (length == 6 && strncmp(names, "client", 6) == 0)
            vnic.client.paired = false;
        else if (length == 7 && strncmp(names, "server", 6) == 0 && names[6] >= '0' && names[6] < '0' + vnic.servers)
            vnic.server[names[6] - '0'].partition.paired = false;
        names += length + strspn(names + length, " ");
    }
}

static void reset(const struct request *r)
{
    struct profile profile = CLAIMED;
    bool wrong = !has(r, "servers");
    uint64_t servers = number_of(r, "servers", 0, &wrong);

    if (wrong || servers < 1 || servers > MAX_SERVERS) {
        answer(ERROR, "reset needs servers, 1 to 8");
    } else if (!read_profile(r, &profile)) {
        answer(UNSUPPORTED, "there is no such profile");
    } else {
        vnic_reset((int)servers, &profile);
        unpair(text_of(r, "unpaired"));
        answer(DONE, NULL);
    }
}

/* --- the loop ------------------------------------------------------------------------------------------------------ */

static void pass(const struct request *r)
{
    bool wrong = !has(r, "ms");
    uint64_t ms = number_of(r, "ms", 0, &wrong);

    if (wrong) {
        answer(ERROR, "advance needs ms");
        return;
    }
    advance(ms);
    answer(DONE, NULL);
}

/* Carry out one request. Answers whether there will be another. */
static bool serve(const struct request *r)
{
    const char *op = text_of(r, "op");
    bool wrong = false, last = false, looking = op && strcmp(op, "observe") == 0;

    reply_begin(r);
    if (!op)
        answer(ERROR, "there is no op");
    else if (strcmp(op, "hello") == 0)
        hello();
    else if (strcmp(op, "reset") == 0)
        reset(r);
    else if (strcmp(op, "apply") == 0)
        apply(r);
    else if (strcmp(op, "advance") == 0)
        pass(r);
    else if (strcmp(op, "settle") == 0 || looking)
        answer(DONE, NULL); /* nothing happens by itself while the clock stands */
    else if (strcmp(op, "bye") == 0) {
        answer(DONE, NULL);
        last = true;
    } else
        answer(ERROR, "there is no such request");
    if (looking || (answer_is_seen() && !last && strcmp(op, "hello") != 0 && number_of(r, "observe", 0, &wrong) == 1))
        observe();
    reply_end();
    return !last;
}

/* A line without its end; false at the end of input. What is too long is cut, and is then no JSON. */
static bool read_line(char *line)
{
    size_t length = 0;
    int c;

    while ((c = getchar()) != EOF && c != '\n')
        if (length < LONGEST)
            line[length++] = (char)(c ? c : ' ');
    line[length] = '\0';
    return c != EOF || length > 0;
}

int main(int argc, char **argv)
{
    static char line[LONGEST + 1];
    struct request r;

    if (argc >= 2 && argc <= 3 && strcmp(argv[1], "--faults") == 0 && (argc == 2 || strcmp(argv[2], "--json") == 0)) {
        fault_list(argc == 3);
        return 0;
    }
    if (argc != 1 && !(argc == 3 && strcmp(argv[1], "--fault") == 0 && fault_plant(argv[2]))) {
        fprintf(stderr, "usage: %s [--fault NAME | --faults [--json]]\n", argv[0]);
        return 2;
    }
    vnic_reset(0, &CLAIMED);
    while (read_line(line)) {
        const char *problem = json_read(line, &r);

        if (problem) {
            r.count = 0;
            reply_begin(&r);
            answer(ERROR, problem);
            reply_end();
        } else if (!serve(&r)) {
            break;
        }
    }
    return 0;
}
