// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's side of making a twin: a process with a copy of everything that this one has. What
 * fork() shares and must not be shared is made anew: the guest's memory, which is a file, the
 * console, the connections to the host, and what tells of their being readable.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <longjmp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include "twin.h"

/* No more descriptors than these are open in a guest. */
#define DESCRIPTORS	64
#define TEXT		(1 << 20)

/*
 * What the twin begins with is not in the guest's memory, which it has not yet: no stack of the
 * guest's either.
 */
static char stack[64 * 1024] __attribute__((aligned(16)));
static jmp_buf back;
static char place[PATH_MAX];
static int memory, ready[2];

static __attribute__((noreturn)) void give_up(const char *what)
{
	char said[128];

	snprintf(said, sizeof(said), "vnickit: a twin cannot be made: %s: error %d\n", what, errno);
	if (write(2, said, strlen(said)) < 0)
		_exit(2);
	_exit(1);
}

/* A file of /proc, whole: what is done because of it may change it. */
static char *whole(const char *name)
{
	char *text = mmap(NULL, TEXT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	if (fd < 0 || text == MAP_FAILED)
		give_up(name);
	while ((got = read(fd, text + length, TEXT - 1 - length)) > 0)
		length += got;
	if (got < 0 || length == TEXT - 1)
		give_up(name);
	close(fd);
	text[length] = 0;
	return text;
}

/* The next line of a text, which ends there; NULL: there is none. */
static char *next_line(char **text)
{
	char *line = *text, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = 0;
	*text = end + 1;
	return line;
}

static int copy_of_memory(const struct stat *old)
{
	int fresh = memfd_create("vnickit", MFD_CLOEXEC);
	off_t at = 0, end;

	if (fresh < 0 || ftruncate(fresh, old->st_size))
		give_up("memory");
	while ((at = lseek(memory, at, SEEK_DATA)) >= 0) {
		end = lseek(memory, at, SEEK_HOLE);
		if (end < 0 || lseek(fresh, at, SEEK_SET) < 0)
			give_up("memory");
		while (at < end)
			if (sendfile(fresh, memory, &at, end - at) <= 0)
				give_up("memory");
	}
	return fresh;
}

/* Everything that shows the old memory shows the new one. */
static void show_memory(int fresh, const struct stat *old)
{
	char *text = whole("/proc/self/maps"), *rest = text, *line, rights[8];
	unsigned long begin, end, inode;
	unsigned long long offset;
	unsigned int major, minor;
	int protection;

	while ((line = next_line(&rest))) {
		if (sscanf(line, "%lx-%lx %4s %llx %x:%x %lu", &begin, &end, rights, &offset, &major, &minor,
			   &inode) != 7)
			continue;
		if (inode != old->st_ino || makedev(major, minor) != old->st_dev || rights[3] != 's')
			continue;
		protection = (rights[0] == 'r' ? PROT_READ : 0) | (rights[1] == 'w' ? PROT_WRITE : 0) |
			     (rights[2] == 'x' ? PROT_EXEC : 0);
		if (mmap((void *)begin, end - begin, protection, MAP_SHARED | MAP_FIXED, fresh, offset) == MAP_FAILED)
			give_up("a mapping");
	}
	munmap(text, TEXT);
}

/* Whatever was written to the old console goes to the one that lies here. */
static void change_console(void)
{
	int fresh = open("console", O_WRONLY | O_APPEND | O_CLOEXEC), fd;
	struct stat old, other;

	if (fresh < 0 || fstat(1, &old))
		give_up("console");
	for (fd = 0; fd < DESCRIPTORS; fd++)
		if (fd != fresh && !fstat(fd, &other) && other.st_ino == old.st_ino && other.st_dev == old.st_dev &&
		    dup2(fresh, fd) < 0)
			give_up("console");
	close(fresh);
}

static int begin(void *nothing)
{
	struct stat old;
	int fresh;

	if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) || fstat(memory, &old))
		give_up("process");
	fresh = copy_of_memory(&old);
	show_memory(fresh, &old);
	if (dup2(fresh, memory) < 0 || close(fresh) || fcntl(memory, F_SETFD, FD_CLOEXEC))
		give_up("memory");
	if (chdir(place))
		give_up(place);
	change_console();
	if (write(ready[1], "", 1) != 1)
		give_up("the other one");
	close(ready[0]);
	close(ready[1]);
	longjmp(back, 1);
	return 0;
}

