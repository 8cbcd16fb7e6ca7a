#include <config.h>

#include "text/json.h"

#include "base/buf.h"
#include "text/hex.h"
#include "text/utf8.h"

/*
 * Nothing here returns an error: a full buffer and too deep nesting both set out->full, which the caller checks
 * once at the end.
 */

#define DEPTH_MAX 32u

void json_init(struct json *j, struct buf *out)
{
	*j = (struct json){ .out = out };
}

/* Before a value or a key: the comma, where something stands on this level already. */
static void separate(struct json *j)
{
	uint32_t bit = j->depth > 0 ? UINT32_C(1) << (j->depth - 1) : 0;

	if (j->keyed) {
		j->keyed = false;
		return;
	}
	if ((j->more & bit) != 0)
		buf_add_char(j->out, ',');
	j->more |= bit;
}

static void open_level(struct json *j, char bracket)
{
	separate(j);
	if (j->depth == DEPTH_MAX) {
		j->out->full = true; /* a fault of ours; the one check at the end finds it */
		return;
	}
	j->depth++;
	j->more &= ~(UINT32_C(1) << (j->depth - 1));
	buf_add_char(j->out, bracket);
}

void json_object(struct json *j)
{
	open_level(j, '{');
}

void json_array(struct json *j)
{
	open_level(j, '[');
}

void json_close(struct json *j, char bracket)
{
	if (j->depth > 0)
		j->depth--;
	buf_add_char(j->out, bracket);
}

static void add_control(struct buf *out, unsigned char c)
{
	static const char letters[] = "btn\vfr"; /* of 8 to 13; there is none for 11 */

	if (c >= 8 && c <= 13 && c != 11) {
		buf_add_char(out, '\\');
		buf_add_char(out, letters[c - 8]);
		return;
	}
	buf_add_text(out, "\\u00");
	buf_add_char(out, hex_lower[c >> 4]);
	buf_add_char(out, hex_lower[c & 15]);
}

static void add_quoted(struct buf *out, struct str s)
{
	size_t run = 0; /* octets before here that go as they are */
	size_t i = 0;

	buf_add_char(out, '"');
	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		uint32_t code;
		size_t n = c < 0x80 ? 1 : utf8_decode(str_at(s.p + i, s.n - i), &code);

		if (n > 0 && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
			i += n;
			continue;
		}
		buf_add(out, str_at(s.p + run, i - run));
		if (n == 0) {
			utf8_add(out, UTF8_REPLACEMENT);
		} else if (c == '"' || c == '\\') {
			buf_add_char(out, '\\');
			buf_add_char(out, (char)c);
		} else {
			add_control(out, c);
		}
		run = ++i;
	}
	if (s.n > run)
		buf_add(out, str_at(s.p + run, s.n - run));
	buf_add_char(out, '"');
}

void json_key(struct json *j, const char *name)
{
	separate(j);
	add_quoted(j->out, str_of(name));
	buf_add_char(j->out, ':');
	j->keyed = true;
}

void json_str(struct json *j, struct str s)
{
	separate(j);
	add_quoted(j->out, s);
}

void json_text(struct json *j, const char *s)
{
	if (s == NULL)
		json_null(j);
	else
		json_str(j, str_of(s));
}

void json_uint(struct json *j, uint64_t n)
{
	separate(j);
	buf_add_number(j->out, n);
}

void json_int(struct json *j, int64_t n)
{
	separate(j);
	if (n < 0)
		buf_add_char(j->out, '-');
	buf_add_number(j->out, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void json_seconds(struct json *j, double seconds)
{
	/* JSON has no infinity and no NaN; beyond 10^15 the thousandths mean nothing. */
	if (!(seconds > -1e15 && seconds < 1e15)) {
		json_null(j);
		return;
	}
	double size = seconds < 0 ? -seconds : seconds;
	uint64_t thousandths = (uint64_t)(size * 1000 + 0.5);
	char digits[3] = {
		(char)('0' + thousandths / 100 % 10),
		(char)('0' + thousandths / 10 % 10),
		(char)('0' + thousandths % 10),
	};

	separate(j);
	if (seconds < 0 && thousandths > 0)
		buf_add_char(j->out, '-');
	buf_add_number(j->out, thousandths / 1000);
	buf_add_char(j->out, '.');
	buf_add(j->out, str_at(digits, 3));
}

void json_bool(struct json *j, bool b)
{
	separate(j);
	buf_add_text(j->out, b ? "true" : "false");
}

void json_null(struct json *j)
{
	separate(j);
	buf_add_text(j->out, "null");
}
