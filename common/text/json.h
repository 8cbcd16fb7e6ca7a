#ifndef PIPEMAIL_TEXT_JSON_H
#define PIPEMAIL_TEXT_JSON_H

#include "base/str.h"

struct buf;

/*
 * A writer of JSON (RFC 8259) that puts the commas: open and close in pairs, a key before each
 * member of an object. Octets that are no UTF-8 become U+FFFD. No more than 32 levels.
 */
struct json {
	struct buf *out;
	uint32_t more; /* a bit a level: something stands there already */
	unsigned depth;
	bool keyed; /* a key was written, its value is next */
};

void json_init(struct json *j, struct buf *out);
void json_object(struct json *j);              /* { */
void json_array(struct json *j);               /* [ */
void json_close(struct json *j, char bracket); /* '}' or ']' */
void json_key(struct json *j, const char *name);
void json_str(struct json *j, struct str s);
void json_text(struct json *j, const char *s); /* NULL is null */
void json_uint(struct json *j, uint64_t n);
void json_int(struct json *j, int64_t n);
void json_seconds(struct json *j, double seconds); /* three decimals, with a dot in every locale */
void json_bool(struct json *j, bool b);
void json_null(struct json *j);

#endif
