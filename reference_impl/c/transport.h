/* The calls of a CRQ. who is CLIENT or the number of a server. */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include "state.h"

int h_reg_crq(int who, uint64_t address, uint64_t length);
int h_free_crq(int who);
int h_send_crq(int who, const unsigned char *element);
int h_enable_crq(int who);
int h_vio_signal(int who, uint64_t mode);
int h_eoi(int who, uint64_t handle);
bool consume(int who, unsigned char *element);
void client_leaves(int event);
void server_gone(int i);

#endif
