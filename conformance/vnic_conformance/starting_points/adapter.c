/*
 * An adapter to start from: replace what stands under "Your implementation", and keep the rest.
 *
 *     cc -std=c99 -O2 -o adapter adapter.c
 *
 * What to do for each request is in docs/adapter-protocol.md. As it stands the adapter is sane (vnickit smoke), and what is
 * behind it is a toy: two queues without a failover mechanism, which vnickit check finds out at once.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SERVERS = 7, ELEMENT = 32, DEPTH = 256, LONGEST = 1 << 20 };
enum { H_SUCCESS = 0, H_CLOSED = 2, H_PARAMETER = -4, REPORT = 0x18 };

/* --- Reading and writing flat JSON --------------------------------------------------------------------------------- */

static const char *value_of(const char *line, const char *name)
{
    char quoted[64];
    const char *at = line;

    snprintf(quoted, sizeof quoted, "\"%s\"", name);
    while ((at = strstr(at, quoted)) != NULL) {
        at += strlen(quoted);
        at += strspn(at, " \t");
        if (*at == ':')
            return at + 1 + strspn(at + 1, " \t");
    }
    return NULL;
}

/* The text of a field; empty where there is none, or none that fits. */
static const char *text_of(const char *line, const char *name)
{
    static char text[256];
    const char *value = value_of(line, name);
    size_t length = value && *value == '"' ? strcspn(value + 1, "\"") : 0;

    if (length >= sizeof text)
        length = 0;
    memcpy(text, length ? value + 1 : "", length);
    text[length] = '\0';
    return text;
}

/* A number, which may have come as text ("0x9e37"). */
static unsigned long long number_of(const char *line, const char *name, unsigned long long otherwise)
{
    const char *value = value_of(line, name);

    if (!value)
        return otherwise;
    return strtoull(*value == '"' ? value + 1 : value, NULL, 0);
}

/* --- Your implementation ------------------------------------------------------------------------------------------- */
/* An adapter decides nothing: every answer below is to come from your implementation.                                 */

struct partition {
    bool registered;
    int count;
    char queue[DEPTH][ELEMENT + 1]; /* elements in hexadecimal, the first to be read leading */
};

static struct partition client, server[MAX_SERVERS];
static int servers;
static unsigned long long now;

/* Make a fresh system: whatever outlives this makes every later verdict worthless. */
static void reset(int wanted)
{
    memset(&client, 0, sizeof client);
    memset(server, 0, sizeof server);
    servers = wanted;
    now = 0;
}

/* H_REG_CRQ. To do: the checks and their order (CRQ-2), H_CLOSED without a partner, the selection. */
static int reg_crq(struct partition *me)
{
    me->registered = true;
    me->count = 0;
    return H_SUCCESS;
}

/* H_FREE_CRQ. To do: who is told (CRQ-4), failover. */
static int free_crq(struct partition *me)
{
    me->registered = false;
    me->count = 0;
    return H_SUCCESS;
}

/* H_SEND_CRQ. To do: the checks and their order (CRQ-3); the partner is whoever is connected. */
static int send_crq(struct partition *me, const char *element)
{
    struct partition *partner = me == &client ? &server[0] : &client;

    if (!me->registered || !partner->registered || partner->count == DEPTH)
        return H_CLOSED;
    strcpy(partner->queue[partner->count++], element);
    return H_SUCCESS;
}

/* The owner clears its first element. */
static const char *consume(struct partition *me)
{
    static char element[ELEMENT + 1];

    if (me->count == 0)
        return "";
    strcpy(element, me->queue[0]);
    memmove(me->queue[0], me->queue[1], (size_t)--me->count * sizeof me->queue[0]);
    return element;
}

/* H_VIOCTL. To do: reports 0x18, token 0x19 (field r4), complaint 0x1A, record 0x1B (field info). */
static int vioctl(unsigned long long sub)
{
    return sub == REPORT ? H_SUCCESS : H_PARAMETER;
}

static void show_queue(const char *who, const struct partition *p)
{
    printf(",\"%s_queue\":\"", who);
    for (int n = 0; n < p->count; n++)
        printf("%s%s", n ? " " : "", p->queue[n]);
    printf("\"");
}

