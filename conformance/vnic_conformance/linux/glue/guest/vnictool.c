// SPDX-License-Identifier: GPL-2.0-only
/*
 * What busybox cannot do for a test of a network driver. In the guest, as user space:
 *
 *   vnictool run TAG COMMAND          run a shell command; report status and output to the host
 *   vnictool channels IFACE RX TX     numbers of queues, as "ethtool -L" does
 *   vnictool rings IFACE RX TX        numbers of descriptors, as "ethtool -G" does
 *   vnictool counters IFACE           the driver's own counters, as "ethtool -S" does
 *   vnictool settings IFACE           speed, duplex, link, as "ethtool" does
 *   vnictool join|leave IFACE MAC     a multicast address, as "ip maddress" does
 *   vnictool up IFACE [ADDRESS/PREFIX] as "ip link set" does, after "ip addr add"; the exit code is the error number
 *   vnictool down IFACE               as "ip link set" does; the exit code is the error number
 *   vnictool send IFACE HEX           a frame, destination first; the exit code is the error number
 *   vnictool hear                     report every frame that comes to any device to the host, in the background, for ever
 *
 * It is the first process, too: mounts, loads the driver, says that it is ready, and reaps. A script needs ten programs
 * for that, and to start a program is what takes most of a boot. For the same reason "run" starts neither a shell nor
 * itself for a command that is its own and nothing more.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#define MOST_OUTPUT	(48 * 1024)
#define MOST_FRAME	16384

static int failed(const char *what)
{
	fprintf(stderr, "vnictool: %s: %s\n", what, strerror(errno));
	return 1;
}

/* ---- run ----------------------------------------------------------------- */

static int carry_out(int argc, char **argv);

/* One of our own verbs, with words that no shell would change; 0: it is not. */
static int plain(const char *command, char *words, size_t size, char **argv, int most)
{
	int argc = 0;
	char *word;

	if (strncmp(command, "vnictool ", 9) || strlen(command) >= size || command[strcspn(command, "|&;<>()$`\\\"'*?[#~=%\n")])
		return 0;
	for (word = strtok(strcpy(words, command), " "); word && argc < most; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return word ? 0 : argc;
}

static pid_t start(const char *command, int output)
{
	static char words[4096];
	char *argv[8];
	pid_t child = fork();
	int argc;

	if (child)
		return child;
	dup2(output, 1);
	dup2(output, 2);
	close(output);
	argc = plain(command, words, sizeof(words), argv, 7);
	if (argc) {
		/* What exec() would have closed; who goes to the background would keep our reader waiting. */
		close_range(3, ~0u, 0);
		argc = carry_out(argc, argv);
		fflush(NULL);
		_exit(argc);
	}
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* Status: the exit code, or 128 and the signal that ended it, as a shell says. */
static int run(const char *tag, const char *command)
{
	static char said[MOST_OUTPUT + 64];
	int ends[2], status, report;
	size_t length;
	ssize_t got;
	char *output;
	pid_t child;

	/* A helper of the kernel starts without descriptors. */
	while (open("/dev/null", O_RDWR) < 2)
		;
	report = open("/proc/vnickit", O_WRONLY | O_CLOEXEC);
	if (report < 0 || pipe2(ends, O_CLOEXEC))
		return failed("run");
	child = start(command, ends[1]);
	close(ends[1]);
	/* The header comes before the output, and is known after it. */
	output = said + 64;
	length = 0;
	while ((got = read(ends[0], output + length, MOST_OUTPUT - length)) > 0)
		length += got;
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return failed("run");
	got = snprintf(said, 64, "%s %d\n", tag, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	memmove(said + got, output, length);
	return write(report, said, got + length) < 0 ? failed("/proc/vnickit") : 0;
}

/* ---- ioctls ---------------------------------------------------------------- */

static int device_call(const char *name, unsigned long request, struct ifreq *asked)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), rc;

	if (fd < 0)
		return -1;
	snprintf(asked->ifr_name, sizeof(asked->ifr_name), "%s", name);
	rc = ioctl(fd, request, asked);
	close(fd);
	return rc;
}

static int ethtool_call(const char *name, void *command)
{
	struct ifreq asked = { .ifr_data = command };

	return device_call(name, SIOCETHTOOL, &asked);
}

static int channels(const char *name, unsigned int rx, unsigned int tx)
{
	struct ethtool_channels wanted = { .cmd = ETHTOOL_GCHANNELS };

	if (ethtool_call(name, &wanted))
		return failed("ETHTOOL_GCHANNELS");
	wanted.cmd = ETHTOOL_SCHANNELS;
	wanted.rx_count = rx;
	wanted.tx_count = tx;
	return ethtool_call(name, &wanted) ? failed("ETHTOOL_SCHANNELS") : 0;
}

static int rings(const char *name, unsigned int rx, unsigned int tx)
{
	struct ethtool_ringparam wanted = { .cmd = ETHTOOL_GRINGPARAM };

	if (ethtool_call(name, &wanted))
		return failed("ETHTOOL_GRINGPARAM");
	wanted.cmd = ETHTOOL_SRINGPARAM;
	wanted.rx_pending = rx;
	wanted.tx_pending = tx;
	return ethtool_call(name, &wanted) ? failed("ETHTOOL_SRINGPARAM") : 0;
}

static int counters(const char *name)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ethtool_gstrings *names;
	struct ethtool_stats *values;
	unsigned int i;

	if (ethtool_call(name, &info))
		return failed("ETHTOOL_GDRVINFO");
	names = calloc(1, sizeof(*names) + info.n_stats * ETH_GSTRING_LEN);
	values = calloc(1, sizeof(*values) + info.n_stats * sizeof(uint64_t));
	if (!names || !values)
		return failed("counters");
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_STATS;
	values->cmd = ETHTOOL_GSTATS;
	names->len = values->n_stats = info.n_stats;
	if (ethtool_call(name, names) || ethtool_call(name, values))
		return failed("ETHTOOL_GSTATS");
	for (i = 0; i < info.n_stats; i++)
		printf("%.*s %llu\n", ETH_GSTRING_LEN, (char *)names->data + i * ETH_GSTRING_LEN,
		       (unsigned long long)values->data[i]);
	return 0;
}

