#include <config.h>

#include "mail/address/address.h"

#include <unictype.h>

#include "mail/address/address_local.h"
#include "mail/address/domain.h"
#include "text/utf8.h"

/*
 * The rules that decide whether an address is accepted. Order matters for the answer: a control character is
 * reported before anything else, as it must never get near a command; then the local part, then the domain.
 */

#define LOCAL_MAX ((size_t)64)
#define LABEL_MAX ((size_t)63)
#define ADDRESS_MAX ((size_t)254)

#define ATEXT 1u
#define DIGIT 2u
#define ALPHA 4u
#define HYPHEN 8u
#define LDH (DIGIT | ALPHA | HYPHEN)

/* What an octet may be part of: digits and letters are both, the hyphen too. */
static const unsigned char octet_class[256] = {
	['!'] = ATEXT,
	['#' ... '\''] = ATEXT,
	['*' ... '+'] = ATEXT,
	['/'] = ATEXT,
	['='] = ATEXT,
	['?'] = ATEXT,
	['^' ... '`'] = ATEXT,
	['{' ... '~'] = ATEXT,
	['-'] = ATEXT | HYPHEN,
	['0' ... '9'] = ATEXT | DIGIT,
	['A' ... 'Z'] = ATEXT | ALPHA,
	['a' ... 'z'] = ATEXT | ALPHA,
};

static unsigned class_of(char c)
{
	return octet_class[(unsigned char)c];
}

/* Length of the dot-atom at the start of s; 0 when a dot stands where none may. */
static size_t dot_atom_length(struct str s)
{
	size_t i = 0;

	for (;;) {
		size_t start = i;

		while (i < s.n && (class_of(s.p[i]) & ATEXT) != 0)
			i++;
		if (i == start)
			return 0;
		if (i == s.n || s.p[i] != '.')
			return i;
		i++;
	}
}

/* Letters, digits and hyphens, two labels or more, no A-label, the last not all digits. */
static bool plain_domain(struct str s)
{
	size_t i = 0;

	for (;;) {
		size_t start = i;
		unsigned met = 0;

		while (i < s.n && (class_of(s.p[i]) & LDH) != 0)
			met |= class_of(s.p[i++]);
		size_t n = i - start;

		if (n == 0 || n > LABEL_MAX || s.p[start] == '-' || s.p[i - 1] == '-')
			return false;
		if (n > 3 && ascii_lower(s.p[start]) == 'x' && s.p[start + 2] == '-' && s.p[start + 3] == '-')
			return false;
		if (i == s.n)
			return start > 0 && (met & (ALPHA | HYPHEN)) != 0;
		if (s.p[i] != '.')
			return false;
		i++;
	}
}

size_t address_check_ascii(struct str s)
{
	if (s.n > ADDRESS_MAX)
		return 0;
	size_t at = dot_atom_length(s);

	if (at == 0 || at > LOCAL_MAX || at + 1 >= s.n || s.p[at] != '@')
		return 0;
	return plain_domain(str_at(s.p + at + 1, s.n - at - 1)) ? at : 0;
}

#define EMOJI_VARIANT 0xfe0fu /* makes some signs coloured ones, which are seen */

/* Characters that have no place in an address: controls, blanks, invisible and private ones. Those
 * that the tables do not know yet are taken. */
static bool is_local_char(uint32_t code)
{
	if ((code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef))
		return false;
	if (code != EMOJI_VARIANT && uc_is_property_default_ignorable_code_point((ucs4_t)code))
		return false;
	return !uc_is_general_category_withtable(code,
		UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Cs | UC_CATEGORY_MASK_Co |
			UC_CATEGORY_MASK_Z);
}

static bool local_utf8_ok(struct str s)
{
	uint32_t code;
	bool first = true;

	for (size_t n; s.n > 0; s = str_sub(s, n, s.n), first = false) {
		n = utf8_decode(s, &code);
		if (n == 0)
			return false;
		if (code < 0x80)
			continue;
		/* A mark without a letter to stand on is shown on what comes before the address. */
		if (!is_local_char(code) || (first && uc_is_general_category_withtable(code, UC_CATEGORY_MASK_M)))
			return false;
	}
	return true;
}

