#include <config.h>

#include "proto/sasl_fault.h"

#include "base/buf.h"
#include "text/hex.h"
#include "text/utf8.h"

/*
 * The JSON comes from the server and is shown to a person, who may paste it into a bug report: a server that
 * repeats the token must not make us print it.
 */

#define TOKEN_LEAST 4 /* a shorter one stands in any text */

struct fault {
	struct buf status;
	struct buf scope;
};

static void skip_blanks(struct str *s)
{
	while (s->n > 0 && (ascii_blank(s->p[0]) || s->p[0] == '\r' || s->p[0] == '\n'))
		*s = str_sub(*s, 1, s->n);
}

/* The code unit after "\u". */
static bool take_unit(struct str *s, uint32_t *unit)
{
	int high = hex_octet(*s);
	int low = hex_octet(str_sub(*s, 2, 2));

	if (high < 0 || low < 0)
		return false;
	*unit = (uint32_t)high << 8 | (uint32_t)low;
	*s = str_sub(*s, 4, s->n);
	return true;
}

static bool take_escape(struct str *s, struct buf *out)
{
	static const char letters[] = "bfnrt";
	static const char means[] = "\b\f\n\r\t";
	uint32_t code;
	uint32_t low;

	if (s->n == 0)
		return false;
	char c = s->p[0];
	const char *at = c == '\0' ? NULL : strchr(letters, c);

	*s = str_sub(*s, 1, s->n);
	if (c != 'u')
		return buf_add_char(out, at != NULL ? means[at - letters] : c);
	if (!take_unit(s, &code))
		return false;
	/* Half of a pair alone becomes U+FFFD. */
	if (code >= 0xd800 && code < 0xdc00 && str_starts(*s, STR_LIT("\\u"))) {
		struct str rest = str_sub(*s, 2, s->n);

		if (take_unit(&rest, &low) && low >= 0xdc00 && low < 0xe000) {
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
			*s = rest;
		}
	}
	return utf8_add(out, code);
}

static bool take_string(struct str *s, struct buf *out)
{
	buf_clear(out);
	if (s->n == 0 || s->p[0] != '"')
		return false;
	*s = str_sub(*s, 1, s->n);
	while (s->n > 0) {
		char c = s->p[0];

		*s = str_sub(*s, 1, s->n);
		if (c == '"')
			return true;
		if (c == '\\' ? !take_escape(s, out) : !buf_add_char(out, c))
			return false;
	}
	return false;
}

/* A string, or a number or word as it is written; objects and arrays are none. */
static bool take_value(struct str *s, struct buf *out)
{
	if (s->n > 0 && s->p[0] == '"')
		return take_string(s, out);
	buf_clear(out);
	while (s->n > 0 && (ascii_alpha(s->p[0]) || ascii_digit(s->p[0]) || s->p[0] == '.' || s->p[0] == '-')) {
		buf_add_char(out, s->p[0]);
		*s = str_sub(*s, 1, s->n);
	}
	return buf_len(out) > 0;
}

static bool take_char(struct str *s, char c)
{
	skip_blanks(s);
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = str_sub(*s, 1, s->n);
	skip_blanks(s);
	return true;
}

/* True for an object of plain members; what came before a fault in it is kept. */
static bool read_object(struct fault *f, struct str s)
{
	struct buf key = { .limit = 0 };
	struct buf value = { .limit = 0 };
	bool ok = take_char(&s, '{');
	bool more = ok && !take_char(&s, '}');

	while (ok && more) {
		ok = take_string(&s, &key) && take_char(&s, ':') && take_value(&s, &value);
		if (ok && str_eq(buf_str(&key), STR_LIT("status")))
			buf_add(&f->status, buf_str(&value));
		else if (ok && str_eq(buf_str(&key), STR_LIT("scope")))
			buf_add(&f->scope, buf_str(&value));
		more = ok && take_char(&s, ',');
		ok = ok && (more || take_char(&s, '}'));
	}
	buf_free(&key);
	buf_free(&value);
	return ok;
}

static void add_without(struct buf *out, struct str s, struct str token)
{
	while (s.n > 0) {
		size_t at = token.n >= TOKEN_LEAST ? str_search(s, token) : s.n;

		buf_add(out, str_sub(s, 0, at));
		if (at < s.n)
			buf_add_text(out, "***");
		s = str_sub(s, at + (at < s.n ? token.n : 0), s.n);
	}
}

void sasl_fault_show(struct buf *out, struct str json, struct str token)
{
	struct fault f = { .status.limit = 0 };
	struct buf words = { .limit = 0 };
	bool object = read_object(&f, json);

	if (buf_len(&f.status) > 0) {
		buf_add_text(&words, "status ");
		add_without(&words, buf_str(&f.status), token);
	}
	if (buf_len(&f.scope) > 0) {
		buf_add_text(&words, buf_len(&words) > 0 ? ", scope " : "scope ");
		add_without(&words, buf_str(&f.scope), token);
	}
	if (!object && buf_len(&words) == 0)
		add_without(&words, str_trim(json), token);
	utf8_show(out, buf_str(&words), SASL_FAULT_MAX);
	buf_free(&f.status);
	buf_free(&f.scope);
	buf_free(&words);
}
