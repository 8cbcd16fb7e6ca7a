#include <config.h>

#include "cmd/listscrub/judge/repair.h"

#include "mail/address/address.h"
#include "text/utf8.h"

static void note(struct repair *r, const char *what, bool sure)
{
	if (r->what == NULL)
		r->what = what;
	r->sure = r->sure && sure;
}

/* --- around it --- */

/* Fullwidth characters as the narrow ones that they are; the ideographic full stop is a dot. */
static void narrow(struct repair *r, struct str s)
{
	bool before = true;
	uint32_t code;
	size_t n;

	while (s.n > 0) {
		n = utf8_decode(s, &code);
		bool wide = n > 0 && code >= 0xff01 && code <= 0xff5e;
		bool dot = n > 0 && (code == 0x3002 || code == 0xff61);

		if (wide || dot) {
			char c = dot ? '.' : (char)(code - 0xfee0);

			/* Of the part before the "@" a person has to say so. */
			note(r, "fullwidth", !before || c == '@');
			before = before && c != '@';
			buf_add_char(&r->text, c);
		} else {
			before = before && s.p[0] != '@';
			buf_add(&r->text, str_sub(s, 0, n > 0 ? n : 1));
		}
		s = str_sub(s, n > 0 ? n : 1, s.n);
	}
}

/* One of the marks that people and programs put around an address, at the start or the end of s. */
static size_t mark_at(struct str s, bool end)
{
	static const char *const marks[] = { "\"", "'", "`", "<", ">", "(", ")", "[", "]", ",", ";", ":",
		"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a",
		"\xc2\xab", "\xc2\xbb" };

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (end ? str_ends(s, str_of(marks[i])) : str_starts(s, str_of(marks[i])))
			return strlen(marks[i]);
	return 0;
}

static struct str without_controls(struct repair *r, struct str s)
{
	bool found = false;

	for (; s.n > 0 && (unsigned char)s.p[0] <= 0x20; s = str_sub(s, 1, s.n))
		found = found || ascii_control(s.p[0]);
	for (; s.n > 0 && (unsigned char)s.p[s.n - 1] <= 0x20; s.n--)
		found = found || ascii_control(s.p[s.n - 1]);
	if (found)
		note(r, "line break", true);
	return s;
}

static struct str without_marks(struct repair *r, struct str s)
{
	size_t n = s.n;

	bool local = str_search(s, STR_LIT("\"@")) < s.n;

	/* (Quotes around the local part are another thing.) */
	for (size_t m; (m = mark_at(s, false)) > 0 && !(local && s.p[0] == '"'); s = address_trim(s))
		s = str_sub(s, m, s.n);
	for (size_t m; (m = mark_at(s, true)) > 0; s = address_trim(s))
		s.n -= m;
	if (s.n < n)
		note(r, "quotes", true);
	return s;
}

/* "mailto:", "E-mail:", and what a link has after the address. */
static struct str without_link(struct repair *r, struct str s)
{
	static const char *const labels[] = { "mailto:", "email:", "e-mail:", "mail:" };
	size_t at = str_find(s, '@');
	size_t query = str_find(str_sub(s, at, s.n), '?');

	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		if (str_istarts(s, str_of(labels[i]))) {
			s = address_trim(str_sub(s, strlen(labels[i]), s.n));
			note(r, "link", true);
			return str_sub(s, 0, str_find(s, '?'));
		}
	for (size_t i = 0; i < 2; i++) {
		struct str scheme = i == 0 ? STR_LIT("http://") : STR_LIT("https://");

		if (str_istarts(s, scheme)) {
			note(r, "link", false);
			return str_sub(s, scheme.n, s.n);
		}
	}
	if (at + query < s.n) {
		note(r, "link", true);
		s.n = at + query;
	}
	return s;
}

/* --- "ann (at) example (dot) org" --- */

/* Is it one of the words there, in brackets or between blanks? Its length. */
static size_t spelt(struct str s, const char *word)
{
	static const char open[] = "([{ ";
	static const char shut[] = ")]} ";
	const char *bracket = s.n > 0 ? strchr(open, s.p[0]) : NULL;
	struct str rest = str_sub(s, 1, s.n);

	if (bracket == NULL || *bracket == '\0' || !str_istarts(rest, str_of(word)))
		return 0;
	rest = str_sub(rest, strlen(word), rest.n);
	return rest.n > 0 && rest.p[0] == shut[bracket - open] ? strlen(word) + 2 : 0;
}

