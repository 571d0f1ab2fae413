/* Time passes. */
#ifndef MONITOR_H
#define MONITOR_H

#include "state.h"

void advance(uint64_t ms);

#endif
