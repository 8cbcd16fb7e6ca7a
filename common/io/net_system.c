#include <config.h>

#include "io/net_state.h"

#include <netdb.h>

#include "io/file.h"

/*
 * getaddrinfo(3) may wait for minutes and cannot be interrupted, so it is only called in a child, and only if
 * nsswitch.conf(5) names sources that c-ares does not know.
 */

#define SWITCH_LIMIT ((size_t)64 << 10)

/* What c-ares asks by itself. ("resolve" is systemd's own name server, which is in resolv.conf too.) */
static bool is_ours(struct str source)
{
	return str_eq(source, STR_LIT("files")) || str_eq(source, STR_LIT("dns")) || str_eq(source, STR_LIT("resolve"));
}

/* A line of nsswitch.conf(5): has it a source of hosts that is not ours? "[NOTFOUND=return]" is an action. */
static bool names_others(struct str line)
{
	struct str rest = str_cut(&line, '#');
	struct str key = str_trim(str_cut(&rest, ':'));
	bool action = false;

	if (!str_eq(key, STR_LIT("hosts")) || rest.p == NULL)
		return false;
	while (rest.n > 0) {
		size_t n = 0;

		rest = str_trim(rest);
		action = action || (rest.n > 0 && rest.p[0] == '[');
		while (n < rest.n && !ascii_blank(rest.p[n]))
			n++;
		if (n == 0)
			break;
		if (!action && !is_ours(str_sub(rest, 0, n)))
			return true;
		action = action && rest.p[n - 1] != ']';
		rest = str_sub(rest, n, rest.n);
	}
	return false;
}

bool net_system_knows_more(void)
{
	struct buf text = { 0 };
	bool found = false;

	if (file_read("/etc/nsswitch.conf", SWITCH_LIMIT, &text, NULL)) {
		struct str rest = buf_str(&text);

		while (rest.p != NULL && !found)
			found = names_others(str_cut(&rest, '\n'));
	}
	buf_free(&text);
	return found;
}

/* In the child: every address, as a struct net_address. */
static bool look_up(const void *arg, struct buf *out)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;

	if (getaddrinfo(arg, NULL, &hints, &found) != 0)
		return true;
	for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
		struct net_address address = { .length = a->ai_addrlen };

		if (a->ai_addrlen <= sizeof address.addr) {
			memcpy(&address.addr, a->ai_addr, a->ai_addrlen);
			buf_add(out, str_at((const char *)&address, sizeof address));
		}
	}
	freeaddrinfo(found);
	return true;
}

bool net_system_ask(struct child *c, const char *host)
{
	const struct child_params params = { .work = look_up, .arg = host, .deadline = INT64_MAX };

	return child_start(c, &params, NULL);
}

bool net_system_answer(struct child *c, unsigned port, struct net_family families[2])
{
	enum child_event event;

	while ((event = child_next(c)) == CHILD_OUTPUT)
		;
	if (event == CHILD_WAIT)
		return false;
	while (buf_len(&c->out) >= sizeof(struct net_address)) {
		struct net_address a;

		memcpy(&a, buf_str(&c->out).p, sizeof a);
		buf_drop(&c->out, sizeof a);
		net_add_address(families, &a, port);
	}
	return true;
}