/*
 * Makes a twin, which lives in a directory. Its parent is ours: the host, which started us. Returns
 * 1 in the twin, 0 in who has it, else a negative error.
 */
int vnickit_fork(const char *directory, int memory_fd)
{
	char byte;
	int got, error;

	strncpy(place, directory, sizeof(place) - 1);
	memory = memory_fd;
	if (pipe(ready))
		return -errno;
	/* From here on nothing is written that the twin must not find as it is now. */
	if (setjmp(back))
		return 1;
	if (clone(begin, stack + sizeof(stack), CLONE_PARENT | SIGCHLD, NULL) < 0) {
		error = -errno;
		close(ready[0]);
		close(ready[1]);
		return error;
	}
	close(ready[1]);
	do
		got = read(ready[0], &byte, 1);
	while (got < 0 && errno == EINTR);
	close(ready[0]);
	return got == 1 ? 0 : -EIO;
}

/* The descriptor of the connection to a socket of this name, wherever that lies; -1: there is none. */
int vnickit_connected_to(const char *name)
{
	struct sockaddr_un peer;
	socklen_t size;
	char *last;
	int fd;

	for (fd = 0; fd < DESCRIPTORS; fd++) {
		size = sizeof(peer) - 1;
		memset(&peer, 0, sizeof(peer));
		if (getpeername(fd, (struct sockaddr *)&peer, &size) || peer.sun_family != AF_UNIX)
			continue;
		last = strrchr(peer.sun_path, '/');
		if (!strcmp(last ? last + 1 : peer.sun_path, name))
			return fd;
	}
	return -1;
}

/* A connection takes the number and the settings of another, which is closed. Returns 0, or a negative error. */
int vnickit_replace(int old, int fresh)
{
	int flags = fcntl(old, F_GETFL), sig = fcntl(old, F_GETSIG), kept = fcntl(old, F_GETFD);

	if (fresh < 0)
		return fresh;
	if (flags < 0 || sig < 0 || kept < 0 || fcntl(fresh, F_SETOWN, getpid()) || fcntl(fresh, F_SETSIG, sig) ||
	    fcntl(fresh, F_SETFL, flags) || dup2(fresh, old) < 0 || fcntl(old, F_SETFD, kept) || close(fresh))
		return -errno;
	return 0;
}

/* What waits for descriptors is the other one's, too: one of our own that waits for the same. */
void vnickit_renew_epoll(void)
{
	char name[64], target[64], *text, *rest, *line;
	struct epoll_event event;
	unsigned long long data;
	int fd, fresh, waited;
	ssize_t length;

	for (fd = 0; fd < DESCRIPTORS; fd++) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		length = readlink(name, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = 0;
		if (strcmp(target, "anon_inode:[eventpoll]"))
			continue;
		snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
		fresh = epoll_create1(EPOLL_CLOEXEC);
		text = rest = whole(name);
		while ((line = next_line(&rest))) {
			if (sscanf(line, "tfd: %d events: %x data: %llx", &waited, &event.events, &data) != 3)
				continue;
			event.data.u64 = data;
			if (epoll_ctl(fresh, EPOLL_CTL_ADD, waited, &event))
				give_up("epoll");
		}
		munmap(text, TEXT);
		if (fresh < 0 || dup2(fresh, fd) < 0 || close(fresh))
			give_up("epoll");
	}
}