/* Look, and change nothing. To do: what is really selected, pinned and listed, and the statuses. */
static void observe(void)
{
    printf(",\"now\":%llu,\"client_crq\":\"%s\",\"auto\":1", now, client.registered ? "OPEN" : "CLOSED");
    printf(",\"selected\":\"\",\"pinned\":\"\",\"listed\":\"");
    for (int n = 0; n < servers; n++)
        printf("%sserver%d", n ? " " : "", n);
    printf("\"");
    show_queue("client", &client);
    for (int n = 0; n < servers; n++) {
        char who[32];

        snprintf(who, sizeof who, "server%d", n);
        printf(",\"%s_status\":\"POWERED_OFF\",\"%s_priority\":50,\"%s_port\":%d", who, who, who, n);
        show_queue(who, &server[n]);
    }
}

/* --- The protocol -------------------------------------------------------------------------------------------------- */

/* Claim a feature when its calls are served, and not before. */
static void hello(void)
{
    printf("\"done\",\"protocol_major\":1,\"protocol_minor\":0,\"implementation\":\"my-hypervisor\"");
    printf(",\"role\":\"hypervisor\",\"servers\":%d,\"clock\":\"virtual\",\"quiet_ms\":0,\"features\":\"\"", MAX_SERVERS);
}

static bool error(const char *why)
{
    printf("\"error\",\"error\":\"%s\"", why);
    return false;
}

static struct partition *partition_named(const char *name)
{
    int number;

    if (strcmp(name, "client") == 0)
        return &client;
    if (sscanf(name, "server%d", &number) == 1 && number >= 0 && number < servers)
        return &server[number];
    return NULL;
}

/* One call. Answers whether it was carried out. */
static bool apply(const char *line)
{
    struct partition *me = partition_named(text_of(line, "who"));
    char call[32], element[256];

    strcpy(element, text_of(line, "hex"));
    snprintf(call, sizeof call, "%.31s", text_of(line, "call"));
    if (strcmp(text_of(line, "who"), "console") == 0 || strcmp(text_of(line, "who"), "platform") == 0) {
        printf("\"unsupported\"");
        return false;
    }
    if (!me)
        return error("there is nobody of this name");
    if (strcmp(call, "reg_crq") == 0)
        printf("\"done\",\"rc\":%d", reg_crq(me));
    else if (strcmp(call, "free_crq") == 0)
        printf("\"done\",\"rc\":%d", free_crq(me));
    else if (strcmp(call, "send_crq") == 0 && strlen(element) == ELEMENT)
        printf("\"done\",\"rc\":%d", send_crq(me, element));
    else if (strcmp(call, "consume") == 0)
        printf("\"done\",\"element\":\"%s\"", consume(me));
    else if (strcmp(call, "vioctl") == 0)
        printf("\"done\",\"rc\":%d", vioctl(number_of(line, "sub", 0)));
    else if (strcmp(call, "enable_crq") == 0 || strcmp(call, "vio_signal") == 0)
        printf("\"done\",\"rc\":%d", H_SUCCESS); /* To do. */
    else
        return error("there is no such call, or its argument is missing");
    return true;
}

/* One request. Answers whether there will be another. */
static bool serve(const char *line)
{
    char op[32];
    bool done = true;

    snprintf(op, sizeof op, "%.31s", text_of(line, "op"));
    printf("{\"seq\":%llu,\"outcome\":", number_of(line, "seq", 0));
    if (strcmp(op, "hello") == 0) {
        hello();
    } else if (strcmp(op, "apply") == 0) {
        done = apply(line);
    } else if (strcmp(op, "reset") == 0 && number_of(line, "servers", 0) <= MAX_SERVERS) {
        reset((int)number_of(line, "servers", 0));
        printf("\"done\"");
    } else if (strcmp(op, "advance") == 0) {
        now += number_of(line, "ms", 0); /* To do: servers that fall silent (MON-2). */
        printf("\"done\"");
    } else if (strcmp(op, "settle") == 0 || strcmp(op, "observe") == 0 || strcmp(op, "bye") == 0) {
        printf("\"done\"");
    } else {
        done = error("there is no such request");
    }
    if (strcmp(op, "observe") == 0 || (done && number_of(line, "observe", 0) == 1))
        observe();
    printf("}\n");
    fflush(stdout);
    return strcmp(op, "bye") != 0;
}

int main(void)
{
    static char line[LONGEST + 2];

    while (fgets(line, sizeof line, stdin) && serve(line))
        ;
    return 0;
}
