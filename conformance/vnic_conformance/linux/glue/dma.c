// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA mappings are told to the host, which then knows what a partner may reach. An I/O
 * bus address is the physical address: the host sees the same memory.
 */
#include "vnickit.h"

#include <linux/dma-map-ops.h>
#include <linux/gfp.h>

static bool map(struct device *device, dma_addr_t address, size_t size, enum dma_data_direction direction)
{
	return vnickit_tell(VNICKIT_MAP, to_vio_dev(device)->unit_address, address, size, direction) == 0;
}

static void unmap(struct device *device, dma_addr_t address, size_t size, enum dma_data_direction direction)
{
	vnickit_tell(VNICKIT_UNMAP, to_vio_dev(device)->unit_address, address, size, direction);
}

static void *alloc(struct device *device, size_t size, dma_addr_t *address, gfp_t gfp, unsigned long attrs)
{
	void *memory = alloc_pages_exact(size, gfp | __GFP_ZERO);

	if (!memory)
		return NULL;
	*address = virt_to_phys(memory);
	if (map(device, *address, size, DMA_BIDIRECTIONAL))
		return memory;
	free_pages_exact(memory, size);
	return NULL;
}

static void free(struct device *device, size_t size, void *memory, dma_addr_t address, unsigned long attrs)
{
	unmap(device, address, size, DMA_BIDIRECTIONAL);
	free_pages_exact(memory, size);
}

static dma_addr_t map_page(struct device *device, struct page *page, unsigned long offset, size_t size,
			   enum dma_data_direction direction, unsigned long attrs)
{
	dma_addr_t address = page_to_phys(page) + offset;

	return map(device, address, size, direction) ? address : DMA_MAPPING_ERROR;
}

static void unmap_page(struct device *device, dma_addr_t address, size_t size,
		       enum dma_data_direction direction, unsigned long attrs)
{
	unmap(device, address, size, direction);
}

const struct dma_map_ops vnickit_dma_ops = {
	.alloc = alloc,
	.free = free,
	.map_page = map_page,
	.unmap_page = unmap_page,
};
