/* The state, and the questions that are asked of it everywhere. */
#include "state.h"

struct vnic vnic;

struct partition *partition_of(int who)
{
    return who == CLIENT ? &vnic.client : &vnic.server[who].partition;
}

enum crq_state client_crq(void)
{
    if (!vnic.client.registered)
        return CRQ_CLOSED;
    return vnic.disabled ? CRQ_DISABLED : CRQ_OPEN;
}

bool session(void)
{
    for (int i = 0; i < vnic.servers; i++)
        if (vnic.server[i].connected)
            return true;
    return false;
}
