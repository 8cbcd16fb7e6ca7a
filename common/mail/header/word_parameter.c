#include <config.h>

#include "mail/header/word.h"

#include "base/buf.h"
#include "text/cfws.h"
#include "text/charset.h"
#include "text/hex.h"
#include "text/utf8.h"

/*
 * Reads parameters as mailers write them: by RFC 2231, with encoded words in quotes, or unquoted with spaces. The
 * first value of a name counts.
 */

#define SECTIONS_MAX ((size_t)256)

/* A value as it stands in the field. */
struct value {
	struct str raw;
	bool quoted;
	bool extended;
};

/* What was found of one parameter: name=, name*= and name*N= or name*N*=. */
struct found {
	struct value plain;
	struct value whole;
	struct value sections[SECTIONS_MAX];
};

/* A quoted string, or everything up to the next semicolon: names with blanks and brackets come
 * unquoted too. */
static struct value take_value(struct str *s)
{
	struct value v = { .raw = STR_NONE };
	size_t n = 0;

	*s = cfws_skip(*s);
	v.quoted = s->n > 0 && s->p[0] == '"';
	if (!v.quoted) {
		n = str_find(*s, ';');
		v.raw = str_trim(str_sub(*s, 0, n));
		*s = str_sub(*s, n, s->n);
		return v;
	}
	*s = str_sub(*s, 1, s->n);
	while (n < s->n && s->p[n] != '"')
		n += s->p[n] == '\\' ? 2 : 1;
	v.raw = str_sub(*s, 0, n);
	*s = str_sub(*s, n, s->n);
	*s = str_sub(*s, str_find(*s, ';'), s->n);
	return v;
}

/* Note a value under what stands behind the name: "", "*", "*3", "*3*". The first one counts. */
static void note(struct found *f, struct str mark, struct value v)
{
	struct value *place = NULL;
	uint64_t number;

	if (mark.n == 0) {
		place = &f->plain;
	} else if (mark.n == 1) {
		place = &f->whole;
		v.extended = true;
	} else {
		v.extended = mark.p[mark.n - 1] == '*';
		mark = str_sub(mark, 1, mark.n - 1 - v.extended);
		if (str_number(mark, SECTIONS_MAX - 1, &number))
			place = &f->sections[number];
	}
	if (place != NULL && place->raw.p == NULL)
		*place = v;
}

/* Behind the type or disposition itself: from the first semicolon outside comments on. */
static struct str skip_main(struct str body)
{
	body = cfws_skip(body);
	while (body.n > 0 && body.p[0] != ';')
		body = cfws_skip(str_sub(body, 1, body.n));
	return body;
}

static void collect(struct found *f, struct str body, struct str name)
{
	body = skip_main(body);
	while (body.n > 0) {
		body = str_sub(body, 1, body.n); /* the semicolon */
		body = cfws_skip(body);
		size_t n = 0;

		while (n < body.n && strchr("=; \t\r\n(", body.p[n]) == NULL)
			n++;
		struct str key = str_sub(body, 0, n);

		body = str_sub(body, n, body.n);
		body = cfws_skip(body);
		if (body.n == 0 || body.p[0] != '=') {
			body = str_sub(body, str_find(body, ';'), body.n);
			continue;
		}
		body = str_sub(body, 1, body.n);
		struct value v = take_value(&body);
		struct str mark = str_sub(key, name.n, key.n);

		if (str_istarts(key, name) && (mark.n == 0 || mark.p[0] == '*'))
			note(f, mark, v);
	}
}

/* The octets that v stands for: escapes undone, folding taken out. */
static void add_octets(struct buf *out, struct value v, struct str raw)
{
	for (size_t i = 0; i < raw.n; i++) {
		int octet = v.extended && raw.p[i] == '%' ? hex_octet(str_sub(raw, i + 1, 2)) : -1;

		if (octet >= 0) {
			buf_add_char(out, (char)octet);
			i += 2;
			continue;
		}
		if (v.quoted && raw.p[i] == '\\' && i + 1 < raw.n)
			i++;
		if (raw.p[i] != '\r' && raw.p[i] != '\n')
			buf_add_char(out, raw.p[i]);
	}
}

static void add_text(struct buf *out, struct str charset, struct str octets)
{
	if (!charset_decode(out, charset, octets) && !charset_decode(out, STR_LIT("utf-8"), octets))
		utf8_from_latin1(out, octets);
}

/* charset'language'text of an extended value: the charset, with the text left in v. */
static struct str take_charset(struct value *v)
{
	struct str rest = v->raw;
	struct str charset = str_cut(&rest, '\'');

	str_cut(&rest, '\'');
	if (!v->extended || rest.p == NULL)
		return STR_LIT("utf-8");
	v->raw = rest;
	return charset;
}

bool word_parameter(struct str field_body, const char *name, struct buf *out)
{
	struct found f = { .plain = { .quoted = false } };
	struct buf octets = { .limit = 0 };
	struct str charset;

	collect(&f, field_body, str_of(name));
	if (f.whole.raw.p != NULL) {
		f.sections[0] = f.whole;
		f.sections[1] = (struct value){ .quoted = false };
	}
	if (f.sections[0].raw.p != NULL) {
		charset = take_charset(&f.sections[0]);
		for (size_t i = 0; i < SECTIONS_MAX && f.sections[i].raw.p != NULL; i++)
			add_octets(&octets, f.sections[i], f.sections[i].raw);
		add_text(out, charset, buf_str(&octets));
	} else if (f.plain.raw.p != NULL) {
		struct buf text = { .limit = 0 };

		add_octets(&octets, f.plain, f.plain.raw);
		add_text(&text, STR_LIT("utf-8"), buf_str(&octets));
		word_decode(out, buf_str(&text));
		buf_free(&text);
	}
	bool there = f.sections[0].raw.p != NULL || f.plain.raw.p != NULL;

	buf_free(&octets);
	return there;
}
