#include <config.h>

#include "io/resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "io/clock.h"

#define RESOLVER_WINDOW 256u
#define RESOLVER_START 32u /* questions in the first burst: a socket's default buffer takes these */
#define RESOLVER_TTL_NONE 60u
#define RESOLVER_AGAIN 8u

/* One domain on its way: MX first, then A and AAAA where there is no MX. */
struct question {
	struct resolver *resolver;
	struct question *next; /* in the list of free ones */
	char *domain;
	uint64_t tag;
	uint32_t ttl;
	int type;   /* asked for now */
	unsigned again; /* asked anew after a failure that was none of its own */
};

struct answer {
	uint64_t tag;
	enum resolver_verdict verdict;
	uint32_t ttl;
};

struct resolver {
	ares_channel channel;
	struct question *all;
	struct question *unused;
	size_t window;
	size_t limit; /* grows to window with each answer: the paced start */
	size_t in_flight;
	struct answer *answers; /* a ring as large as the window: each question has at most one */
	size_t answers_first;
	size_t answers_n;
};

/* --- what c-ares does not tell: how long an answer holds --- */

/* Past the name at p, or NULL when the message ends in it. */
static const unsigned char *skip_name(const unsigned char *p, const unsigned char *end)
{
	while (p < end) {
		if (*p == 0)
			return p + 1;
		if ((*p & 0xc0) != 0)
			return end - p >= 2 ? p + 2 : NULL;
		p += *p + 1;
	}
	return NULL;
}

static uint32_t read32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The least TTL of the answer section, or the negative TTL of RFC 2308 (the SOA's minimum) when there is no answer. */
static uint32_t least_ttl(const unsigned char *message, int length)
{
	const unsigned char *end = message + length;
	const unsigned char *p = message + 12;
	uint32_t least = UINT32_MAX;

	if (message == NULL || length < 12)
		return RESOLVER_TTL_NONE;
	unsigned questions = (unsigned)(message[4] << 8 | message[5]);
	unsigned answers = (unsigned)(message[6] << 8 | message[7]);
	unsigned records = answers + (unsigned)(message[8] << 8 | message[9]);

	for (; questions > 0 && p != NULL; questions--) {
		p = skip_name(p, end);
		p = p != NULL && end - p >= 4 ? p + 4 : NULL;
	}
	for (unsigned i = 0; i < records && p != NULL; i++) {
		p = skip_name(p, end);
		if (p == NULL || end - p < 10)
			break;
		unsigned type = (unsigned)(p[0] << 8 | p[1]);
		uint32_t ttl = read32(p + 4);
		long size = p[8] << 8 | p[9];

		p += 10;
		if (size > end - p)
			break;
		if (i >= answers && type == ns_t_soa && size >= 20 && read32(p + size - 4) < ttl)
			ttl = read32(p + size - 4);
		if ((i < answers || (answers == 0 && type == ns_t_soa)) && ttl < least)
			least = ttl;
		p += size;
	}
	return least == UINT32_MAX ? RESOLVER_TTL_NONE : least;
}

/* --- one question to its verdict --- */

static void ask(struct question *q, int type);

static void settle(struct question *q, enum resolver_verdict verdict)
{
	struct resolver *r = q->resolver;
	size_t at = (r->answers_first + r->answers_n++) % r->window;

	r->answers[at] = (struct answer){
		.tag = q->tag,
		.verdict = verdict,
		.ttl = q->ttl < UINT32_MAX ? q->ttl : RESOLVER_TTL_NONE,
	};
	mem_free(q->domain);
	q->domain = NULL;
	q->next = r->unused;
	r->unused = q;
	r->in_flight--;
	if (r->limit < r->window)
		r->limit++;
}

/* A null MX (RFC 7505) is one record with an empty name; beside others it is only a mistake. */
static bool is_null_mx(const struct ares_mx_reply *list)
{
	return list->next == NULL &&
	       (list->host == NULL || list->host[0] == '\0' || strcmp(list->host, ".") == 0);
}

static void answered_mx(struct question *q, int status, const unsigned char *message, int length)
{
	struct ares_mx_reply *list = NULL;

	if (status == ARES_SUCCESS)
		status = ares_parse_mx_reply(message, length, &list);
	/* None at all: no MX, or an alias that leads nowhere. What cannot be read says nothing. */
	if (status == ARES_ENODATA || (status == ARES_SUCCESS && list == NULL))
		ask(q, ns_t_a);
	else if (status != ARES_SUCCESS)
		settle(q, RESOLVER_TEMPORARY);
	else
		settle(q, is_null_mx(list) ? RESOLVER_NULL_MX : RESOLVER_ACCEPTS);
	if (list != NULL)
		ares_free_data(list);
}

/* ARES_SUCCESS when the answer holds an address, ARES_ENODATA when only an alias to a name without one,
 * else it cannot be read. */
static int find_address(int type, const unsigned char *message, int length)
{
	struct hostent *host = NULL;
	int status = type == ns_t_a ? ares_parse_a_reply(message, length, &host, NULL, NULL)
				    : ares_parse_aaaa_reply(message, length, &host, NULL, NULL);

	if (status == ARES_SUCCESS && (host == NULL || host->h_addr_list[0] == NULL))
		status = ARES_ENODATA;
	if (host != NULL)
		ares_free_hostent(host);
	return status;
}

static void answered_address(struct question *q, int status, const unsigned char *message, int length)
{
	if (status == ARES_SUCCESS)
		status = find_address(q->type, message, length);
	if (status == ARES_SUCCESS)
		settle(q, RESOLVER_ACCEPTS);
	else if (status != ARES_ENODATA)
		settle(q, RESOLVER_TEMPORARY);
	else if (q->type == ns_t_a)
		ask(q, ns_t_aaaa);
	else
		settle(q, RESOLVER_NO_HOST);
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *message, int length)
{
	struct question *q = arg;

	(void)timeouts;
	if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED)
		return;
	/* c-ares 1.18 holds the end of a server's TCP connection against every question that is open there,
	 * UDP ones too, and then against the server: such a failure is worth another look. */
	if (status == ARES_ECONNREFUSED && q->again < RESOLVER_AGAIN) {
		q->again++;
		ask(q, q->type);
		return;
	}
	if (status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND) {
		uint32_t ttl = least_ttl(message, length);

		if (ttl < q->ttl)
			q->ttl = ttl;
	}
	if (status == ARES_ENOTFOUND)
		settle(q, RESOLVER_NXDOMAIN);
	else if (status != ARES_SUCCESS && status != ARES_ENODATA)
		settle(q, RESOLVER_TEMPORARY);
	else if (q->type == ns_t_mx)
		answered_mx(q, status, message, length);
	else
		answered_address(q, status, message, length);
}

