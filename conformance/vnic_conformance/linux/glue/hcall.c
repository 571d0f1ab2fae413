// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hypervisor calls, answered by the host. The guest stands still, interrupts off, until
 * the answer is there.
 */
#include "vnickit.h"

#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/time-internal.h>

int vnickit_calls_fd = -1;
static DEFINE_SPINLOCK(calls_lock);

/* Returns the return code; without a host every call fails. */
s64 vnickit_call(struct vnickit_call *call, struct vnickit_answer *answer)
{
	unsigned long flags;

	if (vnickit_calls_fd < 0) {
		answer->rc = H_HARDWARE;
		return answer->rc;
	}
	spin_lock_irqsave(&calls_lock, flags);
	/* The host is to know what time it is when it is called. */
	time_travel_propagate_time();
	if (vnickit_write(vnickit_calls_fd, call, sizeof(*call)))
		panic("vnickit: the host has gone");
	for (;;) {
		/* It may tell the clock's new limit before it answers. */
		time_travel_wait_readable(vnickit_calls_fd);
		if (vnickit_read(vnickit_calls_fd, answer, sizeof(*answer)))
			panic("vnickit: the host has gone");
		if (answer->rc != VNICKIT_SPLIT)
			break;
		vnickit_split(answer);
	}
	spin_unlock_irqrestore(&calls_lock, flags);
	return answer->rc;
}

s64 vnickit_tell(u64 opcode, u64 arg0, u64 arg1, u64 arg2, u64 arg3)
{
	struct vnickit_call call = { .opcode = opcode, .arg = { arg0, arg1, arg2, arg3 } };
	struct vnickit_answer answer;

	return vnickit_call(&call, &answer);
}

/*
 * How many arguments an opcode has: no more may be read from a variable argument list.
 * One that is not listed goes out without arguments.
 */
static int argument_count(unsigned long opcode)
{
	switch (opcode) {
	case H_FREE_CRQ:
	case H_ENABLE_CRQ:
	case H_EOI:
		return 1;
	case H_VIO_SIGNAL:
	case H_FREE_SUB_CRQ:
		return 2;
	case H_REG_CRQ:
	case H_SEND_CRQ:
	case H_REG_SUB_CRQ:
		return 3;
	case H_SEND_SUB_CRQ_INDIRECT:
		return 4;
	case H_VIOCTL:
		return 5;
	case H_SEND_SUB_CRQ:
		return 6;
	}
	return 0;
}

static void collect(struct vnickit_call *call, va_list arguments)
{
	int i;

	for (i = 0; i < argument_count(call->opcode); i++)
		call->arg[i] = va_arg(arguments, unsigned long);
	/* An int leaves the upper half of its register undefined on x86. */
	call->arg[0] = (u32)call->arg[0];
	if (call->opcode == H_VIO_SIGNAL)
		call->arg[1] = (u32)call->arg[1];
}

long plpar_hcall_norets(unsigned long opcode, ...)
{
	struct vnickit_call call = { .opcode = opcode };
	struct vnickit_answer answer;
	va_list arguments;

	va_start(arguments, opcode);
	collect(&call, arguments);
	va_end(arguments);
	return vnickit_call(&call, &answer);
}
EXPORT_SYMBOL(plpar_hcall_norets);

long plpar_hcall(unsigned long opcode, unsigned long values[static PLPAR_HCALL_BUFSIZE], ...)
{
	struct vnickit_call call = { .opcode = opcode };
	struct vnickit_answer answer = {};
	va_list arguments;
	int i;

	va_start(arguments, values);
	collect(&call, arguments);
	va_end(arguments);
	vnickit_call(&call, &answer);
	for (i = 0; i < PLPAR_HCALL_BUFSIZE; i++)
		values[i] = answer.value[i];
	return answer.rc;
}
EXPORT_SYMBOL(plpar_hcall);

long plpar_hcall9(unsigned long opcode, unsigned long values[static PLPAR_HCALL9_BUFSIZE], ...)
{
	struct vnickit_call call = { .opcode = opcode };
	struct vnickit_answer answer = {};
	va_list arguments;
	int i;

	va_start(arguments, values);
	collect(&call, arguments);
	va_end(arguments);
	vnickit_call(&call, &answer);
	for (i = 0; i < PLPAR_HCALL9_BUFSIZE; i++)
		values[i] = answer.value[i];
	return answer.rc;
}
EXPORT_SYMBOL(plpar_hcall9);
