/* SPDX-License-Identifier: GPL-2.0-only */
/* The firmware has none of the features that a driver may ask for. */
#ifndef VNICKIT_ASM_FIRMWARE_H
#define VNICKIT_ASM_FIRMWARE_H

#define FW_FEATURE_LPAR	1UL
#define FW_FEATURE_CMO	2UL

static inline int firmware_has_feature(unsigned long feature)
{
	return 0;
}

#endif
