// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's getrandom(), with the same bytes in every run: the kernel is linked with
 * libc.a, and a function that is defined here is not taken from there. A 64-bit
 * generator of the xorshift family; it need not be good, only not constant.
 */
#include <linux/types.h>

ssize_t getrandom(void *buffer, size_t length, unsigned int flags);

ssize_t getrandom(void *buffer, size_t length, unsigned int flags)
{
	static u64 state = 0x56494e4349544bULL;
	u8 *byte = buffer;
	size_t i;

	for (i = 0; i < length; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		byte[i] = state >> 32;
	}
	return length;
}
