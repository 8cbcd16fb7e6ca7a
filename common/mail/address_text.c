#include <config.h>

#include "mail/address.h"

#include "mail/domain.h"
#include "mail/word.h"
#include "text/cfws.h"

/* One address as people write it: in cells of a list, on a command line, in a header. */

static const struct str invisible[] = {
	{ "\xc2\xa0", 2 },     /* no-break space */
	{ "\xe2\x80\x8b", 3 }, /* zero width space */
	{ "\xef\xbb\xbf", 3 }, /* byte order mark */
	{ " ", 1 },
	{ "\t", 1 },
	{ "\r", 1 },
	{ "\n", 1 },
};

/* Without blanks of any kind at both ends: spreadsheets and web pages leave the invisible ones. */
static struct str trim(struct str s)
{
	for (size_t i = 0; i < sizeof invisible / sizeof invisible[0]; i++) {
		bool front = str_starts(s, invisible[i]);

		if (!front && !str_ends(s, invisible[i]))
			continue;
		s = str_sub(s, front ? invisible[i].n : 0, s.n - invisible[i].n);
		i = (size_t)-1; /* once more from the first */
	}
	return s;
}

/* The decoded text of a phrase or a comment. */
static void add_name(struct buf *out, struct str s)
{
	struct buf plain = { .limit = 0 };

	if (out == NULL)
		return;
	s = trim(s);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			continue;
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		buf_add_char(&plain, s.p[i]);
	}
	word_decode(out, buf_str(&plain));
	buf_free(&plain);
}

static struct str without_scheme(struct str s)
{
	if (!str_istarts(s, STR_LIT("mailto:")))
		return s;
	s = str_sub(s, sizeof "mailto:" - 1, s.n);
	return trim(str_sub(s, 0, str_find(s, '?')));
}

static bool several(struct str s)
{
	size_t at = cfws_find_unquoted(s, ",;");

	return at < s.n && cfws_find_unquoted(str_sub(s, at, s.n), "@") < s.n - at;
}

/* A line break or another control inside: one line of it may be the address that a person sees, and
 * another the one that would be taken. */
static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_control(s.p[i]) && s.p[i] != '\t')
			return true;
	return false;
}

/* Nothing in it that could wrap an address: what is left to do is to judge it. */
static bool is_bare(struct str s)
{
	static const bool wraps[256] = { ['<'] = true, ['>'] = true, ['('] = true, [','] = true,
		[';'] = true, [':'] = true, ['"'] = true, ['\\'] = true };
	bool met = false;

	for (size_t i = 0; i < s.n; i++)
		met |= wraps[(unsigned char)s.p[i]];
	return !met;
}

bool address_unwrap(struct str s, struct str *bare, struct buf *name)
{
	*bare = s;
	if (address_check_ascii(s) > 0)
		return true;
	s = trim(s);
	*bare = s;
	if (has_control(s))
		return false;
	if (is_bare(s)) {
		*bare = s;
		return true;
	}
	/* What a list of addresses was cut at. */
	while (s.n > 0 && (s.p[s.n - 1] == ',' || s.p[s.n - 1] == ';'))
		s = trim(str_sub(s, 0, s.n - 1));
	size_t open = cfws_find_unquoted(s, "<>");
	size_t comment = cfws_find_unquoted(s, "(");

	if (open < s.n) {
		struct str inner = str_sub(s, open + 1, s.n);
		size_t close = cfws_find_unquoted(inner, "<>");

		if (s.p[open] != '<' || close + 1 != inner.n || inner.p[close] != '>')
			return false;
		*bare = without_scheme(trim(str_sub(inner, 0, close)));
		add_name(name, str_sub(s, 0, open));
		return true;
	}
	if (several(s))
		return false;
	if (comment > 0 && comment < s.n &&
		cfws_comment(str_sub(s, comment, s.n)) == s.n - comment) {
		*bare = trim(str_sub(s, 0, comment));
		add_name(name, str_sub(s, comment + 1, s.n - comment - 2));
		return true;
	}
	*bare = without_scheme(s);
	return true;
}

/* Where the "@" before the domain stands, or s.n. */
static size_t last_at(struct str s)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == '@')
			return i - 1;
	return s.n;
}

static void add_bare(struct buf *out, struct str bare)
{
	size_t at = last_at(bare);
	struct str domain = str_sub(bare, at + 1, bare.n);

	if (at < bare.n && !str_ascii(domain) && str_ascii(str_sub(bare, 0, at))) {
		buf_add(out, str_sub(bare, 0, at + 1));
		if (domain_to_ascii(out, domain) != DOMAIN_OK)
			buf_add(out, domain);
		return;
	}
	buf_add(out, bare);
}

bool address_add_mailbox(struct buf *out, struct str name, struct str bare)
{
	if (name.n == 0) {
		add_bare(out, bare);
		return !out->full;
	}
	word_encode_phrase(out, name);
	buf_add_text(out, " <");
	add_bare(out, bare);
	buf_add_char(out, '>');
	return !out->full;
}
