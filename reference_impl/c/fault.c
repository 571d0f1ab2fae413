#include "fault.h"

#include <stdio.h>
#include <string.h>

#define ROW(name, requirement, words) {#name, requirement, words},
static const struct {
    const char *name;
    const char *requirement;
    const char *words;
} KNOWN[] = {FAULTS(ROW)};
#undef ROW

static int planted = -1;

bool fault(enum fault which)
{
    return planted == (int)which;
}

bool fault_plant(const char *name)
{
    for (int i = 0; i < FAULT_COUNT; i++) {
        if (strcmp(KNOWN[i].name, name) == 0) {
            planted = i;
            return true;
        }
    }
    return false;
}

void fault_list(bool json)
{
    if (json)
        printf("{\"name\": \"c-hypervisor\", \"faults\": [\n");
    for (int i = 0; i < FAULT_COUNT; i++) {
        if (json)
            printf("{\"name\": \"%s\", \"requirement\": \"%s\", \"description\": \"%s\"}%s\n", KNOWN[i].name, KNOWN[i].requirement,
                   KNOWN[i].words, i + 1 < FAULT_COUNT ? "," : "");
        else
            printf("%-28s%s\n", KNOWN[i].name, KNOWN[i].words);
    }
    if (json)
        printf("]}\n");
}
