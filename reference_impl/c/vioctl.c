/* H_VIOCTL: reports of servers, the session token, complaints, the record of a server (MON-1, MON-7, SES). */
#include "vioctl.h"

#include "failover.h"
#include "fault.h"
#include "selection.h"
#include "subordinate.h"

#include <string.h>

enum {
    DISABLE_ALL = 0x0A, DISABLE = 0x0B, ENABLE = 0x0C, FW_RESET = 0x11, SERVER_STATUS = 0x18, GET_TOKEN = 0x19,
    SESSION_ERROR = 0x1A, SERVER_INFO = 0x1B, PREPARE_SUSPEND = 0x1D, READY_SUSPEND = 0x1E
};

/* MON-1, MON-4: the order of the checks; then the status is what is reported. */
static int server_status(int i, uint64_t status, uint64_t interval, uint64_t unused)
{
    struct server *s = &vnic.server[i];

    if (unused)
        return H_PARAMETER;
    if (!s->listed || !s->partition.registered)
        return H_STATE;
    if (status < OPERATIONAL || status > ADAPTER_ERROR || interval < 1)
        return H_PARAMETER;
    if (status == OPERATIONAL && (s->status != OPERATIONAL || fault(FAULT_report_clears_complaint)))
        s->complaint = false;
    s->status = (enum status)status;
    s->reported = vnic.now;
    if (!fault(FAULT_first_interval_counts) || s->interval == 0)
        s->interval = interval;
    conclude(false);
    return H_SUCCESS;
}

static bool another(void)
{
    for (int i = 0; i < vnic.servers; i++)
        if (i != vnic.selected && eligible(i))
            return true;
    return false;
}

/* SES-2, SES-3: nothing happens unless the token is that of the running session and another server can take over. */
static int session_error(uint64_t token, uint64_t p2, uint64_t p3)
{
    bool possible = another();

    if (p2 || p3)
        return H_PARAMETER;
    if (!session() || (token != vnic.token && !(fault(FAULT_old_token_counts) && token)))
        return H_STATE;
    if (!possible && vnic.profile.complaint_order == CHECK_FIRST)
        return H_CONSTRAINED;
    vnic.server[vnic.selected].complaint = true;
    conclude(false);
    return possible ? H_SUCCESS : H_CONSTRAINED;
}

/* MON-7: 32 bytes, cut to the caller's buffer. The descriptor has 8 bits control, 24 bits length, 32 bits address. */
static int server_info(int i, uint64_t descriptor, uint64_t p2, uint64_t p3)
{
    struct server *s = &vnic.server[i];
    uint64_t length = descriptor >> 32 & 0xFFFFFF, address = descriptor & 0xFFFFFFFF;
    unsigned char record[RECORD] = {0};

    if (p2 || p3 || (descriptor >> 56 && !fault(FAULT_descriptor_control_ignored)) || length > MEMORY || address > MEMORY - length)
        return H_PARAMETER;
    if (!s->listed)
        return H_STATE;
    record[7] = 1;
    record[15] = s->connected;
    record[23] = (unsigned char)shown_status(i);
    record[24] = (unsigned char)s->priority;
    if (length > RECORD || (fault(FAULT_record_not_cut) && address + RECORD <= MEMORY))
        length = RECORD;
    memcpy(s->partition.memory + address, record, length);
    return H_SUCCESS;
}

static int get_token(uint64_t p1, uint64_t p2, uint64_t p3, uint64_t *r4)
{
    if (p1 || p2 || p3)
        return H_PARAMETER;
    if (!session())
        return H_STATE;
    *r4 = vnic.token;
    return H_SUCCESS;
}

/* LoPAR: unknown subfunction, then the unit, then whether it is one for this adapter, then the parameters. */
int h_vioctl(int who, bool own_unit, uint64_t sub, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t *r4)
{
    switch (sub) {
    case DISABLE_ALL: case DISABLE: case ENABLE: case FW_RESET: case SERVER_STATUS: case GET_TOKEN:
    case SESSION_ERROR: case SERVER_INFO: case PREPARE_SUSPEND: case READY_SUSPEND:
        break;
    default:
        return H_NOT_FOUND;
    }
    if (!own_unit)
        return H_PARAMETER;
    if (sub == DISABLE_ALL)
        return p1 || p2 || p3 ? H_PARAMETER : sub_crq_interrupts(who, 0, true, false);
    if (sub == DISABLE || sub == ENABLE)
        return p2 || p3 ? H_PARAMETER : sub_crq_interrupts(who, p1, false, sub == ENABLE);
    if (who == CLIENT) {
        if (sub == GET_TOKEN)
            return get_token(p1, p2, p3, r4);
        if (sub == SESSION_ERROR)
            return session_error(p1, p2, p3);
        if (sub == FW_RESET)
            return p1 || p2 || p3 ? H_PARAMETER : H_CONSTRAINED; /* there is no firmware behind this adapter */
        return H_PARAMETER;
    }
    if (sub == SERVER_STATUS)
        return server_status(who, p1, p2, p3);
    return sub == SERVER_INFO ? server_info(who, p1, p2, p3) : H_PARAMETER;
}
