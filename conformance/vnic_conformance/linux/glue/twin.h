/* SPDX-License-Identifier: GPL-2.0-only */
/* What twin_user.c, which is compiled against libc, has for twin.c, which is not. */
#ifndef VNICKIT_TWIN_H
#define VNICKIT_TWIN_H

int vnickit_fork(const char *directory, int memory_fd);
int vnickit_connected_to(const char *name);
int vnickit_replace(int old, int fresh);
void vnickit_renew_epoll(void);

#endif
