#include <config.h>

#include "cli/account_state.h"

#include "base/mem.h"
#include "text/hex.h"

static const struct scheme {
	const char *name;
	enum account_scheme scheme;
	unsigned port;
	bool pop;
} schemes[] = {
	{ "smtp", SCHEME_SMTP, 587, false },
	{ "smtps", SCHEME_SMTPS, 465, false },
	{ "lmtp", SCHEME_LMTP, 24, false },
	{ "pop3", SCHEME_POP3, 110, true },
	{ "pop3s", SCHEME_POP3S, 995, true },
};

/* %XX undone, appended to out; false on a bad one or a control character. */
static bool decode(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '%') {
			int octet = hex_octet(str_sub(text, i + 1, 2));

			if (octet < 0)
				return false;
			c = (char)octet;
			i += 2;
		}
		if (ascii_control(c) || !buf_add_char(out, c))
			return false;
	}
	return true;
}

static char *decoded(struct str text)
{
	struct buf out = { 0 };
	char *copy = decode(&out, text) ? mem_copy(buf_text(&out), buf_len(&out)) : NULL;

	buf_free(&out);
	return copy;
}

/* What a name or an address in a URL may be made of: enough to catch what was meant otherwise. The zone
 * of a link-local address stands behind "%25". */
static bool is_host(struct str host)
{
	if (host.n == 0 || host.n > 255 || !str_clean(host))
		return false;
	for (size_t i = 0; i < host.n; i++)
		if (strchr(" /?#@[]<>\"\\^`{|}", host.p[i]) != NULL)
			return false;
	return true;
}

/* "host", "host:port" or "[v6]:port"; *port stays when none is given. host is the caller's. 64. */
static bool host_port(struct str text, char **host, unsigned *port, struct err *err)
{
	struct str name;
	uint64_t number;

	if (text.n > 0 && text.p[0] == '[') {
		text = str_sub(text, 1, text.n);
		name = str_cut(&text, ']');
		if (text.p == NULL || (text.n > 0 && text.p[0] != ':') || str_find(name, ':') == name.n)
			return err_set(err, ERR_USAGE, "'[%.*s' is no IPv6 address in brackets", STR_ARGS(name));
		if (text.n > 0)
			text = str_sub(text, 1, text.n);
	} else {
		name = str_cut(&text, ':');
		if (str_find(text, ':') < text.n)
			return err_set(err, ERR_USAGE, "an IPv6 address stands in brackets: [%.*s:%.*s]",
				STR_ARGS(name), STR_ARGS(text));
	}
	if (text.n > 0) {
		if (!str_number(text, 65535, &number) || number == 0)
			return err_set(err, ERR_USAGE, "'%.*s' is not a port", STR_ARGS(text));
		*port = (unsigned)number;
	}
	*host = is_host(name) ? decoded(name) : NULL;
	return *host != NULL || err_set(err, ERR_USAGE, "'%.*s' is not a host", STR_ARGS(name));
}

static const struct scheme *find_scheme(struct str name)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (str_ieq(name, str_of(schemes[i].name)))
			return &schemes[i];
	return NULL;
}

/* The scheme of text, which is cut behind "://". The rest may hold a password: not in a message. */
static const struct scheme *take_scheme(struct str *text, bool pop, struct err *err)
{
	const char *option = pop ? "--pop" : "--smtp";
	const char *choices = pop ? "pop3:// or pop3s://" : "smtp://, smtps:// or lmtp://";
	size_t at = str_search(*text, STR_LIT("://"));
	struct str name = str_sub(*text, 0, at);

	/* With an @ in it, it may hold a password. */
	if (at == text->n && str_find(*text, '@') == text->n && str_find(*text, '/') == text->n &&
		is_host(str_sub(*text, 0, str_find(*text, ':')))) {
		err_set(err, ERR_USAGE,
			"%s: '%.*s' is not a URL; write %s://%.*s (TLS from the start) or %s://%.*s (STARTTLS)", option,
			STR_ARGS(*text), pop ? "pop3s" : "smtps", STR_ARGS(*text), pop ? "pop3" : "smtp",
			STR_ARGS(*text));
		return NULL;
	}
	if (at == text->n) {
		err_set(err, ERR_USAGE, "%s takes a URL that begins with %s", option, choices);
		return NULL;
	}
	const struct scheme *s = find_scheme(name);

	if (s == NULL || s->pop != pop) {
		err_set(err, ERR_USAGE, "%s does not take %.*s://, but %s", option, STR_ARGS(name), choices);
		return NULL;
	}
	*text = str_sub(*text, at + 3, text->n);
	return s;
}

