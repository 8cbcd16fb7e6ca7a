#include <config.h>

#include "io/resolver_state.h"

#include "base/mem.h"
#include "io/clock.h"
#include "io/stop.h"
#include "mail/address/domain.h"
#include "proto/dns.h"

#define CLASS_IN 1
#define TYPE_MX 15
#define TYPE_TXT 16
#define TYPE_SRV 33
#define RECORDS_MOST 64u /* of one answer that are looked at */

/* One look-up of records; asked over UDP, and over TCP when the answer does not fit. */
struct texts {
	struct resolver *resolver;
	int type;
	char *name;
	bool tcp;
	bool done;
	enum resolver_texts verdict;
	struct buf *out;
};

/* A record is several strings of up to 255 bytes, which belong together (RFC 7208, 3.3). */
static bool read_texts(struct texts *t, const unsigned char *message, int length)
{
	struct ares_txt_ext *records = NULL;
	bool ok = ares_parse_txt_reply_ext(message, length, &records) == ARES_SUCCESS;
	size_t start = buf_len(t->out);

	for (struct ares_txt_ext *r = records; r != NULL; r = r->next) {
		if (r->record_start && buf_len(t->out) > start)
			buf_add_char(t->out, '\n');
		for (size_t i = 0; i < r->length; i++)
			buf_add_char(t->out, r->txt[i] == '\n' ? ' ' : (char)r->txt[i]);
	}
	if (records != NULL)
		ares_free_data(records);
	return ok;
}

/* A server as SRV and MX records name it. */
struct server {
	unsigned order; /* the lowest is tried first */
	unsigned weight;
	unsigned port;
	const char *host; /* lives in c-ares' list */
};

static bool is_host(struct str s)
{
	struct buf ascii = { 0 };
	bool ok = domain_to_ascii(&ascii, s) == DOMAIN_OK;

	buf_free(&ascii);
	return ok;
}

/* Appends the servers, best first. What is not a host name is left out: callers write it into files. */
static void put_servers(struct buf *out, struct server *servers, size_t n)
{
	for (; n > 0; n--) {
		size_t best = 0;

		for (size_t i = 1; i < n; i++)
			if (servers[i].order < servers[best].order ||
				(servers[i].order == servers[best].order && servers[i].weight > servers[best].weight))
				best = i;
		const char *host = servers[best].host;

		if (*host == '\0')
			buf_printf(out, "%u .\n", servers[best].port);
		else if (is_host(str_of(host)))
			buf_printf(out, "%u %s\n", servers[best].port, host);
		memmove(servers + best, servers + best + 1, (n - best - 1) * sizeof *servers);
	}
}

static bool read_srv(struct texts *t, const unsigned char *message, int length)
{
	struct ares_srv_reply *records = NULL;
	bool ok = ares_parse_srv_reply(message, length, &records) == ARES_SUCCESS;
	struct server servers[RECORDS_MOST];
	size_t n = 0;

	for (struct ares_srv_reply *r = records; r != NULL && n < RECORDS_MOST; r = r->next)
		servers[n++] = (struct server){ r->priority, r->weight, r->port, r->host };
	put_servers(t->out, servers, n);
	if (records != NULL)
		ares_free_data(records);
	return ok;
}

static bool read_mx(struct texts *t, const unsigned char *message, int length)
{
	struct ares_mx_reply *records = NULL;
	bool ok = ares_parse_mx_reply(message, length, &records) == ARES_SUCCESS;
	struct server servers[RECORDS_MOST];
	size_t n = 0;

	for (struct ares_mx_reply *r = records; r != NULL && n < RECORDS_MOST; r = r->next)
		servers[n++] = (struct server){ r->priority, 0, 0, r->host };
	put_servers(t->out, servers, n);
	if (records != NULL)
		ares_free_data(records);
	return ok;
}

static bool read_records(struct texts *t, const unsigned char *message, int length)
{
	if (t->type == TYPE_SRV)
		return read_srv(t, message, length);
	return t->type == TYPE_MX ? read_mx(t, message, length) : read_texts(t, message, length);
}

static void ask_texts(struct texts *t);

static void on_texts(void *arg, int status, int timeouts, unsigned char *message, int length)
{
	struct texts *t = arg;

	(void)timeouts;
	/* The channel goes, and whoever asked went before it. */
	if (status == ARES_EDESTRUCTION)
		return;
	/* Cut off, it may look like an answer without records. */
	if (!t->tcp && message != NULL && length > 0 && dns_truncated(str_at((const char *)message, (size_t)length))) {
		t->tcp = true;
		ask_texts(t);
		return;
	}
	t->done = true;
	t->resolver->in_flight--;
	if (status == ARES_ENODATA || status == ARES_ENOTFOUND)
		t->verdict = RESOLVER_NO_TEXTS;
	else if (status == ARES_SUCCESS && message != NULL && read_records(t, message, length))
		t->verdict = RESOLVER_TEXTS;
}

static void ask_texts(struct texts *t)
{
	ares_channel channel = resolver_channel(t->resolver, t->resolver->preferred, t->tcp);

	if (channel != NULL) {
		ares_query(channel, t->name, CLASS_IN, t->type, on_texts, t);
		return;
	}
	t->done = true;
	t->resolver->in_flight--;
}

static bool look_up(struct resolver *r, int type, struct str name, struct buf *out, enum resolver_texts *verdict,
	struct err *err)
{
	struct texts t = { .resolver = r, .type = type, .verdict = RESOLVER_TEXTS_UNKNOWN, .out = out };
	int64_t deadline = clock_now() + resolver_patience(r) + CLOCK_SECOND;
	bool ok = true;

	t.name = mem_copy(name.p, name.n);
	r->in_flight++;
	ask_texts(&t);
	while (ok && !t.done && stop_signal() == 0 && clock_now() < deadline)
		ok = resolver_turn(r, deadline, err);
	if (!t.done) {
		/* Its callback must not find what is gone: nothing else is asked at the same time. */
		resolver_forget(r);
		r->in_flight = 0;
	}
	mem_free(t.name);
	*verdict = t.verdict;
	return ok;
}

bool resolver_text(struct resolver *r, struct str name, struct buf *out, enum resolver_texts *verdict, struct err *err)
{
	return look_up(r, TYPE_TXT, name, out, verdict, err);
}

bool resolver_srv(struct resolver *r, struct str name, struct buf *out, enum resolver_texts *verdict, struct err *err)
{
	return look_up(r, TYPE_SRV, name, out, verdict, err);
}

bool resolver_mx(struct resolver *r, struct str name, struct buf *out, enum resolver_texts *verdict, struct err *err)
{
	return look_up(r, TYPE_MX, name, out, verdict, err);
}
