/* What became of the request under way. */
#include "answer.h"

#include "json.h"

static bool seen; /* the outcome is one with which an observation goes */

void answer(enum outcome outcome, const char *why)
{
    static const char *const NAMES[] = {"done", "refused", "unsupported", "error"};

    seen = outcome == DONE || outcome == REFUSED;
    reply_text("outcome", NAMES[outcome]);
    if (why)
        reply_text(outcome == ERROR ? "error" : "reason", why);
}

bool answer_is_seen(void)
{
    return seen;
}
