#include "fault.h"

#include <stdio.h>
#include <string.h>

#define ROW(name, words) {#name, words},
static const struct {
    const char *name;
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

void fault_list(void)
{
    for (int i = 0; i < FAULT_COUNT; i++)
        printf("%-28s%s\n", KNOWN[i].name, KNOWN[i].words);
}
