#include <config.h>

#include "mail/address/address.h"

#include "mail/address/address_local.h"
#include "mail/header/word.h"
#include "text/utf8.h"

/* A dot-atom of ASCII, or octets over it: what needs no quotes. */
static bool is_dot_atom(struct str s)
{
	char last = '.';

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool atom = ascii_alpha(c) || ascii_digit(c) || (unsigned char)c >= 0x80 ||
			(c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);

		if (!atom && (c != '.' || last == '.'))
			return false;
		last = c;
	}
	return last != '.';
}

/* Append the local part without needless quotes and backslashes. */
static void add_local(struct buf *out, struct str local)
{
	struct buf plain = { .limit = 0 };

	if (local.n < 2 || local.p[0] != '"') {
		buf_add(out, local);
		return;
	}
	for (size_t i = 1; i + 1 < local.n; i++) {
		if (local.p[i] == '\\')
			i++;
		buf_add_char(&plain, local.p[i]);
	}
	struct str s = buf_str(&plain);

	if (is_dot_atom(s))
		buf_add(out, s);
	else
		word_add_quoted(out, s);
	buf_free(&plain);
}

/* The folded local part, in out. */
static bool fold_local(struct buf *out, struct str local)
{
	struct buf plain = { .limit = 0 };
	struct buf normal = { .limit = 0 };

	add_local(&plain, local);
	bool ok = utf8_nfc(&normal, buf_str(&plain));
	struct str s = buf_str(&normal);

	/* (Only then: the sign of Kelvin is a capital K in NFC.) */
	for (size_t i = 0; ok && i < s.n; i++)
		ok = buf_add_char(out, ascii_lower(s.p[i]));
	buf_free(&plain);
	buf_free(&normal);
	return ok;
}

/* The common case, in one piece: nothing to unquote, nothing to compose. */
static bool plain_key(const struct address *a, struct buf *out)
{
	size_t n = a->local.n + 1 + buf_len(&a->ascii);
	char *room = buf_room(out, n);

	if (room == NULL)
		return false;
	for (size_t i = 0; i < a->local.n; i++)
		room[i] = ascii_lower(a->local.p[i]);
	room[a->local.n] = '@';
	if (buf_len(&a->ascii) > 0)
		memcpy(room + a->local.n + 1, buf_str(&a->ascii).p, buf_len(&a->ascii));
	buf_added(out, n);
	return true;
}

bool address_key(const struct address *a, struct buf *out)
{
	if (!a->local_utf8 && a->local.n > 0 && a->local.p[0] != '"')
		return plain_key(a, out);
	return fold_local(out, a->local) && buf_add_char(out, '@') && buf_add(out, buf_str(&a->ascii));
}

#define DOTS 1u  /* dots in the local part mean nothing */
#define MARKS 2u /* nor do hyphens and underscores */

/* Providers that deliver name+tag to name. Domains that are one mailbox have the same
 * second name. */
static const struct provider {
	const char *domain;
	const char *same_as;
	unsigned ignored;
} providers[] = {
	{ "gmail.com", "gmail.com", DOTS },
	{ "googlemail.com", "gmail.com", DOTS },
	{ "outlook.com", "outlook.com", 0 },
	{ "hotmail.com", "hotmail.com", 0 },
	{ "live.com", "live.com", 0 },
	{ "msn.com", "msn.com", 0 },
	{ "icloud.com", "icloud.com", 0 },
	{ "me.com", "me.com", 0 },
	{ "mac.com", "mac.com", 0 },
	{ "fastmail.com", "fastmail.com", 0 },
	{ "fastmail.fm", "fastmail.fm", 0 },
	{ "proton.me", "proton.me", DOTS | MARKS },
	{ "protonmail.com", "proton.me", DOTS | MARKS },
	{ "pm.me", "proton.me", DOTS | MARKS },
	{ "yandex.ru", "yandex.ru", 0 },
	{ "yandex.com", "yandex.ru", 0 },
	{ "ya.ru", "yandex.ru", 0 },
	{ "zoho.com", "zoho.com", 0 },
	{ "mailbox.org", "mailbox.org", 0 },
	{ "posteo.de", "posteo.de", 0 },
	{ "tuta.io", "tuta.io", 0 },
};

static const struct provider *find_provider(struct str domain)
{
	for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++)
		if (str_eq(domain, str_of(providers[i].domain)))
			return &providers[i];
	return NULL;
}

static bool is_ignored(char c, unsigned ignored)
{
	return ((ignored & DOTS) != 0 && c == '.') || ((ignored & MARKS) != 0 && (c == '-' || c == '_'));
}

bool address_key_fold(struct str key, struct buf *out)
{
	struct str domain = str_sub(key, str_after_last(key, '@'), key.n);
	const struct provider *provider = find_provider(domain);
	size_t start = buf_len(out);
	bool ok = true;

	if (provider == NULL || key.p[0] == '"')
		return buf_add(out, key);
	struct str name = str_sub(key, 0, key.n - domain.n - 1);

	name.n = str_find(name, '+');
	for (size_t i = 0; ok && i < name.n; i++)
		if (!is_ignored(name.p[i], provider->ignored))
			ok = buf_add_char(out, name.p[i]);
	/* "+tag" and nothing before it is a name of its own. */
	if (ok && buf_len(out) == start)
		return buf_add(out, key);
	return ok && buf_add_char(out, '@') && buf_add_text(out, provider->same_as);
}

bool address_key_provider(const struct address *a, struct buf *out)
{
	struct buf key = { .limit = 0 };
	bool ok = address_key(a, &key) && address_key_fold(buf_str(&key), out);

	buf_free(&key);
	return ok;
}
