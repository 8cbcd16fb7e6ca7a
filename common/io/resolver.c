#include <config.h>

#include "io/resolver_state.h"

#include <errno.h>
#include <poll.h>

#include "base/mem.h"
#include "io/clock.h"
#include "proto/dns.h"

/*
 * One question after the other for each domain: MX, then A, then AAAA. A "no" is only believed when proto/dns says
 * that it is one; everything else is asked of another server, and in the end RESOLVER_TEMPORARY, which rejects
 * nobody.
 */

#define RESOLVER_WINDOW 256u
#define RESOLVER_START 32u /* questions in the first burst: a socket's default buffer takes these */
#define RESOLVER_TTL_NONE 60u
#define RESOLVER_AGAIN 8u
#define RESOLVER_HOPS 8u
#define RESOLVER_LATE 16u
#define CLASS_IN 1
#define TIMEOUT_MS 1500
#define TIMEOUT_MOST (3600 * CLOCK_SECOND)
#define CHANNELS ((size_t)2 * RESOLVER_SERVERS)

/* --- one question to its verdict --- */

static void ask(struct question *q, unsigned type);

static void settle_mx(struct question *q, enum resolver_verdict verdict, const char *mx)
{
	struct resolver *r = q->resolver;
	size_t at = (r->answers_first + r->answers_n++) % r->window;

	r->answers[at] = (struct answer){
		.tag = q->tag,
		.verdict = verdict,
		.ttl = q->ttl < UINT32_MAX ? q->ttl : RESOLVER_TTL_NONE,
	};
	memcpy(r->answers[at].mx, mx, strlen(mx) + 1);
	mem_free(q->domain);
	mem_free(q->origin);
	q->domain = q->origin = NULL;
	q->next = r->unused;
	r->unused = q;
	r->in_flight--;
	if (r->limit < r->window)
		r->limit++;
}

static void settle(struct question *q, enum resolver_verdict verdict)
{
	settle_mx(q, verdict, "");
}

/* No record of the type asked for; there is no mail without any of the three. */
static void found_none(struct question *q)
{
	if (q->type == DNS_MX)
		ask(q, DNS_A);
	else if (q->type == DNS_A)
		ask(q, DNS_AAAA);
	else
		settle(q, RESOLVER_NO_HOST);
}

/* The server left that to us. A chain without end is not judged, a circle leads nowhere. */
static void follow(struct question *q, const char *target)
{
	if (str_ieq(str_of(target), str_of(q->origin != NULL ? q->origin : q->domain))) {
		settle(q, RESOLVER_NO_HOST);
		return;
	}
	if (q->hops++ == RESOLVER_HOPS) {
		settle(q, RESOLVER_TEMPORARY);
		return;
	}
	if (q->origin == NULL)
		q->origin = q->domain;
	else
		mem_free(q->domain);
	q->domain = mem_copy(target, strlen(target));
	ask(q, q->type);
}

/* An answer that is none: another server may know more. (Silence and refusals c-ares sees to.) */
static void ask_another(struct question *q)
{
	if (++q->others >= q->resolver->servers_n) {
		settle(q, RESOLVER_TEMPORARY);
		return;
	}
	q->first = (q->first + 1) % q->resolver->servers_n;
	ask(q, q->type);
}

static void answered(struct question *q, struct str message)
{
	struct dns_answer answer;

	if (!q->tcp && dns_truncated(message)) {
		q->tcp = true;
		ask(q, q->type);
		return;
	}
	dns_read(message, str_of(q->domain), q->type, &answer);
	if (answer.finding != DNS_NOTHING && answer.ttl < q->ttl)
		q->ttl = answer.ttl;
	switch (answer.finding) {
	case DNS_NOTHING:
		ask_another(q);
		break;
	case DNS_FOUND:
		settle_mx(q, RESOLVER_ACCEPTS, answer.mx);
		break;
	case DNS_NULL_MX:
		settle(q, RESOLVER_NULL_MX);
		break;
	case DNS_NOWHERE:
		settle(q, RESOLVER_NOWHERE);
		break;
	case DNS_NODATA:
		found_none(q);
		break;
	case DNS_NXDOMAIN:
		settle(q, RESOLVER_NXDOMAIN);
		break;
	case DNS_ALIAS:
		follow(q, answer.target);
		break;
	}
}

/* A server that lets wait again and again is no longer asked first. */
static void judge_server(struct resolver *r, const struct question *q, int timeouts)
{
	if (r->servers_n < 2 || q->first != r->preferred)
		return;
	r->late = timeouts > 0 ? r->late + 1 : 0;
	if (r->late < RESOLVER_LATE)
		return;
	r->late = 0;
	r->preferred = (r->preferred + 1) % r->servers_n;
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *message, int length)
{
	struct question *q = arg;

	if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED)
		return;
	judge_server(q->resolver, q, timeouts);
	/* c-ares 1.18 holds the end of a server's TCP connection against every question that is open there,
	 * and then against the server: such a failure is worth another look. */
	if (status == ARES_ECONNREFUSED && q->again < RESOLVER_AGAIN) {
		q->again++;
		ask(q, q->type);
	} else if (message != NULL && length > 0 &&
		(status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND ||
			status == ARES_EFORMERR)) {
		answered(q, str_at((const char *)message, (size_t)length));
	} else {
		settle(q, RESOLVER_TEMPORARY);
	}
}

