// SPDX-License-Identifier: GPL-2.0-only
/* The connections to the host: "vnickit=PATH" names the socket that it listens on. */
#include "vnickit.h"

#include <linux/init.h>
#include <linux/errno.h>
#include <shared/as-layout.h>
#include <init.h>
#include <mem.h>
#include <os.h>

extern unsigned long long physmem_size;

static char *socket_path;

static int __init vnickit_setup(char *text)
{
	socket_path = text;
	return 1;
}
__setup("vnickit=", vnickit_setup);

int vnickit_read(int fd, void *buffer, int length)
{
	while (length) {
		int got = os_read_file(fd, buffer, length);

		if (got == -EINTR || got == -EAGAIN)
			continue;
		if (got <= 0)
			return got ?: -ECONNRESET;
		buffer += got;
		length -= got;
	}
	return 0;
}

int vnickit_write(int fd, const void *buffer, int length)
{
	while (length) {
		int put = os_write_file(fd, buffer, length);

		if (put == -EINTR || put == -EAGAIN)
			continue;
		if (put <= 0)
			return put ?: -ECONNRESET;
		buffer += put;
		length -= put;
	}
	return 0;
}

/* Returns a file descriptor, -ENOENT where no socket was named, or another negative error. */
int vnickit_connect(enum vnickit_channel channel)
{
	struct vnickit_hello hello = {
		.magic = VNICKIT_MAGIC,
		.channel = channel,
		.memory_size = physmem_size,
		.memory_start = uml_reserved - uml_physmem,
	};
	unsigned long long offset;
	int fd, memory;

	if (!socket_path)
		return -ENOENT;
	fd = os_connect_socket(socket_path);
	if (fd < 0)
		return fd;
	memory = phys_mapping(physmem_size - PAGE_SIZE, &offset);
	if (os_sendmsg_fds(fd, &hello, sizeof(hello), &memory, 1) != sizeof(hello))
		return -EIO;
	return fd;
}
