/* A fresh system, the console of an administrator, and the platform. They answer NULL, or why it is refused. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "state.h"

void vnic_reset(int servers, const struct profile *profile);
const char *console_add(int i, bool has_port, uint64_t port, uint64_t priority);
const char *console_remove(int i);
const char *console_priority(int i, uint64_t priority);
const char *console_auto(bool on);
const char *console_activate(int i);
const char *platform_power(int who, bool on);
const char *platform_migrate(void);

#endif
