#ifndef PIPEMAIL_TEXT_JSON_H
#define PIPEMAIL_TEXT_JSON_H

#include "base/str.h"

struct buf;

/* clang-format off */
/*
 * A writer of JSON (RFC 8259) that puts the commas and escapes. Open and close in pairs, and write a key before
 * each member of an object. No function returns an error: out is checked once at the end (`out->full`), and
 * nesting deeper than 32 levels, a fault of the program, sets `full` too. Invalid UTF-8 in strings becomes U+FFFD.
 * The output has no spaces and no line end.
 *
 *     json_init(&j, &out);
 *     json_object(&j);
 *     json_key(&j, "sent");
 *     json_uint(&j, sent);
 *     json_close(&j, '}');
 */
/* clang-format on */
struct json {
	struct buf *out; /* borrowed */
	uint32_t more;   /* a bit for each level: an element was written, so a comma comes first */
	unsigned depth;
	bool keyed; /* a key was written and its value comes next */
};

/* out must outlive j; there is nothing to free. */
void json_init(struct json *j, struct buf *out);
void json_object(struct json *j);              /* { */
void json_array(struct json *j);               /* [ */
void json_close(struct json *j, char bracket); /* '}' or ']'; the caller names it, it is not checked */
void json_key(struct json *j, const char *name);
void json_str(struct json *j, struct str s);
void json_text(struct json *j, const char *s); /* NULL is null */
void json_uint(struct json *j, uint64_t n);
void json_int(struct json *j, int64_t n);
/* three decimals, a dot in every locale; null for NaN and beyond 10^15 */
void json_seconds(struct json *j, double seconds);
void json_bool(struct json *j, bool b);
void json_null(struct json *j);

#endif
