/* Who may serve, and who is to be selected; nothing is changed by asking. */
#ifndef SELECTION_H
#define SELECTION_H

#include "state.h"

bool eligible(int i);
/* Eligible but for a complaint. */
bool only_complaint(int i);
enum status shown_status(int i);
/* The server to be selected where nobody keeps the client, or NOBODY. */
int best(void);
/* Whether a server may take the client from the selected one. */
bool preempted(void);

#endif
