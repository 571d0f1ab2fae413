// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt sources of the hypervisor. "vnickit_xics" chooses an interrupt controller
 * whose end-of-interrupt the driver itself has to issue; without it that is the
 * platform's (XIVE).
 */
#include "vnickit.h"

#include <linux/export.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <asm/xive.h>

/*
 * User-Mode Linux has 64 interrupts, without sparse numbering, and marks them all as
 * taken. It uses the first few; the others are given back, for our domain to hand out.
 */
#define FIRST_OURS	16

bool vnickit_xive = true;
EXPORT_SYMBOL(vnickit_xive);

static struct irq_domain *domain;

static int __init choose_xics(char *text)
{
	vnickit_xive = false;
	return 1;
}
__setup("vnickit_xics", choose_xics);

static void nothing(struct irq_data *data)
{
}

static struct irq_chip chip = {
	.name = "VIO",
	.irq_ack = nothing,
	.irq_mask = nothing,
	.irq_unmask = nothing,
	.irq_eoi = nothing,
};

static int map(struct irq_domain *of, unsigned int irq, irq_hw_number_t source)
{
	irq_set_chip_and_handler(irq, &chip, handle_edge_irq);
	return 0;
}

static const struct irq_domain_ops domain_ops = { .map = map };

unsigned int vnickit_map_source(u64 source)
{
	return irq_create_mapping(domain, source);
}

/* Pulses a source; one that nobody has mapped is ignored, as hardware would. */
void vnickit_interrupt(u64 source)
{
	generic_handle_domain_irq(domain, source);
}

static int __init make_domain(void)
{
	irq_free_descs(FIRST_OURS, NR_IRQS - FIRST_OURS);
	domain = irq_domain_add_tree(NULL, &domain_ops, NULL);
	if (!domain)
		return -ENOMEM;
	irq_set_default_host(domain);
	return 0;
}
subsys_initcall(make_domain);
