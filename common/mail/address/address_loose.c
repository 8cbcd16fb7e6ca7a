#include <config.h>

#include "mail/address/address_local.h"

#include "mail/address/address.h"
#include "text/cfws.h"

/* Display names that people and programs write without the quotes that they need. */

/* A longer one is hostile: what is looked at again for each member of a field must be short. */
#define NAME_LIMIT 1000

static bool is_address(struct str s)
{
	struct address a = { 0 };
	bool ok = address_parse(&a, s, ADDRESS_ENVELOPE) == ADDRESS_OK;

	address_free(&a);
	return ok;
}

/* The first "<address>" of s: where its "<" and ">" stand. */
static bool find_angle(struct str s, size_t *open, size_t *close)
{
	*open = s.n;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '<') {
			*open = i;
		} else if (s.p[i] == '>' && *open < i) {
			*close = i;
			if (is_address(str_trim(str_sub(s, *open + 1, i - *open - 1))))
				return true;
		}
	}
	return false;
}

static bool has_any(struct str s, const char *chars)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(chars, s.p[i]) != NULL)
			return true;
	return false;
}

/* An address among its words: which of the two is meant? */
static bool holds_address(struct str s)
{
	while (s.n > 0) {
		size_t n = 0;

		while (n < s.n && !cfws_is_blank(s.p[n]))
			n++;
		if (is_address(str_sub(s, 0, n)))
			return true;
		s = str_sub(s, n + 1, s.n);
	}
	return false;
}

/* May it be a name? Where separators belong to it, nothing in it may look like a mailbox. */
static bool is_name(struct str s, enum address_manner manner)
{
	if (has_any(s, "@") && holds_address(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (ascii_control(s.p[i]) && !cfws_is_blank(s.p[i]))
			return false;
	return !has_any(s, ",;") || (manner == ADDRESS_JOINED && !has_any(s, "@<>"));
}

/* Is it one quoted string from end to end? */
static bool is_quoted(struct str s)
{
	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return false;
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] == '"')
			return false;
		if (s.p[i] == '\\' && ++i + 1 >= s.n)
			return false;
	}
	return true;
}

/* As it is meant: no escapes but in a quoted string, one blank for a fold. */
static void add_name(struct buf *out, struct str s)
{
	bool quoted = is_quoted(s);

	if (quoted)
		s = str_sub(s, 1, s.n - 2);
	for (size_t i = 0; i < s.n; i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		if (s.p[i] != '\r' && s.p[i] != '\n')
			buf_add_char(out, s.p[i] == '\t' ? ' ' : s.p[i]);
	}
}

bool address_list_rescue(struct address_list *l, struct str start)
{
	struct str head = str_sub(start, 0, NAME_LIMIT);
	size_t open, close;

	if (l->manner == ADDRESS_STRICT || !find_angle(head, &open, &close))
		return false;
	struct str name = str_trim(str_sub(head, 0, open));
	struct str rest = cfws_skip(str_sub(start, close + 1, start.n));

	if (!is_name(name, l->manner) || (rest.n > 0 && rest.p[0] != ',' && rest.p[0] != ';'))
		return false;
	buf_clear(&l->name);
	buf_clear(&l->bare);
	add_name(&l->name, name);
	buf_add(&l->bare, str_trim(str_sub(head, open + 1, close - open - 1)));
	l->rest = rest;
	return true;
}
