/*
 * A hypervisor with a failover mechanism for one VNIC client and up to MAX_SERVERS servers: all that its users need.
 *
 * It knows nothing of the adapter protocol: adapter.c drives it as a console, a platform and the partitions would. Requirement
 * IDs (CRQ-2, FOV-3 ...) stand beside the code that carries them out.
 */
#ifndef HYPERVISOR_H
#define HYPERVISOR_H

#include "console.h"
#include "monitor.h"
#include "selection.h"
#include "state.h"
#include "subordinate.h"
#include "transport.h"
#include "vioctl.h"

#endif
