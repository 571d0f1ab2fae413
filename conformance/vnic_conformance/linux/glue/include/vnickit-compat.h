/* SPDX-License-Identifier: GPL-2.0-only */
/* For a driver of an older kernel: names that this kernel no longer has. */
#ifndef MAX_ORDER
#define MAX_ORDER	(MAX_PAGE_ORDER + 1)
#endif
#define napi_reschedule	napi_schedule
