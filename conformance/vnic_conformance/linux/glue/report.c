// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/vnickit: what user space has to say to the host, one write each. "ready", or the
 * tag and status of a command that has ended, a line feed, and what it printed.
 */
#include "vnickit.h"

#include <linux/err.h>
#include <linux/init.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define MOST_BYTES	(64 * 1024)

static ssize_t hear(struct file *file, const char __user *text, size_t length, loff_t *offset)
{
	unsigned long long tag;
	char *said, *output;
	int status;

	if (length > MOST_BYTES)
		return -EMSGSIZE;
	said = memdup_user_nul(text, length);
	if (IS_ERR(said))
		return PTR_ERR(said);
	output = strchr(said, '\n');
	if (sscanf(said, "%llu %d", &tag, &status) == 2 && output) {
		output++;
		vnickit_tell(VNICKIT_ENDED, tag, status, virt_to_phys(output), said + length - output);
	} else {
		vnickit_tell(VNICKIT_READY, 0, 0, 0, 0);
	}
	kfree(said);
	return length;
}

static const struct proc_ops operations = { .proc_write = hear };

static int __init make(void)
{
	return proc_create("vnickit", 0200, NULL, &operations) ? 0 : -ENOMEM;
}
device_initcall(make);
