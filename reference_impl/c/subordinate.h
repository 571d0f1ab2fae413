/* Sub-CRQs and redirected DMA. */
#ifndef SUBORDINATE_H
#define SUBORDINATE_H

#include "state.h"

int h_reg_sub_crq(int who, uint64_t address, uint64_t length, uint64_t *handle);
int h_free_sub_crq(int who, uint64_t handle);
int h_send_sub_crq(int who, uint64_t handle, const unsigned char *elements, size_t count, bool indirect);
int sub_crq_interrupts(int who, uint64_t handle, bool all, bool enable);
struct sub_crq *sub_crq_of(int who, uint64_t handle);
void free_sub_crqs(int who);
int dma(int server, uint64_t address, unsigned char *bytes, size_t length, bool map, bool write);

#endif
