/* The failover mechanism: connecting, fencing, telling, switching. */
#ifndef FAILOVER_H
#define FAILOVER_H

#include "state.h"

void connect_selected(void);
void end_session(int event);
void switch_to(int successor);
void conclude(bool at_once);
void end_selection(void);

#endif
