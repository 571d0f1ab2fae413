// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host wants. An order arrives in two steps: take() moves it from the socket
 * into a ring, at once; deliver() carries it out as an interrupt, and whatever may sleep
 * in a worker.
 */
#include "vnickit.h"

#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include <linux/time-internal.h>
#include <linux/umh.h>
#include <linux/workqueue.h>
#include <irq_kern.h>
#include <os.h>

#define SLOTS		256
#define SLOT_BYTES	4000	/* wire.py: ORDER_BYTES */

/*
 * take() runs in a signal handler which nothing keeps away, as a non-maskable interrupt:
 * it must neither allocate nor lock. Hence a ring; each index has one writer.
 */
static struct slot {
	struct vnickit_order order;
	char data[SLOT_BYTES];
} ring[SLOTS];
static unsigned int taken, delivered;

int vnickit_orders_fd = -1;

struct job {
	struct work_struct work;
	struct vnickit_order order;
	char data[];
};

static int run_command(const struct job *job)
{
	char tag[24];
	char *argv[] = { "/bin/vnictool", "run", tag, (char *)job->data, NULL };
	char *envp[] = { "PATH=/bin", "HOME=/", NULL };

	snprintf(tag, sizeof(tag), "%llu", job->order.tag);
	/*
	 * Not until it ends: a worker that waits for minutes would be reported as a hung
	 * task. vnictool reports the end.
	 */
	return call_usermodehelper(argv[0], argv, envp, UMH_WAIT_EXEC);
}

static void do_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);
	int rc = 0;

	switch (job->order.kind) {
	case VNICKIT_ADD:
		rc = vnickit_add_device((struct vnickit_device *)job->data);
		break;
	case VNICKIT_REMOVE:
		rc = vnickit_remove_device(*(u32 *)job->data);
		break;
	case VNICKIT_LOOK:
		vnickit_look();
		break;
	case VNICKIT_RUN:
		rc = run_command(job);
		break;
	}
	if (job->order.kind != VNICKIT_RUN || rc)
		vnickit_tell(VNICKIT_ENDED, job->order.tag, rc, 0, 0);
	kfree(job);
}

static void start_job(const struct slot *slot)
{
	struct job *job = kzalloc(sizeof(*job) + slot->order.length + 1, GFP_ATOMIC);

	if (!job)
		panic("vnickit: no memory for an order of the host");
	job->order = slot->order;
	memcpy(job->data, slot->data, slot->order.length);
	INIT_WORK(&job->work, do_job);
	queue_work(system_unbound_wq, &job->work);
}

static irqreturn_t deliver(int irq, void *data)
{
	while (delivered != READ_ONCE(taken)) {
		struct slot *slot = &ring[delivered % SLOTS];

		if (slot->order.kind == VNICKIT_INTERRUPT)
			vnickit_interrupt(slot->order.tag);
		else
			start_job(slot);
		WRITE_ONCE(delivered, delivered + 1);
	}
	return IRQ_HANDLED;
}

/* Takes every order that is there and acknowledges each; they are delivered now, in virtual time. */
static void take(int irq, int fd, void *data, struct time_travel_event *event)
{
	for (;;) {
		struct slot *slot = &ring[taken % SLOTS];
		int got = os_read_file(vnickit_orders_fd, &slot->order, sizeof(slot->order));

		if (got == -EINTR)
			continue;
		if (got == -EAGAIN)
			return;
		if (got <= 0 || vnickit_read(vnickit_orders_fd, (void *)&slot->order + got, sizeof(slot->order) - got))
			panic("vnickit: the host has gone");
		if (slot->order.length > SLOT_BYTES || taken - READ_ONCE(delivered) >= SLOTS - 1)
			panic("vnickit: more orders at once, or a longer one, than there is room for");
		if (vnickit_read(vnickit_orders_fd, slot->data, slot->order.length))
			panic("vnickit: the host has gone");
		barrier();
		WRITE_ONCE(taken, taken + 1);
		time_travel_add_irq_event(event);
		vnickit_write(vnickit_orders_fd, &slot->order.tag, sizeof(slot->order.tag));
	}
}

static int __init connect(void)
{
	vnickit_calls_fd = vnickit_connect(VNICKIT_CALLS);
	if (vnickit_calls_fd == -ENOENT)
		return 0;
	vnickit_orders_fd = vnickit_connect(VNICKIT_ORDERS);
	if (vnickit_calls_fd < 0 || vnickit_orders_fd < 0)
		panic("vnickit: cannot connect to the host: %d, %d", vnickit_calls_fd, vnickit_orders_fd);
	if (time_travel_mode != TT_MODE_EXTERNAL)
		panic("vnickit: the clock has to be the host's: time-travel=ext:PATH");
	return um_request_irq_tt(UM_IRQ_ALLOC, vnickit_orders_fd, IRQ_READ, deliver, IRQF_SHARED, "vnickit",
				 &vnickit_orders_fd, take) < 0 ? -EIO : 0;
}
device_initcall(connect);
