// SPDX-License-Identifier: GPL-2.0-only
/*
 * ptrace() of libc, for hosts whose processors have more registers than User-Mode Linux keeps room
 * for. It asks for as much of the extended state as it has room for, and gets that; but a host takes
 * back only the whole of it, with 8 KiB of tiles where a processor has AMX, and else says EFAULT.
 * So what comes up short goes back in front of zeros: of the rest the header says that it is unused.
 */
#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* No state of today's processors is as large; it grows with the processor. */
#define MOST		(32 * 1024)
/* In the header of the state: which of its components hold something. */
#define PRESENT		512
/* x87, SSE, AVX, MPX, AVX-512 and PKRU: what there is room for. */
#define KEPT		0x2ffULL

static size_t whole_state(void)
{
	unsigned int eax, ebx, ecx, edx;

	if (!__get_cpuid_count(0xd, 0, &eax, &ebx, &ecx, &edx))
		return 0;
	return ebx;
}

static long set_whole_state(long pid, const struct iovec *given)
{
	static char state[MOST] __attribute__((aligned(64)));
	struct iovec whole = { state, whole_state() };
	uint64_t present;

	if (whole.iov_len > MOST || whole.iov_len <= given->iov_len ||
	    given->iov_len < PRESENT + sizeof present) {
		errno = EFAULT;
		return -1;
	}
	memset(state, 0, whole.iov_len);
	memcpy(state, given->iov_base, given->iov_len);
	memcpy(&present, state + PRESENT, sizeof present);
	present &= KEPT;
	memcpy(state + PRESENT, &present, sizeof present);
	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &whole);
}

/* As libc has it: what is peeked at is what comes back. */
long ptrace(enum __ptrace_request request, ...)
{
	va_list more;
	long pid, got, word;
	void *address, *data;

	va_start(more, request);
	pid = va_arg(more, pid_t);
	address = va_arg(more, void *);
	data = va_arg(more, void *);
	va_end(more);
	if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
		got = syscall(SYS_ptrace, request, pid, address, &word);
		if (got < 0)
			return got;
		errno = 0;
		return word;
	}
	got = syscall(SYS_ptrace, request, pid, address, data);
	if (got < 0 && errno == EFAULT && request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE)
		return set_whole_state(pid, data);
	return got;
}
