/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of I/O bus memory are 4 KiB; nobody looks into the table. */
#ifndef VNICKIT_ASM_IOMMU_H
#define VNICKIT_ASM_IOMMU_H

#include <linux/align.h>
#include <linux/stddef.h>

struct device;
struct iommu_table;

static inline struct iommu_table *get_iommu_table_base(struct device *device)
{
	return NULL;
}

#define IOMMU_PAGE_ALIGN(address, table)	ALIGN(address, 4096)

#endif