/* "user@" before the host. The last @ counts, since people write their whole address there. */
static bool take_user(struct str *authority, struct account_url *url, struct err *err)
{
	size_t at = str_after_last(*authority, '@');

	if (at == 0)
		return true;
	struct str user = str_sub(*authority, 0, at - 1);

	*authority = str_sub(*authority, at, authority->n);
	if (str_find(user, ':') < user.n)
		return err_set(err, ERR_USAGE,
			"a password in a URL can be read by everyone on this machine (ps): "
			"leave it out and use --password-command or --password-file");
	url->user = user.n > 0 ? decoded(user) : NULL;
	return url->user != NULL || err_set(err, ERR_USAGE, "the user before the @ is no user");
}

static bool take_parts(const struct scheme *s, struct str rest, struct account_url *url, struct err *err)
{
	size_t slash = str_find(rest, '/');
	struct str authority = str_sub(rest, 0, slash);
	struct str path = str_sub(rest, slash, rest.n);

	if (!take_user(&authority, url, err))
		return false;
	if (s->scheme == SCHEME_LMTP && authority.n == 0 && path.n > 1) {
		url->path = decoded(path);
		return url->path != NULL || err_set(err, ERR_USAGE, "the path of the socket is none");
	}
	if (authority.n == 0)
		return err_set(err, ERR_USAGE, "there is no host behind %s://", s->name);
	if (path.n > 1)
		return err_set(err, ERR_USAGE, "something stands behind the host: '%.*s'", STR_ARGS(path));
	return host_port(authority, &url->host, &url->port, err);
}

bool account_url(const char *text, bool pop, struct account_url *url, struct err *err)
{
	struct str rest = str_of(text);
	const struct scheme *s = take_scheme(&rest, pop, err);

	*url = (struct account_url){ 0 };
	if (s == NULL)
		return false;
	url->scheme = s->scheme;
	url->port = s->port;
	if (take_parts(s, rest, url, err))
		return true;
	account_url_free(url);
	return err_prefix(err, "%s", pop ? "--pop" : "--smtp");
}

void account_url_free(struct account_url *url)
{
	mem_free(url->user);
	mem_free(url->host);
	mem_free(url->path);
	*url = (struct account_url){ 0 };
}

bool account_proxy(const char *text, bool from_file, struct account_server *server, struct err *err)
{
	struct str rest = str_of(text);
	size_t at = str_search(rest, STR_LIT("://"));
	struct str scheme = str_sub(rest, 0, at);

	server->proxy_port = 1080;
	if (!str_ieq(scheme, STR_LIT("socks5")) && !str_ieq(scheme, STR_LIT("socks5h")))
		return err_set(err, ERR_USAGE, "--proxy takes socks5://host[:port]");
	rest = str_sub(rest, at + 3, rest.n);
	if (str_ends(rest, STR_LIT("/")))
		rest.n--;
	size_t end = str_after_last(rest, '@');
	struct str password = str_sub(rest, 0, end > 0 ? end - 1 : 0);
	struct str user = str_cut(&password, ':');

	if (password.n > 0 && !from_file)
		return err_set(err, ERR_USAGE,
			"a password in --proxy can be read by everyone on this machine (ps): "
			"put the proxy into the configuration file");
	if (!decode(&server->proxy_user, user) || !decode(&server->proxy_password, password))
		return err_set(err, ERR_USAGE, "--proxy: the user before the @ is no user");
	return host_port(str_sub(rest, end, rest.n), &server->proxy_host, &server->proxy_port, err) ||
		err_prefix(err, "--proxy");
}
