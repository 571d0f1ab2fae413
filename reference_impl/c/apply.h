/* One call of a partition, the console or the platform; its results go into the reply under way. */
#ifndef APPLY_H
#define APPLY_H

#include "json.h"

void apply(const struct request *r);

#endif
