#include <config.h>

#include "mail/address/address.h"

#include "mail/address/domain.h"
#include "mail/header/word.h"
#include "text/cfws.h"
#include "text/utf8.h"

/* One address as people write it: in cells of a list, on a command line, in a header. */

/* Blanks, joiners, soft hyphens, byte order marks and what tells the direction of writing: spreadsheets, web pages and
 * address books leave them beside an address. Not the two that turn round what follows. */
static bool is_blank(uint32_t code)
{
	if (code < 0x80)
		return code == ' ' || code == '\t' || code == '\r' || code == '\n';
	return code == 0xa0 || code == 0xad || code == 0x61c || code == 0x1680 || code == 0x180e ||
		(code >= 0x2000 && code <= 0x200f) || (code >= 0x2028 && code <= 0x202c) || code == 0x202f ||
		(code >= 0x205f && code <= 0x2064) || (code >= 0x2066 && code <= 0x2069) || code == 0x3000 ||
		code == 0xfeff;
}

/* Octets of the blank that s begins with, or 0. */
static size_t blank_at_front(struct str s)
{
	uint32_t code;

	if (s.n > 0 && s.p[0] > ' ' && (unsigned char)s.p[0] < 0x80)
		return 0;
	size_t n = utf8_decode(s, &code);

	return n > 0 && is_blank(code) ? n : 0;
}

static size_t blank_at_end(struct str s)
{
	size_t n = 1;

	while (n < 3 && n < s.n && ((unsigned char)s.p[s.n - n] & 0xc0) == 0x80)
		n++;
	return s.n > 0 && blank_at_front(str_sub(s, s.n - n, n)) == n ? n : 0;
}

struct str address_trim(struct str s)
{
	for (size_t n; (n = blank_at_front(s)) > 0;)
		s = str_sub(s, n, s.n);
	for (size_t n; (n = blank_at_end(s)) > 0;)
		s = str_sub(s, 0, s.n - n);
	return s;
}

/* The decoded text of a phrase or a comment. */
static void add_name(struct buf *out, struct str s)
{
	struct buf plain = { .limit = 0 };

	if (out == NULL)
		return;
	s = address_trim(s);
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
	return address_trim(str_sub(s, 0, str_find(s, '?')));
}

/* There "%" begins an octet in hex (RFC 6068): what stands there is no address before it is decoded. */
static bool is_encoded(struct str s)
{
	struct str bare = without_scheme(s);

	return bare.p != s.p && str_find(bare, '%') < bare.n;
}

static bool several(struct str s)
{
	size_t at = cfws_find_unquoted(s, ",;");

	return at < s.n && cfws_find_unquoted(str_sub(s, at, s.n), "@") < s.n - at;
}

/* What stands before "<" is another address, and no name: "a@b, C <c@d>". */
static bool ends_another(struct str s)
{
	size_t at = cfws_find_unquoted(s, "@");

	return at < s.n && cfws_find_unquoted(str_sub(s, at, s.n), ",;") < s.n - at;
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
	static const bool wraps[256] = { ['<'] = true,
		['>'] = true,
		['('] = true,
		[','] = true,
		[';'] = true,
		[':'] = true,
		['"'] = true,
		['\\'] = true };
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
	s = address_trim(s);
	*bare = s;
	if (has_control(s))
		return false;
	if (is_bare(s)) {
		*bare = s;
		return true;
	}
	/* What a list of addresses was cut at. */
	while (s.n > 0 && (s.p[s.n - 1] == ',' || s.p[s.n - 1] == ';'))
		s = address_trim(str_sub(s, 0, s.n - 1));
	size_t open = cfws_find_unquoted(s, "<>");
	size_t comment = cfws_find_unquoted(s, "(");

	if (open < s.n) {
		struct str inner = str_sub(s, open + 1, s.n);
		size_t close = cfws_find_unquoted(inner, "<>");

		if (s.p[open] != '<' || close + 1 != inner.n || inner.p[close] != '>' ||
			ends_another(str_sub(s, 0, open)))
			return false;
		inner = address_trim(str_sub(inner, 0, close));
		if (is_encoded(inner))
			return false;
		*bare = without_scheme(inner);
		add_name(name, str_sub(s, 0, open));
		return true;
	}
	if (several(s) || is_encoded(s))
		return false;
	if (comment > 0 && comment < s.n && cfws_comment(str_sub(s, comment, s.n)) == s.n - comment) {
		*bare = address_trim(str_sub(s, 0, comment));
		add_name(name, str_sub(s, comment + 1, s.n - comment - 2));
		return true;
	}
	*bare = without_scheme(s);
	return true;
}

static bool is_valid(struct str s)
{
	struct address a = { 0 };
	bool ok = address_parse(&a, s, ADDRESS_ENVELOPE) == ADDRESS_OK;

	address_free(&a);
	return ok;
}

/* The only member of s, and no other. */
static bool only_member(struct address_list *l, struct str s, struct buf *bare, struct buf *name)
{
	address_list_init(l, s);
	if (address_list_next(l) <= 0)
		return false;
	buf_add(bare, buf_str(&l->bare));
	if (name != NULL)
		word_decode(name, buf_str(&l->name));
	if (address_list_next(l) != 0)
		return false;
	return str_find(buf_str(bare), '@') == buf_len(bare) || is_valid(buf_str(bare));
}

bool address_one(struct str s, struct buf *bare, struct buf *name)
{
	struct address_list l = { .manner = ADDRESS_JOINED };
	struct str inner;
	bool ok;

	s = address_trim(s);
	ok = only_member(&l, s, bare, name);
	if (!ok) {
		buf_clear(bare);
		if (name != NULL)
			buf_clear(name);
		ok = address_unwrap(s, &inner, name) && inner.n > 0 &&
			(is_valid(inner) || (is_bare(inner) && str_find(inner, ' ') == inner.n));
		buf_add(bare, ok ? inner : s);
	}
	address_list_free(&l);
	return ok;
}

static void add_bare(struct buf *out, struct str bare)
{
	size_t at = str_after_last(bare, '@');
	struct str domain = str_sub(bare, at, bare.n);

	if (at > 0 && !str_ascii(domain) && str_ascii(str_sub(bare, 0, at))) {
		buf_add(out, str_sub(bare, 0, at));
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