static int settings(const char *name)
{
	struct ethtool_value link = { .cmd = ETHTOOL_GLINK };
	struct {
		struct ethtool_link_settings base;
		uint32_t masks[3 * 127];
	} found = { .base = { .cmd = ETHTOOL_GLINKSETTINGS } };

	if (ethtool_call(name, &link))
		return failed("ETHTOOL_GLINK");
	/* The first call says how many words the masks have. */
	if (ethtool_call(name, &found))
		return failed("ETHTOOL_GLINKSETTINGS");
	found.base.cmd = ETHTOOL_GLINKSETTINGS;
	found.base.link_mode_masks_nwords = -found.base.link_mode_masks_nwords;
	if (ethtool_call(name, &found))
		return failed("ETHTOOL_GLINKSETTINGS");
	printf("link %u\nspeed %d\nduplex %u\n", link.data, (int)found.base.speed, found.base.duplex);
	return 0;
}

static int multicast(const char *name, const char *mac, unsigned long request)
{
	struct ifreq asked = {};
	unsigned char *byte = (unsigned char *)asked.ifr_hwaddr.sa_data;

	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", byte, byte + 1, byte + 2, byte + 3, byte + 4, byte + 5) != 6) {
		errno = EINVAL;
		return failed(mac);
	}
	return device_call(name, request, &asked) ? failed(mac) : 0;
}

/* ---- up and down -------------------------------------------------------------- */

/* A request of routing netlink; the error that it is answered with, 0 for none. */
static int ask_kernel(const void *asked, size_t size)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr said;
		char rest[256];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), error = 0;

	if (fd < 0 || send(fd, asked, size, 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0)
		error = errno;
	close(fd);
	return error ? error : -answer.said.error;
}

/*
 * In one request. busybox looks at the flags first, without the lock, and asks for nothing
 * where they seem to be right: a close that meets an open is lost.
 */
static int set_up(const char *name, int up)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} asked = {
		.head = {
			.nlmsg_len = sizeof(asked), .nlmsg_type = RTM_NEWLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.link = { .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP },
	};
	int error;

	asked.link.ifi_index = if_nametoindex(name);
	error = asked.link.ifi_index ? ask_kernel(&asked, sizeof(asked)) : errno;
	if (error) {
		errno = error;
		failed(name);
	}
	return error;
}

/* An address that is there already is no error. */
static int add_address(const char *name, const char *text)
{
	struct {
		struct nlmsghdr head;
		struct ifaddrmsg address;
		struct {
			struct rtattr head;
			struct in_addr value;
		} local, own;
	} asked = {
		.head = {
			.nlmsg_len = sizeof(asked), .nlmsg_type = RTM_NEWADDR,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
		},
		.address = { .ifa_family = AF_INET },
		.local.head = { .rta_len = sizeof(asked.local), .rta_type = IFA_LOCAL },
		.own.head = { .rta_len = sizeof(asked.own), .rta_type = IFA_ADDRESS },
	};
	unsigned int part[4], prefix;
	int error;

	if (sscanf(text, "%u.%u.%u.%u/%u", part, part + 1, part + 2, part + 3, &prefix) != 5) {
		errno = EINVAL;
		failed(text);
		return EINVAL;
	}
	asked.local.value.s_addr = htonl(part[0] << 24 | part[1] << 16 | part[2] << 8 | part[3]);
	asked.own.value = asked.local.value;
	asked.address.ifa_prefixlen = prefix;
	asked.address.ifa_index = if_nametoindex(name);
	error = asked.address.ifa_index ? ask_kernel(&asked, sizeof(asked)) : errno;
	if (error && error != EEXIST) {
		errno = error;
		failed(text);
	}
	return error == EEXIST ? 0 : error;
}

