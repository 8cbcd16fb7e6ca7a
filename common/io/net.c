#include <config.h>

#include "io/net_state.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"
#include "mail/address/domain.h"

/*
 * RFC 8305 in one object: look-ups of both families run at once, attempts start 250 ms apart and alternate between
 * the families, the first that connects wins and the others are closed.
 */

/* RFC 8305, 8: between two attempts, and how long the addresses of one family wait for the other's. */
#define ATTEMPT_DELAY (CLOCK_SECOND / 4)
#define RESOLUTION_DELAY (CLOCK_SECOND / 20)
#define ATTEMPTS 8 /* under way at once */

struct net_dial {
	struct net_family families[2];
	struct net_lookup *lookup; /* or NULL: nothing has to be looked up */
	int turn;                  /* the family to be tried next */
	int64_t start_at;          /* the second family is waited for until then; 0: not yet known */
	int64_t next_at;           /* when the next address is tried */
	int fds[ATTEMPTS];
	struct net_address *tried[ATTEMPTS];
	size_t n;
	bool by_name;    /* the address is worth a word in errors */
	struct err last; /* what went wrong with the attempt that ended last */
};

static void add_address(struct net_dial *d, int family, const char *text, unsigned port)
{
	struct net_family *f = &d->families[family];

	if (net_parse_address(text, port, &f->list[f->n]))
		f->n++;
}

static bool set_path(struct net_dial *d, const char *path, struct err *err)
{
	struct net_address *a = &d->families[NET_V6].list[0];
	struct sockaddr_un *un = (struct sockaddr_un *)&a->addr;
	size_t n = strlen(path);

	if (n >= sizeof un->sun_path)
		return err_set(err, ERR_USAGE, "the path of the socket is over %zu octets", sizeof un->sun_path - 1);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n + 1);
	a->length = sizeof *un;
	d->families[NET_V6].n = 1;
	return true;
}

static bool begin_lookup(struct net_dial *d, const struct net_target *target, struct err *err)
{
	struct buf name = { 0 };
	struct str host = str_of(target->host);
	enum domain_fault fault = DOMAIN_OK;

	if (str_ascii(host))
		buf_add(&name, host);
	else
		fault = domain_to_ascii(&name, host);
	if (fault == DOMAIN_OK)
		d->lookup = net_lookup_new(buf_text(&name), target->port, d->families, err);
	else
		err_set(err, ERR_USAGE, "no host name: %s", domain_fault_text(fault));
	buf_free(&name);
	/* An answer without any waiting came from the hosts file, and is all that is needed. */
	for (int i = 0; d->lookup != NULL && i < 2; i++)
		if (!d->families[i].pending && d->families[i].n > 0)
			d->start_at = clock_now();
	return d->lookup != NULL;
}

struct net_dial *net_dial_new(const struct net_target *target, struct err *err)
{
	struct net_dial *d = mem_alloc(sizeof *d);
	struct net_address a;
	bool ok = true;

	if (target->path != NULL) {
		ok = set_path(d, target->path, err);
	} else if (net_parse_address(target->host, target->port, &a)) {
		d->families[NET_V6].list[0] = a;
		d->families[NET_V6].n = 1;
	} else if (net_is_localhost(target->host)) {
		add_address(d, NET_V6, "::1", target->port);
		add_address(d, NET_V4, "127.0.0.1", target->port);
	} else {
		d->by_name = true;
		ok = begin_lookup(d, target, err);
	}
	if (ok)
		return d;
	net_dial_free(d);
	return NULL;
}

void net_dial_free(struct net_dial *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++)
		close(d->fds[i]);
	net_lookup_free(d->lookup);
	mem_free(d);
}

static bool is_pending(const struct net_dial *d)
{
	return d->families[0].pending || d->families[1].pending;
}

static bool is_left(const struct net_dial *d)
{
	for (int i = 0; i < 2; i++)
		if (d->families[i].next < d->families[i].n)
			return true;
	return false;
}

static void note_error(struct net_dial *d, const struct net_address *a, int number)
{
	struct buf text = { 0 };
	bool ours = number == EMFILE || number == ENFILE || number == ENOMEM;
	/* A path that is closed to us stays so; a firewall's "not permitted" is a state of today. */
	bool closed = a->addr.ss_family == AF_UNIX && (number == EACCES || number == EPERM);
	enum err_kind kind = ours || closed ? ERR_OS : ERR_TEMP;

	if (d->by_name && net_address_text((const struct sockaddr *)&a->addr, a->length, &text))
		err_errno(&d->last, kind, number, "cannot connect to %s", buf_text(&text));
	else
		err_errno(&d->last, kind, number, "cannot connect");
	buf_free(&text);
}

