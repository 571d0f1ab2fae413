/* H_VIOCTL. */
#ifndef VIOCTL_H
#define VIOCTL_H

#include "state.h"

int h_vioctl(int who, bool own_unit, uint64_t sub, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t *r4);

#endif
