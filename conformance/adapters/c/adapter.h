/* The adapter: lines of the protocol to calls of the hypervisor, and back. */
#ifndef ADAPTER_H
#define ADAPTER_H

#include "json.h"

/* What became of a request. */
enum outcome { DONE, REFUSED, UNSUPPORTED, ERROR };

/* observe.c: everything that can be seen, into the reply under way. */
void observe(void);

/* apply.c: one call; results go into the reply under way, after its outcome. */
void apply(const struct request *r);

/* adapter.c: the outcome of the request under way, and why it is not done. */
void answer(enum outcome outcome, const char *why);

#endif
