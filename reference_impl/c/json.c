#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- reading ------------------------------------------------------------------------------------------------------- */

static char *blanks(char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')
        at++;
    return at;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* An escape after its backslash. Nothing that this protocol means needs more than ASCII; other characters become '?'. */
static char *escape(char *at, char *to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *known = *at ? strchr(from, *at) : NULL;
    int code = 0;

    if (known) {
        *to = into[known - from];
        return at + 1;
    }
    if (*at++ != 'u')
        return NULL;
    for (int n = 0; n < 4; n++, at++) {
        if (digit(*at) < 0)
            return NULL;
        code = code * 16 + digit(*at);
    }
    *to = code >= 0x20 && code < 0x80 ? (char)code : '?';
    return at;
}

/* A string whose opening quote is at ``at``; it is unescaped in place and closed by a zero. */
static char *string(char *at, const char **value)
{
    char *to = ++at;

    *value = to;
    while (*at != '"') {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\') {
            at = escape(at + 1, to++);
            if (!at)
                return NULL;
        } else {
            *to++ = *at++;
        }
    }
    *to = '\0';
    return at + 1;
}

/* A number stays where it is; its end is marked when the character after it has been looked at. */
static char *number(char *at, const char **value)
{
    *value = at;
    if (*at == '-')
        at++;
    if (digit(*at) < 0 || digit(*at) > 9)
        return NULL;
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

const char *json_read(char *line, struct request *r)
{
    char *at = blanks(line);

    r->count = 0;
    if (*at++ != '{')
        return "this is no JSON object";
    at = blanks(at);
    while (*at != '}') {
        struct field *f = &r->fields[r->count];
        char after, *end;

        if (r->count == MAX_FIELDS)
            return "there are too many fields";
        if (*at != '"' || !(at = string(at, &f->name)))
            return "a field has no name";
        at = blanks(at);
        if (*at++ != ':')
            return "a name is not followed by a colon";
        at = blanks(at);
        f->text = *at == '"';
        end = f->text ? string(at, &f->value) : number(at, &f->value);
        if (!end)
            return "a value is neither a string nor an integer";
        at = blanks(end);
        after = *at;
        if (after != ',' && after != '}')
            return "a value is followed by neither a comma nor the end";
        *end = '\0';
        r->count++;
        if (after == '}')
            break;
        at = blanks(at + 1);
        if (*at == '}')
            return "a comma is followed by nothing";
    }
    return NULL;
}

static const struct field *find(const struct request *r, const char *name)
{
    for (int n = 0; n < r->count; n++)
        if (strcmp(r->fields[n].name, name) == 0)
            return &r->fields[n];
    return NULL;
}

bool has(const struct request *r, const char *name)
{
    return find(r, name) != NULL;
}

const char *text_of(const struct request *r, const char *name)
{
    const struct field *f = find(r, name);

    return f && f->text ? f->value : NULL;
}

uint64_t number_of(const struct request *r, const char *name, uint64_t otherwise, bool *wrong)
{
    const struct field *f = find(r, name);
    uint64_t found;
    char *end;

    if (!f)
        return otherwise;
    found = strtoull(f->value, &end, 0);
    if (end == f->value || *end)
        *wrong = true;
    return found;
}

long bytes_of(const struct request *r, const char *name, unsigned char *bytes, size_t room)
{
    const char *text = text_of(r, name);
    size_t length = text ? strlen(text) : 0;

    if (!text || length % 2 || length / 2 > room)
        return -1;
    for (size_t n = 0; n < length / 2; n++) {
        int high = digit(text[2 * n]), low = digit(text[2 * n + 1]);

        if (high < 0 || low < 0)
            return -1;
        bytes[n] = (unsigned char)(high << 4 | low);
    }
    return (long)(length / 2);
}

/* --- writing ------------------------------------------------------------------------------------------------------- */

static char *out;
static size_t room, length;
static bool first_item;

static void put(const char *text, size_t count)
{
    if (length + count + 1 > room) {
        room = (length + count + 1) * 2;
        out = realloc(out, room);
        if (!out) {
            fputs("no memory for a reply\n", stderr);
            exit(1);
        }
    }
    memcpy(out + length, text, count);
    length += count;
}

static void put_text(const char *text)
{
    put(text, strlen(text));
}

static void name_of(const char *name)
{
    put_text(length > 1 ? ",\"" : "\"");
    put_text(name);
    put_text("\":");
}

void reply_begin(const struct request *r)
{
    const struct field *seq = find(r, "seq");

    length = 0;
    put_text("{");
    name_of("seq");
    /* As it came: it may be a number too large for most. */
    put_text(seq && seq->text ? "\"" : "");
    put_text(seq ? seq->value : "0");
    put_text(seq && seq->text ? "\"" : "");
}

void reply_text(const char *name, const char *value)
{
    name_of(name);
    put_text("\"");
    put_text(value);
    put_text("\"");
}

void reply_number(const char *name, int64_t value)
{
    char digits[32];

    name_of(name);
    snprintf(digits, sizeof digits, "%" PRId64, value);
    put_text(digits);
}

/* Numbers above 2^53 travel as text. */
void reply_big(const char *name, uint64_t value)
{
    char digits[32];

    if (value <= UINT64_C(1) << 53) {
        reply_number(name, (int64_t)value);
        return;
    }
    snprintf(digits, sizeof digits, "0x%" PRIx64, value);
    reply_text(name, digits);
}

static void put_bytes(const unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t n = 0; n < count; n++) {
        char two[2];

        two[0] = digits[bytes[n] >> 4];
        two[1] = digits[bytes[n] & 15];
        put(two, 2);
    }
}

void reply_bytes(const char *name, const unsigned char *bytes, size_t count)
{
    name_of(name);
    put_text("\"");
    put_bytes(bytes, count);
    put_text("\"");
}

void reply_list(const char *name)
{
    name_of(name);
    put_text("\"");
    first_item = true;
}

static void between(void)
{
    if (!first_item)
        put_text(" ");
    first_item = false;
}

void reply_item(const char *value)
{
    between();
    put_text(value);
}

void reply_item_bytes(const unsigned char *bytes, size_t count)
{
    between();
    put_bytes(bytes, count);
}

void reply_list_end(void)
{
    put_text("\"");
}

void reply_end(void)
{
    put_text("}\n");
    fwrite(out, 1, length, stdout);
    fflush(stdout);
}
