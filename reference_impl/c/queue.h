/* Rings of elements: CRQs and sub-CRQs. */
#ifndef QUEUE_H
#define QUEUE_H

#include "state.h"

bool queue_open(struct queue *q, uint32_t width, uint64_t bytes);
void queue_close(struct queue *q);
bool queue_full(const struct queue *q);
void queue_put(struct queue *q, const unsigned char *element);
void queue_put_event(struct queue *q, int code);
void queue_overlay_event(struct queue *q, int code);
bool queue_take(struct queue *q, unsigned char *element);
const unsigned char *queue_at(const struct queue *q, uint32_t place);

#endif
