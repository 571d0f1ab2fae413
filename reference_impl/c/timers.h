/* When something is due that happens by itself: reports that do not come, holds and gaps that end, preemptions put off. */
#ifndef TIMERS_H
#define TIMERS_H

#include "state.h"

/* Times in ms since the reset; NEVER: it does not run. */
#define NEVER UINT64_MAX
uint64_t later(uint64_t since, uint64_t ms);
uint64_t report_due(int i);
uint64_t hold_due(int i);
uint64_t gap_due(int i);
uint64_t delay_due(void);
uint64_t next_due(void);
/* Start and stop the timers; called after everything that changes something. */
void watch(void);

#endif
