/* What became of the request under way. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>

enum outcome { DONE, REFUSED, UNSUPPORTED, ERROR };

/* Say so in the reply; why: the reason where it is not done, or NULL. */
void answer(enum outcome outcome, const char *why);
/* Whether an observation may go with this outcome. */
bool answer_is_seen(void);

#endif