/* Octets of the quoted string that s begins with (RFC 5321, 4.1.2), or 0. A backslash quotes ASCII
 * only. */
static size_t quoted_length(struct str s)
{
	size_t i = 1;

	while (i < s.n && s.p[i] != '"') {
		if (s.p[i] == '\\' && ++i < s.n && (unsigned char)s.p[i] >= 0x80)
			return 0;
		i++;
	}
	return i < s.n ? i + 1 : 0;
}

static enum address_fault check_atoms(struct str s)
{
	char last = '.';

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.' && last == '.')
			return ADDRESS_LOCAL_DOT;
		if (c != '.' && (class_of(c) & ATEXT) == 0 && (unsigned char)c < 0x80)
			return ADDRESS_LOCAL_CHARACTER;
		last = c;
	}
	return last == '.' ? ADDRESS_LOCAL_DOT : ADDRESS_OK;
}

/* Some characters are others in NFC, such as the Greek question mark, which is a semicolon. */
static enum address_fault check_normal(struct str local)
{
	struct buf normal = { .limit = 0 };
	enum address_fault fault = utf8_nfc(&normal, local) ? check_atoms(buf_str(&normal)) : ADDRESS_LOCAL_UTF8;

	buf_free(&normal);
	return fault;
}

static enum address_fault check_local(struct address *a, unsigned flags)
{
	bool quoted = a->local.n > 0 && a->local.p[0] == '"';
	enum address_fault fault = ADDRESS_OK;

	if (a->local.n == 0)
		return ADDRESS_LOCAL_EMPTY;
	a->local_utf8 = !str_ascii(a->local);
	if (quoted)
		fault = (flags & ADDRESS_QUOTED) != 0 ? ADDRESS_OK : ADDRESS_LOCAL_QUOTED;
	else
		fault = check_atoms(a->local);
	if (fault == ADDRESS_OK && a->local.n > LOCAL_MAX)
		fault = ADDRESS_LOCAL_LONG;
	if (fault == ADDRESS_OK && a->local_utf8 && !local_utf8_ok(a->local))
		fault = ADDRESS_LOCAL_UTF8;
	if (fault == ADDRESS_OK && a->local_utf8 && !quoted)
		fault = check_normal(a->local);
	return fault;
}

/* A final dot, also in the widths that IDNA maps to it, is no part of a mailbox. */
static bool ends_in_dot(struct str s)
{
	return str_ends(s, STR_LIT(".")) || str_ends(s, STR_LIT("\xe3\x80\x82")) ||
		str_ends(s, STR_LIT("\xef\xbc\x8e")) || str_ends(s, STR_LIT("\xef\xbd\xa1"));
}

static bool dotless_ok(struct str ascii)
{
	return ascii.n == 2 && ascii_alpha(ascii.p[0]) && ascii_alpha(ascii.p[1]);
}

static enum address_fault check_domain(struct address *a, unsigned flags)
{
	enum domain_fault fault;

	if (a->domain.n > 0 && a->domain.p[0] == '[') {
		if ((flags & ADDRESS_LITERALS) == 0 || !address_literal_ok(a->domain))
			return ADDRESS_LITERAL;
		for (size_t i = 0; i < a->domain.n; i++)
			buf_add_char(&a->ascii, ascii_lower(a->domain.p[i]));
		return ADDRESS_OK;
	}
	a->domain_utf8 = !str_ascii(a->domain);
	fault = ends_in_dot(a->domain) && a->domain.n > 1 ? DOMAIN_EMPTY_LABEL : domain_to_ascii(&a->ascii, a->domain);
	struct str ascii = buf_str(&a->ascii);

