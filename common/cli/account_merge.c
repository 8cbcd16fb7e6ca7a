#include <config.h>

#include "cli/account_state.h"

#include "mail/address/address.h"

/* "*" any octets, "?" one; ASCII case does not count. Goes back to the last star only, so that no pattern
 * takes longer than their product. */
static bool glob(struct str pattern, struct str text)
{
	size_t p = 0;
	size_t t = 0;
	size_t star = SIZE_MAX;
	size_t mark = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			mark = t;
		} else if (p < pattern.n &&
			(pattern.p[p] == '?' || ascii_lower(pattern.p[p]) == ascii_lower(text.p[t]))) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

/* Cut the next word off: blanks and commas are between words. Empty at the end. */
static struct str next_word(struct str *rest)
{
	size_t n = 0;

	while (rest->n > 0 && (ascii_blank(rest->p[0]) || rest->p[0] == ','))
		*rest = str_sub(*rest, 1, rest->n);
	while (n < rest->n && !ascii_blank(rest->p[n]) && rest->p[n] != ',')
		n++;
	struct str word = str_sub(*rest, 0, n);

	*rest = str_sub(*rest, n, rest->n);
	return word;
}

/* One mailbox, maybe with a name, in which blanks and commas separate nothing. */
static bool is_mailbox(const char *from, struct buf *bare)
{
	struct str address;

	if (!address_one(str_of(from), bare, NULL))
		return false;
	address = buf_str(bare);
	return str_find(address, '@') < address.n && str_find(address, '*') == address.n &&
		str_find(address, '?') == address.n;
}

bool account_from_matches(const char *patterns, const char *address)
{
	struct str rest = str_of(patterns);
	struct str word;
	struct buf bare = { 0 };
	bool fits = is_mailbox(patterns, &bare) && glob(buf_str(&bare), str_of(address));

	buf_free(&bare);
	while (!fits && (word = next_word(&rest)).n > 0)
		fits = glob(word, str_of(address));
	return fits;
}

/* An address, or what becomes one: "%U@%H". */
static bool is_address(struct str s)
{
	struct address a = { 0 };
	bool ok = address_parse(&a, s, ADDRESS_ENVELOPE) == ADDRESS_OK;

	address_free(&a);
	return ok || (str_find(s, '%') < s.n && str_find(s, '@') < s.n);
}

bool account_from_check(const char *from, struct err *err)
{
	struct buf bare = { 0 };
	struct str rest = str_of(from);
	struct str word;
	bool ok = is_mailbox(from, &bare);

	if (ok) {
		ok = is_address(buf_str(&bare));
	} else {
		ok = str_trim(rest).n > 0;
		while (ok && (word = next_word(&rest)).n > 0)
			ok = is_address(word) || str_find(word, '*') < word.n || str_find(word, '?') < word.n;
	}
	buf_free(&bare);
	return ok ||
		err_set(err, ERR_CONFIG,
			"'%s' is neither an address (ADDRESS or NAME <ADDRESS>) nor a pattern such as "
			"*@example.org",
			from);
}

bool account_address_check(const char *address, struct err *err)
{
	struct buf bare = { 0 };
	bool ok = is_mailbox(address, &bare) && is_address(buf_str(&bare));

	buf_free(&bare);
	return ok || err_set(err, ERR_CONFIG, "'%s' is not an address", address);
}

/* A "from" that is one address is the sender too. */
static bool is_sender(const char *from)
{
	struct buf bare = { 0 };
	bool ok = from != NULL && is_mailbox(from, &bare);

	buf_free(&bare);
	return ok;
}

/* Is a server of that host in the list? What is no URL is no server. */
static bool lists_host(const char *const *urls, size_t n, const char *url, bool pop)
{
	struct account_url one = { 0 };
	struct account_url other = { 0 };
	bool same = false;

	if (!account_url(url, pop, &one, NULL))
		return false;
	for (size_t i = 0; i < n && !same; i++) {
		if (!account_url(urls[i], pop, &other, NULL))
			continue;
		same = one.host != NULL && other.host != NULL && str_ieq(str_of(one.host), str_of(other.host));
		same = same || (one.path != NULL && other.path != NULL && strcmp(one.path, other.path) == 0);
		account_url_free(&other);
	}
	account_url_free(&one);
	return same;
}

/* The server on the command line is another than the file's: what the file says of its own, and its
 * password above all, is none of that one's business. */
static bool is_foreign(const struct account *a, const struct account *file)
{
	if (a->pop != NULL)
		return file->pop != NULL && !lists_host(&file->pop, 1, a->pop, true);
	if (file->smtp.n == 0)
		return false;
	for (size_t i = 0; i < a->smtp.n; i++)
		if (!lists_host(file->smtp.values, file->smtp.n, a->smtp.values[i], false))
			return true;
	return false;
}

static void take(const char **to, const char *from)
{
	if (*to == NULL)
		*to = from;
}

static void merge_login(struct account *a, const struct account *file)
{
	bool other_user = a->user != NULL && file->user != NULL && strcmp(a->user, file->user) != 0;
	bool has_source = a->password_command != NULL || a->password_file != NULL || a->password_fd != NULL ||
		a->token_command != NULL;

	a->user_from_file = a->user == NULL && file->user != NULL;
	take(&a->user, file->user);
	take(&a->auth, file->auth);
	/* One source on the command line puts all of the file's aside. */
	if (has_source || other_user)
		return;
	a->password = file->password;
	a->password_command = file->password_command;
	a->password_file = file->password_file;
	a->password_fd = file->password_fd;
	a->token_command = file->token_command;
}

void account_merge(struct account *a, const struct account *file, bool named)
{
	bool given = a->smtp.n > 0 || a->pop != NULL;

	a->proxy_from_file = a->proxy == NULL && file->proxy != NULL;
	take(&a->proxy, file->proxy);
	take(&a->ehlo, file->ehlo);
	account_keys_merge(&a->keys, &file->keys);
	if (is_sender(file->from))
		take(&a->from, file->from);
	if (a->timeout == 0)
		a->timeout = file->timeout;
	if (given && !named && is_foreign(a, file))
		return;
	a->dane_from_file = !a->dane && file->dane;
	a->dane = a->dane || file->dane;
	a->tls_from_file = a->tls == NULL && file->tls != NULL;
	take(&a->tls, file->tls);
	take(&a->ca_file, file->ca_file);
	take(&a->pin, file->pin);
	take(&a->client_cert, file->client_cert);
	take(&a->client_key, file->client_key);
	merge_login(a, file);
	if (!given) {
		a->smtp = file->smtp;
		a->pop = file->pop;
		a->server_from_file = true;
	}
}