static void ask(struct question *q, unsigned type)
{
	ares_channel channel = resolver_channel(q->resolver, q->first, q->tcp);

	q->type = type;
	if (channel != NULL)
		ares_query(channel, q->domain, CLASS_IN, (int)type, on_answer, q);
	else
		settle(q, RESOLVER_TEMPORARY);
}

/* --- the object --- */

struct resolver *resolver_new(const struct resolver_params *params, struct err *err)
{
	struct resolver *r = mem_alloc(sizeof *r);
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	r->timeout = TIMEOUT_MS;
	if (params->timeout > 0)
		r->timeout = params->timeout < TIMEOUT_MOST ? (int)(params->timeout / 1000000) + 1 : 3600000;
	r->tries = params->tries > 0 ? (int)params->tries : 4;
	if (status != ARES_SUCCESS)
		err_set(err, ERR_OS, "DNS resolver: %s", ares_strerror(status));
	if (status != ARES_SUCCESS || !resolver_servers(r, params->servers, err)) {
		mem_free(r);
		return NULL;
	}
	r->window = params->window > 0 && params->window < RESOLVER_WINDOW ? params->window : RESOLVER_WINDOW;
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

static ares_channel *channel_at(struct resolver *r, size_t i)
{
	return &r->channels[i % 2][i / 2];
}

void resolver_forget(struct resolver *r)
{
	for (size_t i = 0; i < CHANNELS; i++) {
		if (*channel_at(r, i) != NULL)
			ares_destroy(*channel_at(r, i));
		*channel_at(r, i) = NULL;
	}
}

void resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	resolver_forget(r);
	for (size_t i = 0; i < r->window; i++) {
		mem_free(r->all[i].domain);
		mem_free(r->all[i].origin);
	}
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
	q->again = q->hops = q->others = 0;
	q->first = r->preferred;
	q->tcp = false;
	r->in_flight++;
	ask(q, DNS_MX);
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

const char *resolver_answer_mx(const struct resolver *r)
{
	return r->answers[(r->answers_first + r->window - 1) % r->window].mx;
}

size_t resolver_in_flight(const struct resolver *r)
{
	return r->in_flight;
}

int64_t resolver_patience(const struct resolver *r)
{
	return ((INT64_C(1) << r->tries) - 1) * r->timeout * 1000000 * r->servers_n;
}

/* Milliseconds to wait: until the deadline, or until c-ares wants to try again, whichever is first. */
static int wait_ms(struct resolver *r, int64_t deadline)
{
	struct timeval again;
	int64_t ms = (deadline - clock_now()) / 1000000;

	for (size_t i = 0; i < CHANNELS; i++) {
		ares_channel channel = *channel_at(r, i);

		if (channel == NULL || ares_timeout(channel, NULL, &again) == NULL)
			continue;
		int64_t least = (int64_t)again.tv_sec * 1000 + again.tv_usec / 1000 + 1;

		ms = ms < least ? ms : least;
	}
	return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

/* What the channel waits for, into fds from n on; how many there are then. */
static nfds_t add_fds(ares_channel channel, struct pollfd *fds, nfds_t n)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	int mask = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);

	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = (short)((ARES_GETSOCK_READABLE(mask, i) ? POLLIN : 0) |
			(ARES_GETSOCK_WRITABLE(mask, i) ? POLLOUT : 0));

		if (events != 0)
			fds[n++] = (struct pollfd){ .fd = sockets[i], .events = events };
	}
	return n;
}

static void work_off(ares_channel channel, const struct pollfd *fds, nfds_t n)
{
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].revents != 0)
			ares_process_fd(channel, fds[i].revents & ~POLLOUT ? fds[i].fd : ARES_SOCKET_BAD,
				fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
	/* What is too late by now. */
	ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

bool resolver_turn(struct resolver *r, int64_t deadline, struct err *err)
{
	struct pollfd fds[CHANNELS * ARES_GETSOCK_MAXNUM];
	ares_channel channels[CHANNELS];
	nfds_t ends[CHANNELS];
	size_t used = 0;
	nfds_t n = 0;

	if (r->in_flight == 0 || r->answers_n > 0)
		return true;
	for (size_t i = 0; i < CHANNELS; i++) {
		if (*channel_at(r, i) == NULL)
			continue;
		channels[used] = *channel_at(r, i);
		n = ends[used++] = add_fds(*channel_at(r, i), fds, n);
	}
	if (poll(fds, n, wait_ms(r, deadline)) < 0)
		return errno == EINTR || err_errno(err, ERR_OS, errno, "poll");
	for (size_t i = 0; i < used; i++) {
		nfds_t from = i > 0 ? ends[i - 1] : 0;

		work_off(channels[i], fds + from, ends[i] - from);
	}
	return true;
}
