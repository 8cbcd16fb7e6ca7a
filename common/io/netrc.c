#include <config.h>

#include "io/netrc.h"

#include <stdlib.h>
#include <unistd.h>

#include "io/secret.h"

/*
 * A file that holds a password and that others can read is refused, with an error, instead of being ignored: the
 * person would be asked for a password without knowing why.
 */

static struct str netrc_word(struct str *rest)
{
	for (;;) {
		while (rest->n > 0 && (ascii_blank(rest->p[0]) || rest->p[0] == '\n' || rest->p[0] == '\r'))
			*rest = str_sub(*rest, 1, rest->n);
		if (rest->n == 0 || rest->p[0] != '#')
			break;
		str_cut(rest, '\n');
	}
	if (rest->n > 0 && rest->p[0] == '"') {
		*rest = str_sub(*rest, 1, rest->n);
		return str_cut(rest, '"');
	}
	size_t n = 0;

	while (n < rest->n && !ascii_blank(rest->p[n]) && rest->p[n] != '\n' && rest->p[n] != '\r')
		n++;
	struct str word = str_sub(*rest, 0, n);

	*rest = str_sub(*rest, n, rest->n);
	return word;
}

struct netrc_entry {
	struct str login;
	struct str password;
};

/* A macro runs to the next empty line and may hold any word. */
static void netrc_skip_macro(struct str *rest)
{
	size_t end = str_search(*rest, STR_LIT("\n\n"));

	*rest = str_sub(*rest, end, rest->n);
}

/* The first entry for host whose login is user (NULL: any); "default" stands for every host. */
static bool netrc_lookup(struct str text, const char *host, const char *user, struct netrc_entry *found)
{
	struct netrc_entry entry = { 0 };
	bool ours = false;

	for (;;) {
		struct str word = netrc_word(&text);
		bool opens = str_eq(word, STR_LIT("machine")) || str_eq(word, STR_LIT("default"));

		if ((opens || word.n == 0) && ours &&
			(user == NULL || entry.login.n == 0 || str_eq(entry.login, str_of(user)))) {
			*found = entry;
			return true;
		}
		if (word.n == 0 && text.n == 0)
			return false;
		if (opens) {
			entry = (struct netrc_entry){ 0 };
			ours = word.p[0] == 'd' || str_ieq(netrc_word(&text), str_of(host));
		} else if (str_eq(word, STR_LIT("login"))) {
			entry.login = netrc_word(&text);
		} else if (str_eq(word, STR_LIT("password"))) {
			entry.password = netrc_word(&text);
		} else if (str_eq(word, STR_LIT("macdef"))) {
			netrc_skip_macro(&text);
		}
	}
}

/* The file's text; false when there is none (kind ERR_NONE) or it may not be used. */
static bool netrc_read(struct buf *text, struct buf *path, struct err *err)
{
	const char *named = getenv("NETRC");
	const char *home = getenv("HOME");
	bool absent;

	if (named != NULL && named[0] != '\0')
		buf_add_text(path, named);
	else if (home != NULL && home[0] != '\0')
		buf_printf(path, "%s/.netrc", home);
	else
		return false;
	int fd = secret_open_private(buf_text(path), false, &absent, err);

	if (fd < 0) {
		if (absent && err != NULL)
			err->kind = ERR_NONE;
		return false;
	}
	text->limit = (size_t)1 << 20;
	ssize_t n = 1;

	while (n > 0) {
		char *room = buf_room(text, 4096);

		n = room != NULL ? read(fd, room, 4096) : 0;
		buf_added(text, n > 0 ? (size_t)n : 0);
	}
	close(fd);
	return true;
}

int netrc_get(const char *host, const char *user, enum netrc_part part, struct buf *out, struct err *err)
{
	struct buf text = { 0 };
	struct buf path = { 0 };
	struct netrc_entry entry;
	struct err why = { 0 };
	int result = 0;

	if (netrc_read(&text, &path, &why) && netrc_lookup(buf_str(&text), host, user, &entry)) {
		struct str value = part == NETRC_LOGIN ? entry.login : entry.password;

		if (value.n > 0)
			result = buf_add(out, value) ? 1 : 0;
	}
	if (why.kind != ERR_NONE) {
		if (err != NULL)
			*err = why;
		result = -1;
	}
	buf_wipe(&text);
	buf_free(&path);
	return result;
}
