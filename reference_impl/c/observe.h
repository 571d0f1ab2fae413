/* Everything that can be seen, into the reply under way. */
#ifndef OBSERVE_H
#define OBSERVE_H

void observe(void);

#endif
