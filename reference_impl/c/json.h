/*
 * One line of the adapter protocol, read and written: a flat JSON object of strings and integers, nothing else.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_FIELDS = 64 };

struct field {
    const char *name;
    const char *value; /* of a number its digits */
    bool text;
};

struct request {
    struct field fields[MAX_FIELDS];
    int count;
};

/* Read a line; it is changed, and the request points into it. Answers NULL, or what is wrong. */
const char *json_read(char *line, struct request *r);

bool has(const struct request *r, const char *name);
/* The text of a field, or NULL. */
const char *text_of(const struct request *r, const char *name);
/* A number, also one that came as text ("0x9e37"); otherwise where there is none. *wrong: there is something else. */
uint64_t number_of(const struct request *r, const char *name, uint64_t otherwise, bool *wrong);
/* Bytes from hexadecimal digits. Answers how many, or -1. */
long bytes_of(const struct request *r, const char *name, unsigned char *bytes, size_t room);

/* A reply under way. */
void reply_begin(const struct request *r);
void reply_text(const char *name, const char *value);
void reply_number(const char *name, int64_t value);
void reply_big(const char *name, uint64_t value);
void reply_bytes(const char *name, const unsigned char *bytes, size_t length);
/* A text put together from pieces: name, pieces, end. */
void reply_list(const char *name);
void reply_item(const char *value);
void reply_item_bytes(const unsigned char *bytes, size_t length);
void reply_list_end(void);
/* Write the line. */
void reply_end(void);

#endif