static void unspell(struct repair *r)
{
	struct buf out = { .limit = SIZE_MAX };
	struct str s = buf_str(&r->text);
	bool found = false;

	if (str_find(s, '@') < s.n)
		return;
	while (s.n > 0) {
		size_t at = spelt(s, "at");
		size_t dot = at > 0 ? 0 : spelt(s, "dot");
		size_t n = at + dot > 0 ? at + dot : 1;

		if (at + dot > 0)
			buf_add_char(&out, at > 0 ? '@' : '.');
		else
			buf_add(&out, str_sub(s, 0, 1));
		found = found || at > 0;
		s = str_sub(s, n, s.n);
	}
	if (found) {
		note(r, "(at)", false);
		buf_clear(&r->text);
		buf_add(&r->text, buf_str(&out));
	}
	buf_free(&out);
}

/* --- the two parts --- */

static bool is_dotted(const struct buf *b)
{
	return buf_len(b) > 0 && buf_str(b).p[buf_len(b) - 1] == '.';
}

/* Commas for dots, dots too many, blanks. */
static void add_domain(struct repair *r, struct str domain, struct buf *out)
{
	struct buf name = { .limit = SIZE_MAX };
	bool blank = false;

	for (size_t i = 0; i < domain.n; i++) {
		char c = domain.p[i];

		blank = blank || c == ' ' || c == '\t';
		if (c == ' ' || c == '\t')
			continue;
		if (c == ',')
			note(r, "comma", true);
		if (c != '.' && c != ',') {
			buf_add_char(&name, c);
			continue;
		}
		if (buf_len(&name) == 0 || is_dotted(&name))
			note(r, "dots", true);
		else
			buf_add_char(&name, '.');
	}
	if (blank)
		note(r, "blanks", true);
	if (is_dotted(&name)) {
		note(r, "dots", true);
		buf_cut(&name, buf_len(&name) - 1);
	}
	/* "gmail com" */
	if (blank && str_find(buf_str(&name), '.') == buf_len(&name)) {
		size_t gap = str_find(domain, ' ');

		r->sure = false;
		buf_clear(&name);
		buf_add(&name, str_sub(domain, 0, gap));
		buf_add_char(&name, '.');
		buf_add(&name, str_trim(str_sub(domain, gap, domain.n)));
	}
	buf_add(out, buf_str(&name));
	buf_free(&name);
}

static void add_local(struct repair *r, struct str local, struct buf *out)
{
	struct str trimmed = address_trim(local);
	size_t start;

	if (trimmed.n < local.n)
		note(r, "blanks", true);
	local = trimmed;
	if (local.n > 2 && local.p[0] == '"' && local.p[local.n - 1] == '"') {
		note(r, "quotes", true);
		local = str_sub(local, 1, local.n - 2);
	}
	start = buf_len(out);
	for (size_t i = 0; i < local.n; i++) {
		char c = local.p[i];

		if (c == ' ')
			note(r, "blanks", false);
		else if (c == '.' && (buf_len(out) == start || is_dotted(out) || i + 1 == local.n))
			note(r, "dots", false);
		else
			buf_add_char(out, c);
	}
}

static void mend_parts(struct repair *r)
{
	struct buf out = { .limit = SIZE_MAX };
	struct str s = buf_str(&r->text);
	size_t at = str_find(s, '@');
	struct str domain = str_sub(s, at + 1, s.n);

	if (str_starts(domain, STR_LIT("@"))) {
		note(r, "doubled @", false);
		domain = str_sub(domain, 1, domain.n);
	}
	add_local(r, str_sub(s, 0, at), &out);
	buf_add_char(&out, '@');
	add_domain(r, domain, &out);
	buf_clear(&r->text);
	buf_add(&r->text, buf_str(&out));
	buf_free(&out);
}

/* "ann@a.de,info" may be two things. */
static bool is_followed(struct str s)
{
	struct str domain = str_sub(s, str_find(s, '@'), s.n);
	size_t comma = str_find(domain, ',');

	return comma < domain.n && str_find(str_sub(domain, 0, comma), '.') < comma;
}

bool repair_cell(struct repair *r, struct str cell)
{
	struct buf wide = { .limit = SIZE_MAX };

	buf_clear(&r->text);
	r->text.limit = SIZE_MAX;
	r->what = NULL;
	r->sure = true;
	narrow(r, cell);
	buf_add(&wide, buf_str(&r->text));
	struct str s = without_marks(r, address_trim(without_controls(r, buf_str(&wide))));

	s = without_marks(r, without_link(r, s));
	buf_clear(&r->text);
	buf_add(&r->text, s);
	buf_free(&wide);
	unspell(r);
	if (str_count(buf_str(&r->text), '@') == 0 || is_followed(buf_str(&r->text)))
		return false;
	mend_parts(r);
	return r->what != NULL && str_count(buf_str(&r->text), '@') == 1;
}