static void ask(struct question *q, int type)
{
	q->type = type;
	ares_query(q->resolver->channel, q->domain, ns_c_in, type, on_answer, q);
}

/* --- the object --- */

/* Room for a window's worth of answers that come at once: a lost one costs a whole timeout. */
static int on_socket(ares_socket_t fd, int type, void *arg)
{
	int size = 1 << 20;

	(void)arg;
	if (type == SOCK_DGRAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	return 0;
}

/* c-ares wants addresses; "localhost" is the one name that needs no look-up. */
static int set_servers(struct resolver *r, const char *servers)
{
	struct buf list = { 0 };
	struct str rest = str_of(servers);
	int status;

	while (rest.p != NULL) {
		struct str one = str_trim(str_cut(&rest, ','));

		if (buf_len(&list) > 0)
			buf_add_char(&list, ',');
		if (str_istarts(one, STR_LIT("localhost"))) {
			buf_add_text(&list, "127.0.0.1");
			one = str_sub(one, strlen("localhost"), one.n);
		}
		buf_add(&list, one);
	}
	status = ares_set_servers_ports_csv(r->channel, buf_text(&list));
	buf_free(&list);
	return status;
}

struct resolver *resolver_new(const struct resolver_params *params, struct err *err)
{
	struct resolver *r = mem_alloc(sizeof *r);
	struct ares_options options = {
		.flags = ARES_FLAG_STAYOPEN,
		.timeout = params->timeout > 0 ? (int)(params->timeout / 1000000) : 3000,
		.tries = params->tries > 0 ? (int)params->tries : 3,
	};
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	if (status == ARES_SUCCESS)
		status = ares_init_options(&r->channel, &options,
			ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
	if (status != ARES_SUCCESS) {
		err_set(err, ERR_OS, "DNS resolver: %s", ares_strerror(status));
		mem_free(r);
		return NULL;
	}
	ares_set_socket_configure_callback(r->channel, on_socket, NULL);
	if (params->servers != NULL && set_servers(r, params->servers) != ARES_SUCCESS) {
		err_set(err, ERR_USAGE, "resolver '%s': not an address with an optional port",
			params->servers);
		ares_destroy(r->channel);
		mem_free(r);
		return NULL;
	}
	r->window = params->window > 0 && params->window < RESOLVER_WINDOW ? params->window
									   : RESOLVER_WINDOW;
	r->limit = r->window < RESOLVER_START ? r->window : RESOLVER_START;
	r->answers = mem_array(r->window, sizeof *r->answers);
	r->all = mem_array(r->window, sizeof *r->all);
	for (size_t i = 0; i < r->window; i++) {
		r->all[i].resolver = r;
		r->all[i].next = r->unused;
		r->unused = &r->all[i];
	}
	return r;
}

void resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	ares_destroy(r->channel);
	for (size_t i = 0; i < r->window; i++)
		mem_free(r->all[i].domain);
	mem_free(r->all);
	mem_free(r->answers);
	mem_free(r);
}

bool resolver_room(const struct resolver *r)
{
	/* An answer that nobody took yet holds its place, so that the ring never overflows. */
	return r->in_flight + r->answers_n < r->limit;
}

bool resolver_ask(struct resolver *r, struct str domain, uint64_t tag, struct err *err)
{
	struct question *q = r->unused;

	if (q == NULL || !resolver_room(r))
		return err_set(err, ERR_SOFTWARE, "more questions than the resolver has room for");
	r->unused = q->next;
	q->domain = mem_copy(domain.p, domain.n);
	q->tag = tag;
	q->ttl = UINT32_MAX;
	q->again = 0;
	r->in_flight++;
	ask(q, ns_t_mx);
	return true;
}

bool resolver_answer(struct resolver *r, uint64_t *tag, enum resolver_verdict *verdict, uint32_t *ttl)
{
	if (r->answers_n == 0)
		return false;
	const struct answer *a = &r->answers[r->answers_first];

	*tag = a->tag;
	*verdict = a->verdict;
	*ttl = a->ttl;
	r->answers_first = (r->answers_first + 1) % r->window;
	r->answers_n--;
	return true;
}

size_t resolver_in_flight(const struct resolver *r)
{
	return r->in_flight;
}

/* Milliseconds to wait: until the deadline, or until c-ares wants to try again, whichever is first. */
static int wait_ms(const struct resolver *r, int64_t deadline)
{
	struct timeval again;
	int64_t ms = (deadline - clock_now()) / 1000000;

	if (ares_timeout(r->channel, NULL, &again) != NULL) {
		int64_t least = (int64_t)again.tv_sec * 1000 + again.tv_usec / 1000 + 1;

		ms = ms < least ? ms : least;
	}
	return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

bool resolver_turn(struct resolver *r, int64_t deadline, struct err *err)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	struct pollfd fds[ARES_GETSOCK_MAXNUM];
	int mask = ares_getsock(r->channel, sockets, ARES_GETSOCK_MAXNUM);
	nfds_t n = 0;

	if (r->in_flight == 0 || r->answers_n > 0)
		return true;
	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = (short)((ARES_GETSOCK_READABLE(mask, i) ? POLLIN : 0) |
			(ARES_GETSOCK_WRITABLE(mask, i) ? POLLOUT : 0));

		if (events != 0)
			fds[n++] = (struct pollfd){ .fd = sockets[i], .events = events };
	}
	int ready = poll(fds, n, wait_ms(r, deadline));

	if (ready < 0 && errno != EINTR)
		return err_errno(err, ERR_OS, errno, "poll");
	for (nfds_t i = 0; i < n && ready > 0; i++)
		if (fds[i].revents != 0)
			ares_process_fd(r->channel,
				fds[i].revents & (POLLIN | POLLERR | POLLHUP) ? fds[i].fd : ARES_SOCKET_BAD,
				fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
	if (ready <= 0)
		ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	return true;
}
