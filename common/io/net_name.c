#include <config.h>

#include "io/net_state.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "io/file.h"

#define HOSTS_LIMIT ((size_t)16 << 20) /* block lists grow long */

bool net_parse_address(const char *host, unsigned port, struct net_address *address)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char service[12];

	snprintf(service, sizeof service, "%u", port);
	if (getaddrinfo(host, service, &hints, &found) != 0)
		return false;
	memcpy(&address->addr, found->ai_addr, found->ai_addrlen);
	address->length = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

bool net_is_localhost(const char *host)
{
	struct str name = str_of(host);

	if (str_ends(name, STR_LIT(".")))
		name.n--;
	return str_ieq(name, STR_LIT("localhost")) || str_iends(name, STR_LIT(".localhost"));
}

bool net_is_loopback(const struct net_target *target)
{
	struct net_address a;

	if (target->path != NULL || net_is_localhost(target->host))
		return true;
	if (!net_parse_address(target->host, 0, &a))
		return false;
	if (a.addr.ss_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)&a.addr)->sin_addr.s_addr) >> 24 == 127;
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)&a.addr)->sin6_addr;

	return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}

bool net_address_text(const struct sockaddr *addr, socklen_t length, struct buf *out)
{
	char text[NI_MAXHOST];

	if (addr->sa_family == AF_UNIX)
		return buf_add_text(out, "unix");
	return getnameinfo(addr, length, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0 && buf_add_text(out, text);
}

bool net_peer(int fd, struct buf *out)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };
	socklen_t length = sizeof addr;

	return getpeername(fd, (struct sockaddr *)&addr, &length) == 0 &&
		net_address_text((struct sockaddr *)&addr, length, out);
}

/* Letters, digits, hyphens and at least one dot between labels (RFC 5321, 4.1.2). */
static bool is_qualified(struct str name)
{
	bool dot = false;

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		char before = i > 0 ? name.p[i - 1] : '.';

		if (!ascii_alpha(c) && !ascii_digit(c) && c != '-' && c != '.')
			return false;
		if ((c == '.' || c == '-') && before == '.')
			return false;
		dot = dot || c == '.';
	}
	return dot && name.n <= 253 && name.p[name.n - 1] != '.' && name.p[name.n - 1] != '-';
}

/* Cut the next word of a line off; empty at its end. */
static struct str next_word(struct str *line)
{
	size_t n = 0;

	*line = str_trim(*line);
	while (n < line->n && !ascii_blank(line->p[n]))
		n++;
	struct str word = str_sub(*line, 0, n);

	*line = str_sub(*line, n, line->n);
	return word;
}

/* The qualified name that /etc/hosts has beside the short one, as "127.0.1.1 host.example.org host". */
static bool name_in_hosts(struct str hosts, struct str host, struct buf *out)
{
	while (hosts.p != NULL) {
		struct str line = str_cut(&hosts, '\n');
		struct str names = str_cut(&line, '#');
		struct str full = STR_NONE;
		bool ours = false;
		struct str word;

		next_word(&names); /* the address */
		while ((word = next_word(&names)).n > 0) {
			if (full.p == NULL && is_qualified(word))
				full = word;
			ours = ours || str_ieq(word, host);
		}
		if (ours && full.p != NULL)
			return buf_add(out, full);
	}
	return false;
}

static bool name_of_host(struct buf *out)
{
	char host[256];
	struct buf hosts = { 0 };

	if (gethostname(host, sizeof host) < 0)
		return false;
	host[sizeof host - 1] = '\0';
	if (is_qualified(str_of(host)))
		return buf_add_text(out, host);
	bool found =
		file_read("/etc/hosts", HOSTS_LIMIT, &hosts, NULL) && name_in_hosts(buf_str(&hosts), str_of(host), out);

	buf_free(&hosts);
	return found;
}

bool net_own_name(int fd, struct buf *out)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t length = sizeof addr;
	struct buf text = { 0 };
	bool ok;

	if (name_of_host(out))
		return true;
	if (getsockname(fd, (struct sockaddr *)&addr, &length) < 0 ||
		(addr.ss_family != AF_INET && addr.ss_family != AF_INET6))
		return buf_add_text(out, "localhost");
	/* A zone ("%eth0") means nothing to others. */
	ok = net_address_text((struct sockaddr *)&addr, length, &text);
	struct str rest = buf_str(&text);
	struct str plain = str_cut(&rest, '%');

	ok = ok && buf_printf(out, "[%s%.*s]", addr.ss_family == AF_INET6 ? "IPv6:" : "", STR_ARGS(plain));
	buf_free(&text);
	return ok;
}
