/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the glue share, and the wire format: vnic_conformance/linux/wire.py
 * is its other side. Little-endian machine words, no padding.
 */
#ifndef VNICKIT_H
#define VNICKIT_H

#include <linux/types.h>
#include <asm/vio.h>

#undef pr_fmt
#define pr_fmt(fmt) "vnickit: " fmt

#define VNICKIT_MAGIC	0x32304b4349434e56ULL	/* also the version of the wire format */

/* ---- wire.c: two connections to the host -------------------------------- */

enum vnickit_channel { VNICKIT_CALLS, VNICKIT_ORDERS };

/* The first message on each; the file behind the guest's memory comes along (SCM_RIGHTS). */
struct vnickit_hello {
	u64 magic, channel;
	u64 memory_size;	/* bytes; an I/O bus address is an offset in the file */
	u64 memory_start;	/* below it lies the kernel's image, which the file does not have */
};

int vnickit_connect(enum vnickit_channel channel);
int vnickit_read(int fd, void *buffer, int length);
int vnickit_write(int fd, const void *buffer, int length);

/* ---- hcall.c: calls, the hypervisor's and our own ----------------------- */

#define VNICKIT_ARGS	9

struct vnickit_call {
	u64 opcode;
	u64 arg[VNICKIT_ARGS];
};

struct vnickit_answer {
	s64 rc;
	u64 value[VNICKIT_ARGS];
};

/* Our own opcodes, far from the hypervisor's. All but MAP are answered with 0. */
#define VNICKIT_READY	0xF0000	/* user space has started and the driver is loaded */
#define VNICKIT_ENDED	0xF0001	/* an order has ended: tag, status, address and length of its output */
#define VNICKIT_NETDEV	0xF0002	/* something happened to a network device: see netdev.c */
#define VNICKIT_COUNTS	0xF0003	/* counters of a network device: see netdev.c */
#define VNICKIT_MAP	0xF0004	/* unit, address, length, direction; not 0: refused */
#define VNICKIT_UNMAP	0xF0005	/* unit, address, length, direction */

s64 vnickit_call(struct vnickit_call *call, struct vnickit_answer *answer);
s64 vnickit_tell(u64 opcode, u64 arg0, u64 arg1, u64 arg2, u64 arg3);
extern int vnickit_calls_fd, vnickit_orders_fd;

/* What can have happened to a network device. */
enum vnickit_netdev_event {
	VNICKIT_REGISTERED = 1,
	VNICKIT_UNREGISTERED,
	VNICKIT_UP,
	VNICKIT_DOWN,
	VNICKIT_CHANGED,	/* flags or carrier */
	VNICKIT_MTU,
	VNICKIT_ADDRESS,
	VNICKIT_RENAMED,
	VNICKIT_PEERS_NOTIFIED,
	VNICKIT_SEEN,		/* nothing; this is how it is now */
};

/* ---- twin.c --------------------------------------------------------------- */

/*
 * Return code of an answer that is none: make a twin, which lives in the directory that the values
 * are, as text; then wait for the answer again, both of us.
 */
#define VNICKIT_SPLIT	0x54494c50534b4956LL

void vnickit_split(const struct vnickit_answer *asked);

/* ---- orders.c: what the host wants -------------------------------------- */

enum vnickit_order_kind {
	VNICKIT_INTERRUPT = 1,	/* tag: the source */
	VNICKIT_ADD,		/* data: struct vnickit_device */
	VNICKIT_REMOVE,		/* data: u32 unit */
	VNICKIT_RUN,		/* data: a shell command */
	VNICKIT_LOOK,		/* report every device as it is now, and its counters */
};

struct vnickit_order {
	u32 kind, length;	/* length: bytes of data that follow */
	u64 tag;		/* returned when the order ends */
};

struct vnickit_device {
	u32 unit, source;
	u8 mac[8];		/* six bytes and two of padding */
};

/* ---- the rest ----------------------------------------------------------- */

int vnickit_add_device(const struct vnickit_device *device);
int vnickit_remove_device(u32 unit);
void vnickit_interrupt(u64 source);
unsigned int vnickit_map_source(u64 source);
void vnickit_look(void);
extern const struct dma_map_ops vnickit_dma_ops;

#endif