/* The next address, families in turn; NULL when all that are known have been tried. */
static struct net_address *next_address(struct net_dial *d)
{
	for (int i = 0; i < 2; i++) {
		struct net_family *f = &d->families[d->turn];

		d->turn = !d->turn;
		if (f->next < f->n)
			return &f->list[f->next++];
	}
	return NULL;
}

/* Connect to a; false when that failed at once, or when there is no address. */
static bool try_address(struct net_dial *d, struct net_address *a)
{
	int one = 1;

	if (a == NULL)
		return false;
	int fd = socket(a->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		note_error(d, a, errno);
		return false;
	}
	if (a->addr.ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, (const struct sockaddr *)&a->addr, a->length) < 0 && errno != EINPROGRESS && errno != EINTR) {
		note_error(d, a, errno);
		close(fd);
		return false;
	}
	d->fds[d->n] = fd;
	d->tried[d->n++] = a;
	return true;
}

/* A port that nobody listens on, of this machine, may be the very one that the kernel chose for our own
 * end: then we are talking to ourselves. */
static bool is_own_echo(int fd)
{
	struct sockaddr_storage own = { 0 };
	struct sockaddr_storage peer = { 0 };
	socklen_t own_length = sizeof own;
	socklen_t peer_length = sizeof peer;

	return getsockname(fd, (struct sockaddr *)&own, &own_length) == 0 && own.ss_family != AF_UNIX &&
		getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0 && own_length == peer_length &&
		memcmp(&own, &peer, own_length) == 0;
}

/* Has attempt i ended? 1 connected, 0 not yet, -1 failed. */
static int look_at(struct net_dial *d, size_t i)
{
	struct pollfd one = { .fd = d->fds[i], .events = POLLOUT };
	int number = 0;
	socklen_t length = sizeof number;

	if (poll(&one, 1, 0) <= 0)
		return 0;
	if (getsockopt(d->fds[i], SOL_SOCKET, SO_ERROR, &number, &length) < 0)
		number = errno;
	if (number == 0 && is_own_echo(d->fds[i]))
		number = ECONNREFUSED;
	if (number == 0)
		return 1;
	note_error(d, d->tried[i], number);
	return -1;
}

/* Look at all attempts: the descriptor that is connected, or -1. Those that failed are closed. */
static int take_winner(struct net_dial *d, bool *failed)
{
	for (size_t i = 0; i < d->n;) {
		int state = look_at(d, i);
		int fd = d->fds[i];

		if (state == 0) {
			i++;
			continue;
		}
		d->n--;
		d->fds[i] = d->fds[d->n];
		d->tried[i] = d->tried[d->n];
		if (state > 0)
			return fd;
		close(fd);
		*failed = true;
	}
	return -1;
}

/* May attempts begin? IPv6 addresses alone, both families, or one that waited long enough. */
static bool may_start(struct net_dial *d, int64_t now)
{
	if (!is_left(d))
		return false;
	if (!is_pending(d) || (!d->families[NET_V6].pending && d->families[NET_V6].n > 0))
		return true;
	if (d->start_at == 0)
		d->start_at = now + RESOLUTION_DELAY;
	return now >= d->start_at;
}

int net_dial_next(struct net_dial *d, const struct pollfd *fds, size_t n, int *fd, struct err *err)
{
	bool failed = false;
	int64_t now;

	if (d->lookup != NULL)
		net_lookup_turn(d->lookup, fds, n);
	*fd = take_winner(d, &failed);
	now = clock_now();
	while (*fd < 0 && may_start(d, now) && d->n < ATTEMPTS && (d->n == 0 || failed || now >= d->next_at)) {
		failed = !try_address(d, next_address(d));
		d->next_at = now + ATTEMPT_DELAY;
		/* On this machine it is over at once, one way or the other. */
		if (!failed)
			*fd = take_winner(d, &failed);
	}
	if (*fd >= 0)
		return 1;
	if (d->n > 0 || is_left(d) || is_pending(d))
		return 0;
	if (d->last.kind == ERR_NONE)
		net_lookup_fault(d->families, &d->last);
	if (err != NULL)
		*err = d->last;
	return -1;
}

size_t net_dial_poll(struct net_dial *d, struct pollfd *fds, size_t max, int64_t *deadline)
{
	size_t n = 0;

	if (d->lookup != NULL && is_pending(d))
		n = net_lookup_poll(d->lookup, fds, max, deadline);
	for (size_t i = 0; i < d->n && n < max; i++)
		fds[n++] = (struct pollfd){ .fd = d->fds[i], .events = POLLOUT };
	if (is_left(d) && is_pending(d) && d->n == 0 && d->start_at > 0 && d->start_at < *deadline)
		*deadline = d->start_at;
	if (is_left(d) && d->n > 0 && d->next_at < *deadline)
		*deadline = d->next_at;
	return n;
}
