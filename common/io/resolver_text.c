#include <config.h>

#include "io/resolver_state.h"

#include "base/mem.h"
#include "io/clock.h"
#include "io/stop.h"
#include "proto/dns.h"

#define CLASS_IN 1
#define TYPE_TXT 16

/* One look-up of TXT records; asked over UDP, and over TCP when the answer does not fit. */
struct texts {
	struct resolver *resolver;
	char *name;
	bool tcp;
	bool done;
	enum resolver_texts verdict;
	struct buf *out;
};

/* A record is several strings of up to 255 bytes, which belong together (RFC 7208, 3.3). */
static bool read_records(struct texts *t, const unsigned char *message, int length)
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
		ares_query(channel, t->name, CLASS_IN, TYPE_TXT, on_texts, t);
		return;
	}
	t->done = true;
	t->resolver->in_flight--;
}

bool resolver_text(struct resolver *r, struct str name, struct buf *out, enum resolver_texts *verdict, struct err *err)
{
	struct texts t = { .resolver = r, .verdict = RESOLVER_TEXTS_UNKNOWN, .out = out };
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
