/* SPDX-License-Identifier: GPL-2.0-only */
/* Which interrupt controller there is: see interrupts.c. */
#ifndef VNICKIT_ASM_XIVE_H
#define VNICKIT_ASM_XIVE_H

#include <linux/types.h>

extern bool vnickit_xive;

static inline bool xive_enabled(void)
{
	return vnickit_xive;
}

#endif