/* ---- frames ---------------------------------------------------------------- */

static int send_frame(const char *name, const char *hex)
{
	static unsigned char frame[MOST_FRAME];
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	size_t length = 0;
	int fd;

	while (length < sizeof(frame) && sscanf(hex + 2 * length, "%2hhx", frame + length) == 1)
		length++;
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	to.sll_ifindex = if_nametoindex(name);
	if (fd < 0 || !to.sll_ifindex || sendto(fd, frame, length, 0, (struct sockaddr *)&to, sizeof(to)) < 0) {
		failed("send");
		return errno;
	}
	return 0;
}

/* In the background, once it listens. Tag 0 is no command's: what follows the line is a frame. */
static int hear(void)
{
	static char said[8 + MOST_FRAME] = "0 0\n";
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), report, one = 1;
	struct sockaddr_ll from;
	socklen_t size;
	ssize_t got;

	report = open("/proc/vnickit", O_WRONLY);
	if (fd < 0 || report < 0 || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)))
		return failed("hear");
	switch (fork()) {
	case 0:
		break;
	case -1:
		return failed("hear");
	default:
		return 0;
	}
	close(1);
	close(2);
	for (;;) {
		size = sizeof(from);
		got = recvfrom(fd, said + 4, MOST_FRAME, 0, (struct sockaddr *)&from, &size);
		/* The loopback device is nobody's business. A device that goes down is told once as an error. */
		if (got > 0 && from.sll_hatype == ARPHRD_ETHER && write(report, said, 4 + got) < 0)
			return failed("/proc/vnickit");
	}
}

/* ---- the first process -------------------------------------------------------- */

static const struct {
	const char *type, *place;
} mounts[] = {
	{ "proc", "/proc" },
	{ "sysfs", "/sys" },
	{ "devtmpfs", "/dev" },
	{ "tmpfs", "/tmp" },
	{ "debugfs", "/sys/kernel/debug" },
};

/* Whether the kernel's command line has this word. */
static int told(const char *word)
{
	char line[4096];
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, line, sizeof(line) - 1);

	close(fd);
	line[got > 0 ? got : 0] = 0;
	return strstr(line, word) != NULL;
}

static int loopback_up(void)
{
	struct ifreq asked = { .ifr_flags = IFF_UP };

	return device_call("lo", SIOCSIFFLAGS, &asked);
}

static int load_driver(void)
{
	int fd = open("/ibmvnic.ko", O_RDONLY | O_CLOEXEC), rc;

	rc = syscall(SYS_finit_module, fd, told("vnickit_debug") ? "dyndbg=+p" : "", 0);
	close(fd);
	return rc;
}

/* What fails is said on the console, and the host misses what does not come of it. */
static _Noreturn void first_process(void)
{
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		if (mount(mounts[i].type, mounts[i].place, mounts[i].type, 0, NULL))
			failed(mounts[i].place);
	if (loopback_up())
		failed("lo");
	if (load_driver())
		failed("the driver cannot be loaded");
	fd = open("/proc/vnickit", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "ready\n", 6) < 0)
		failed("/proc/vnickit");
	close(fd);
	/* Whoever is left to it is reaped by the kernel. */
	signal(SIGCHLD, SIG_IGN);
	for (;;)
		pause();
}

static int carry_out(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";


	if (!strcmp(verb, "run") && argc == 4)
		return run(argv[2], argv[3]);
	if (!strcmp(verb, "channels") && argc == 5)
		return channels(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (!strcmp(verb, "rings") && argc == 5)
		return rings(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (!strcmp(verb, "counters") && argc == 3)
		return counters(argv[2]);
	if (!strcmp(verb, "settings") && argc == 3)
		return settings(argv[2]);
	if (!strcmp(verb, "join") && argc == 4)
		return multicast(argv[2], argv[3], SIOCADDMULTI);
	if (!strcmp(verb, "leave") && argc == 4)
		return multicast(argv[2], argv[3], SIOCDELMULTI);
	if (!strcmp(verb, "up") && (argc == 3 || argc == 4)) {
		int error = argc == 4 ? add_address(argv[2], argv[3]) : 0;

		return error ? error : set_up(argv[2], 1);
	}
	if (!strcmp(verb, "down") && argc == 3)
		return set_up(argv[2], 0);
	if (!strcmp(verb, "send") && argc == 4)
		return send_frame(argv[2], argv[3]);
	if (argc == 2 && !strcmp(argv[1], "hear"))
		return hear();
	fprintf(stderr, "vnictool: run, channels, rings, counters, settings, join, leave, up, down, send or hear; see vnictool.c\n");
	return 2;
}

int main(int argc, char **argv)
{
	if (getpid() == 1)
		first_process();
	return carry_out(argc, argv);
}