	if (fault == DOMAIN_OK && (flags & ADDRESS_LOCALHOST) == 0 && str_find(ascii, '.') == ascii.n &&
		!dotless_ok(ascii))
		fault = DOMAIN_DOTLESS;
	a->domain_fault = (int)fault;
	return fault == DOMAIN_OK ? ADDRESS_OK : ADDRESS_DOMAIN;
}

/* Cut s at the "@" before the domain: the last one, since a domain has none. */
static enum address_fault split(struct address *a, struct str s)
{
	size_t at = s.n;

	if (s.p[0] == '"') {
		at = quoted_length(s);
		if (at == 0)
			return ADDRESS_LOCAL_QUOTED;
		if (at == s.n)
			return ADDRESS_NO_AT;
		if (s.p[at] != '@')
			return ADDRESS_LOCAL_QUOTED;
	} else {
		while (at > 0 && s.p[at - 1] != '@')
			at--;
		if (at == 0)
			return ADDRESS_NO_AT;
		at--;
	}
	a->local = str_sub(s, 0, at);
	a->domain = str_sub(s, at + 1, s.n);
	return ADDRESS_OK;
}

static void fill_plain(struct address *a, struct str s, size_t at)
{
	a->local = str_at(s.p, at);
	a->domain = str_at(s.p + at + 1, s.n - at - 1);
	char *room = buf_room(&a->ascii, a->domain.n);

	for (size_t i = 0; i < a->domain.n; i++)
		room[i] = ascii_lower(a->domain.p[i]);
	buf_added(&a->ascii, a->domain.n);
}

enum address_fault address_parse(struct address *a, struct str s, unsigned flags)
{
	size_t at = address_check_ascii(s);
	enum address_fault fault;

	buf_clear(&a->ascii);
	a->ascii.limit = 0;
	a->local = STR_NONE;
	a->domain = STR_NONE;
	a->local_utf8 = false;
	a->domain_utf8 = false;
	a->domain_fault = DOMAIN_OK;
	if (at > 0) {
		fill_plain(a, s, at);
		return ADDRESS_OK;
	}
	if (s.n == 0)
		return ADDRESS_EMPTY;
	if (!str_clean(s))
		return ADDRESS_CONTROL;
	fault = split(a, s);
	if (fault == ADDRESS_OK)
		fault = check_local(a, flags);
	if (fault == ADDRESS_OK)
		fault = check_domain(a, flags);
	if (fault == ADDRESS_OK && (s.n > ADDRESS_MAX || a->local.n + 1 + buf_len(&a->ascii) > ADDRESS_MAX))
		fault = ADDRESS_LONG;
	return fault;
}

void address_free(struct address *a)
{
	buf_free(&a->ascii);
	*a = (struct address){ .local = STR_NONE };
}

const char *address_fault_text(const struct address *a, enum address_fault fault)
{
	static const char *const texts[] = {
		[ADDRESS_OK] = "the address is well formed",
		[ADDRESS_EMPTY] = "the address is empty",
		[ADDRESS_NO_AT] = "the address has no @",
		[ADDRESS_CONTROL] = "the address has a line break or another control character",
		[ADDRESS_LOCAL_EMPTY] = "nothing stands before the @",
		[ADDRESS_LOCAL_LONG] = "the local part is over 64 octets",
		[ADDRESS_LOCAL_DOT] = "the local part begins or ends with a dot or has two in a row",
		[ADDRESS_LOCAL_CHARACTER] = "the local part has a character that it may not have",
		[ADDRESS_LOCAL_QUOTED] = "the local part is quoted, or badly so",
		[ADDRESS_LOCAL_UTF8] = "the local part is not UTF-8 or has characters without a shape",
		[ADDRESS_LITERAL] = "the domain is an address in brackets, or a malformed one",
		[ADDRESS_LONG] = "the address is over 254 octets",
	};

	if (fault == ADDRESS_DOMAIN)
		return domain_fault_text((enum domain_fault)a->domain_fault);
	return texts[fault];
}
