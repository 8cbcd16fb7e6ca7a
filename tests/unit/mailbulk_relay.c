#include <config.h>

#include "tests/mailbulk_engine.h"
#include "tests/stderr.h"

/* How much a server is given: connections, pauses, and when it is given up. And what a connection's end says of it. */

#define QUARTER (CLOCK_SECOND / 4)

static const struct err temporary = { .kind = ERR_TEMP, .text = "lost" };
static const struct err gone = { .kind = ERR_NOHOST, .text = "unknown" };

static struct relay fresh(double limit)
{
	return (struct relay){ .limit = limit, .most = 8 };
}

static bool near(double a, double b)
{
	return a - b < 1e-9 && b - a < 1e-9;
}

static void test_limit(void)
{
	struct relay r = fresh(8);

	relay_pushed_back(&r, BENCH_NOW, false);
	relay_pushed_back(&r, BENCH_NOW, false);
	check(near(r.limit, 8) && r.fell == 0, "two refusals in a row are none of its");
	relay_pushed_back(&r, BENCH_NOW, false);
	check(near(r.limit, 4) && r.fell == BENCH_NOW, "the third halves what it is given");
	relay_pushed_back(&r, BENCH_NOW + QUARTER - 1, false);
	check(near(r.limit, 4), "once for a wave");
	relay_pushed_back(&r, BENCH_NOW + QUARTER, false);
	check(near(r.limit, 2) && r.pause_until == 0, "and once for the next");
	relay_accepted(&r);
	check(r.later == 0 && near(r.limit, 2.125), "a message that is taken gives a quarter of a part");
	r = fresh(8);
	relay_pushed_back(&r, BENCH_NOW, true);
	check(near(r.limit, 4), "a hard refusal counts at once");
	r = fresh(3);
	relay_pushed_back(&r, BENCH_NOW, true);
	check(near(r.limit, 1.5), "to the half, not less");
	r = fresh(1.5);
	relay_pushed_back(&r, BENCH_NOW, true);
	check(near(r.limit, 1) && r.pause_until == 0, "one connection is the least");
	relay_pushed_back(&r, BENCH_NOW, true);
	check(r.pause_until == BENCH_NOW + CLOCK_SECOND / 2, "then it pauses");
	relay_pushed_back(&r, BENCH_NOW, true);
	check(r.pause_until == BENCH_NOW + CLOCK_SECOND, "twice as long each time");
	relay_pushed_back(&r, BENCH_NOW - 10 * CLOCK_SECOND, true);
	check(r.pause_until == BENCH_NOW + CLOCK_SECOND, "a pause is not made shorter");
	for (int i = 0; i < 20; i++)
		relay_pushed_back(&r, BENCH_NOW, true);
	check(r.pause_until == BENCH_NOW + 60 * CLOCK_SECOND, "a minute at most");
	check(!relay_open_for(&r, r.pause_until - 1) && relay_open_for(&r, r.pause_until),
		"until then it gets nothing");
	r = fresh(7.99);
	relay_accepted(&r);
	check(near(r.limit, 8), "no more than it had");
	r = fresh(1);
	for (int i = 0; i < 4; i++)
		relay_accepted(&r);
	check(r.limit > 1.75 && r.limit < 1.8, "nearly one connection more after four messages");
}

static void test_failures(void)
{
	for (int proven = 0; proven < 2; proven++) {
		struct relay r = fresh(8);
		int64_t now = BENCH_NOW;
		unsigned n = 0;

		r.proven = proven;
		for (; !r.dead && n < 20; n++, now += QUARTER) {
			relay_failed(&r, now, &temporary, true);
			if (!r.dead)
				check(r.failures == n + 1 && r.pause_until >= now + CLOCK_SECOND / 2,
					"failure %u, then a pause", n + 1);
		}
		check(n == (proven ? 10 : 5) && r.why.kind == ERR_TEMP && !relay_open_for(&r, INT64_MAX),
			"given up after %u", n);
	}
	struct relay r = fresh(8);

	relay_failed(&r, BENCH_NOW, &temporary, true);
	check(near(r.limit, 4), "a failure halves what it is given");
	relay_failed(&r, BENCH_NOW + QUARTER - 1, &temporary, true);
	check(r.failures == 1, "connections that fail together count as one");
	relay_failed(&r, BENCH_NOW + 2 * QUARTER - 1, &temporary, true);
	check(r.failures == 2, "the next wave is another");
	relay_accepted(&r);
	check(r.failures == 0, "a message that is taken ends the count");
	r = fresh(8);
	r.pause_until = BENCH_NOW + CLOCK_SECOND;
	relay_failed(&r, BENCH_NOW, &temporary, true);
	check(r.pause_until == BENCH_NOW + CLOCK_SECOND, "and makes no pause shorter");
	r = fresh(8);
	relay_failed(&r, 1, &temporary, true);
	check(r.failures == 1, "the first counts whenever it is");
}

/* What cannot become better ends a relay at once, unless it took messages or came up. */
static void test_permanent(void)
{
	static const enum err_kind kinds[] = { ERR_NOHOST, ERR_UNAVAILABLE, ERR_PROTOCOL, ERR_AUTH, ERR_CONFIG,
		ERR_USAGE, ERR_TEMP, ERR_OS, ERR_IO };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		for (int proven = 0; proven < 2; proven++)
			for (int up = 0; up < 2; up++) {
				struct relay r = fresh(8);
				const struct err why = { .kind = kinds[i] };

				r.proven = proven;
				relay_failed(&r, BENCH_NOW, &why, up);
				check(r.dead == (kinds[i] == ERR_AUTH || (i < 6 && !proven && !up)),
					"kind %d, proven %d, up %d", (int)kinds[i], proven, up);
			}
}

static void test_broken(void)
{
	struct relay r = fresh(8);

	relay_broken(&r, BENCH_NOW, &temporary, false);
	check(r.broken == 0 && r.pause_until == 0 && r.why.kind == ERR_TEMP, "a connection that a row ended");
	for (unsigned i = 1; i <= 5; i++) {
		check(!r.dead, "rows that end connections: %u", i);
		relay_broken(&r, BENCH_NOW, &temporary, true);
		check(i == 5 || r.pause_until == (i == 1 ? 0 : BENCH_NOW + (CLOCK_SECOND << (i - 2)) / 2),
			"and the pause");
	}
	check(r.dead, "the fifth in a row: it is not the rows");
	r = fresh(8);
	for (unsigned i = 0; i < 4; i++)
		relay_broken(&r, BENCH_NOW, &temporary, true);
	relay_accepted(&r);
	relay_broken(&r, BENCH_NOW, &temporary, true);
	check(!r.dead && r.broken == 1, "not in a row");
}

static void test_closed(void)
{
	struct relay r = fresh(8);

	relay_closed(&r, 10);
	check(r.per_connection == 0, "once says nothing");
	relay_closed(&r, 9);
	check(r.per_connection == 0, "nor does another number");
	relay_closed(&r, 9);
	check(r.per_connection == 9, "the same number twice is its limit");
}

static void test_blamed(void)
{
	struct relay r = fresh(8);

	check(!relay_blamed(&r, 1) && !relay_blamed(&r, 1) && !relay_blamed(&r, 1) && !relay_blamed(&r, 2),
		"two providers are two providers");
	check(relay_blamed(&r, 3), "three are the relay");
	relay_accepted(&r);
	check(!relay_blamed(&r, 3) && !relay_blamed(&r, 1) && relay_blamed(&r, 3),
		"with nothing taken between, whichever they are");
}

/* --- the end of a connection --- */

static struct bench b;
static struct engine *const e = &b.e;

static bool troubled; /* the run is nearer its end for want of messages that are taken */

/* A session that is up and ends: for what reason, and what the relay has learnt then. */
static const struct relay *over(struct peer as, const struct err *why)
{
	static struct relay last;

	bench_begin(&b, "email\na@d.example\n", 4, false, NO_OPTIONS);
	b.relays[0].open = 1;
	as.state = PEER_UP;
	as.relay = &b.relays[0];
	e->peers[0] = as;
	smtp_init(&e->peers[0].smtp, &(struct smtp_params){ .ehlo = "me.example", .tls = TLS_OFF });
	peer_end(e, &e->peers[0], why);
	check(e->peers[0].state == PEER_FREE && b.relays[0].open == 0, "it is over");
	last = b.relays[0];
	troubled = e->trouble != 0;
	bench_end(&b);
	return &last;
}

static void test_ends(void)
{
	const struct relay *r = over((struct peer){ .ready = true, .closing = true, .finished = 3 }, &temporary);

	check(r->closed_after == 3 && r->failures == 0 && r->later == 0 && !troubled,
		"421 after some messages is a way to share");
	r = over((struct peer){ .ready = true, .closing = true, .finished = 1 }, &temporary);
	check(r->closed_after == 1 && r->failures == 0, "after one, too");
	r = over((struct peer){ .ready = true, .closing = true, .finished = 3, .limited = true }, &temporary);
	check(r->later == 1 && r->failures == 0, "with words of a limit it is given less");
	r = over((struct peer){ .closing = true, .finished = 0 }, &temporary);
	check(r->failures == 1 && troubled, "421 before any message is a failure");
	r = over((struct peer){ .ready = true, .quitting = true }, &temporary);
	check(r->failures == 0 && !troubled, "after QUIT it may end as it likes");
	r = over((struct peer){ .ready = true, .taken = 1 }, &temporary);
	check(r->failures == 0, "what is idle may be closed");
	r = over((struct peer){ .ready = true }, &temporary);
	check(r->failures == 1, "but not before it had a message");
	r = over((struct peer){ .taken = 1 }, &temporary);
	check(r->failures == 1, "nor before it was up");
	r = over((struct peer){ .ready = true, .quitting = true, .troubled = true }, &temporary);
	check(r->failures == 1, "nor with a message");
	r = over((struct peer){ .ready = true, .troubled = true, .suspect = true }, &temporary);
	check(r->failures == 0 && r->broken == 0 && r->why.kind == ERR_TEMP,
		"a row that is suspect is blamed, not the relay");
	r = over((struct peer){ .ready = true, .troubled = true, .suspect = true, .aside = true }, &temporary);
	check(r->failures == 0 && r->broken == 1, "the second time the row is left");
	r = over((struct peer){ .ready = false }, &gone);
	check(r->dead && str_starts(str_of(r->why.text), STR_LIT("mx0.example:25: unknown")), "%s", r->why.text);
	r = over((struct peer){ .ready = true }, &gone);
	check(!r->dead && r->failures == 1, "a relay that came up is not dead at once");
	r = over((struct peer){ .ready = true }, NULL);
	check(r->failures == 0, "in order");
	/* What we end ourselves teaches nothing. */
	bench_begin(&b, "email\na@d.example\n", 1, false, NO_OPTIONS);
	engine_stop(e, NULL);
	e->peers[0] = (struct peer){ .state = PEER_OPENING, .relay = &b.relays[0] };
	b.relays[0].open = 1;
	peer_end(e, &e->peers[0], &gone);
	check(b.relays[0].failures == 0 && e->trouble == 0, "nor does what we end ourselves");
	bench_end(&b);
}

/* After BDAT an answer out of step may have been another message's: what was taken before is unknown, and told so. */
static void test_doubt(void)
{
	const struct err wrong = { .kind = ERR_PROTOCOL, .text = "out of step" };

	for (int i = 0; i < 5; i++) {
		bench_begin(&b, "email\na@d.example\n", 1, false, NO_OPTIONS);
		bench_up(&b, 0, 0, "");
		struct peer *p = &e->peers[0];

		p->smtp.used = i == 1 ? 0 : SMTP_CAP_CHUNKING;
		e->results.counts[RESULT_SENT] = 70;
		for (uint64_t k = 0; i != 2 && k < 70; k++) {
			struct ticket t = { .row.number = k, .email = mem_copy("a@d.example\0A", 13) };

			t.written = t.email + 12;
			doubt_keep(e, p, &t, STR_LIT("id@x"));
			check(k > 0 || (t.email == NULL) == (i != 1), "only after BDAT");
			mem_free(t.email);
		}
		catch_begin();
		peer_end(e, p, i == 3 ? &temporary : i == 4 ? NULL : &wrong);
		const char *said = catch_end();

		check((strstr(said, "the last 64 recipients that it accepted") != NULL) == (i == 0), "in doubt, %d: %s",
			i, said);
		check(e->results.counts[RESULT_UNKNOWN] == (i == 0 ? 64 : 0) &&
				e->results.counts[RESULT_SENT] == (i == 0 ? 6 : 70),
			"as many as may be under way at once");
		check(i > 0 ||
				(strstr(buf_text(&e->results.out), ",6,") != NULL &&
					strstr(buf_text(&e->results.out), ",5,") == NULL),
			"the last ones");
		bench_end(&b);
	}
}

/* A relay that is given up is named where there are others. */
static void test_named(void)
{
	for (size_t n = 1; n <= 2; n++) {
		bench_begin(&b, "email\na@d.example\n", 1, false, NO_OPTIONS);
		e->n_relays = n;
		e->peers[0] = (struct peer){ .state = PEER_OPENING, .relay = &b.relays[0] };
		b.relays[0].open = 1;
		catch_begin();
		peer_end(e, &e->peers[0], &gone);
		check((strstr(catch_end(), "mx0.example:25: unknown: no longer used") != NULL) == (n == 2),
			"of %zu relays", n);
		bench_end(&b);
	}
}

/* What a session waits for has a time limit; one that idles, or waits for its relay's token, waits for nothing. */
static void test_owed(void)
{
	int64_t deadline = INT64_MAX;

	bench_begin(&b, "email\na@d.example\nb@d.example\n", 1, false, NO_OPTIONS);
	struct peer *p = &e->peers[0];
	const char *const *awaited = &p->connection.link.awaited;

	check(peer_poll(p, b.fds, &deadline) == 0, "no session");
	bench_up(&b, 0, 0, "");
	peer_poll(p, b.fds, &deadline);
	check(*awaited == NULL && deadline == INT64_MAX, "one that idles owes nothing");
	engine_admit(e);
	step_peer(e, p);
	peer_poll(p, b.fds, &deadline);
	check(*awaited != NULL && strstr(*awaited, "MAIL") != NULL, "one with a message: %s", *awaited);
	p->wants_token = true;
	peer_poll(p, b.fds, &deadline);
	check(*awaited == NULL, "one that waits for a token");
	p->wants_token = false;
	bench_serves(&b, 0);
	engine_admit(e);
	bench_serves(&b, 0);
	peer_poll(p, b.fds, &deadline);
	check(*awaited == NULL, "idle again");
	peer_quit(p);
	step_peer(e, p);
	peer_poll(p, b.fds, &deadline);
	check(*awaited != NULL && strstr(*awaited, "QUIT") != NULL, "one that said QUIT: %s", *awaited);
	p->quitting = false;
	p->ready = false;
	peer_poll(p, b.fds, &deadline);
	check(*awaited != NULL, "one that is not up yet");
	bench_end(&b);
}

/* The limit that was learnt is no refusal any more. */
static void test_limited(void)
{
	bench_begin(&b, "email\na@d.example\n", 1, false, NO_OPTIONS);
	for (unsigned i = 0; i < 3; i++) {
		b.relays[0].open = 1;
		e->peers[0] = (struct peer){ .state = PEER_UP,
			.relay = &b.relays[0],
			.ready = true,
			.closing = true,
			.finished = 3,
			.limited = true };
		smtp_init(&e->peers[0].smtp, &(struct smtp_params){ .ehlo = "me.example", .tls = TLS_OFF });
		peer_end(e, &e->peers[0], &temporary);
		check(b.relays[0].later == 1 && b.relays[0].per_connection == (i > 0 ? 3 : 0),
			"closed with a limit, %u", i + 1);
	}
	bench_end(&b);
}

/* --- provider, pace and queue at their limits --- */

static void test_provider(void)
{
	struct provider p = { .next = 0 };

	check(provider_go(&p, 5) && p.next == 5, "without a pause a row goes");
	provider_pushed_back(&p, BENCH_NOW, true);
	check(p.next == BENCH_NOW + QUARTER && p.interval == CLOCK_SECOND / 20 && p.stops == 1, "it pauses");
	check(!provider_go(&p, p.next - 1) && provider_go(&p, p.next), "until then");
	check(p.next == BENCH_NOW + QUARTER + CLOCK_SECOND / 20, "and goes slowly");
	provider_pushed_back(&p, BENCH_NOW + QUARTER - 1, true);
	check(p.refusals == 1 && p.stops == 2, "a wave is one pause, but each refusal is one");
	provider_pushed_back(&p, BENCH_NOW + QUARTER, false);
	check(p.refusals == 2 && p.stops == 0 && p.interval == CLOCK_SECOND / 10 &&
			p.next == BENCH_NOW + QUARTER + CLOCK_SECOND / 2,
		"the next pause is twice as long; what may pass ends the count");
	for (unsigned i = 1; i <= 5; i++) {
		check(!p.closed, "refusals for every message: %u", i);
		provider_pushed_back(&p, BENCH_NOW, true);
	}
	check(p.closed && !provider_go(&p, INT64_MAX), "the fifth in a row closes it");
	p = (struct provider){ .next = 0 };
	for (int i = 1; i <= 20; i++)
		provider_pushed_back(&p, BENCH_NOW + i * CLOCK_SECOND, false);
	check(p.interval == 10 * CLOCK_SECOND && p.next == BENCH_NOW + 80 * CLOCK_SECOND,
		"ten seconds and a minute at most");
	p = (struct provider){ .interval = 5 * CLOCK_SECOND };
	provider_pushed_back(&p, BENCH_NOW, false);
	check(p.interval == 10 * CLOCK_SECOND, "ten seconds");
	p = (struct provider){ .next = 0 };
	provider_pushed_back(&p, 1, false);
	check(p.refusals == 1, "the first counts whenever it is");
	p.interval = CLOCK_SECOND / 160 * 4 / 3 + 4;
	provider_accepted(&p);
	check(p.interval > 0 && p.refusals == 0, "it recovers by quarters");
	provider_accepted(&p);
	check(p.interval == 0, "to none");
}

/* Rows of several providers: each gets its own, in turn, and none is lost. */
static void test_held_rows(void)
{
	struct providers ps = { .n = 0 };
	struct waiting w = { .number = 1 };

	for (int i = 0; i < 3; i++) {
		char address[40];

		snprintf(address, sizeof address, "x@%d.example", i);
		struct provider *p = provider_of(&ps, str_of(address));

		p->next = BENCH_NOW + i;
		p->interval = 100;
		p->closed = i == 1;
		for (int k = 0; k < 2; k++) {
			w.number = (uint64_t)(10 * i + k);
			provider_hold(&ps, provider_of(&ps, str_of(address)), &w);
		}
	}
	check(ps.n == 3 && ps.held == 6 && provider_due(&ps) == BENCH_NOW, "rows that wait");
	check(!provider_take(&ps, BENCH_NOW - 1, &w) && provider_take(&ps, BENCH_NOW, &w) && w.number == 0,
		"the first");
	check(!provider_take(&ps, BENCH_NOW, &w) && provider_due(&ps) == BENCH_NOW + 2, "then that of another");
	check(provider_take(&ps, BENCH_NOW + 2, &w) && w.number == 20 && ps.held == 4, "not that of a closed one");
	check(provider_take(&ps, BENCH_NOW + 100, &w) && w.number == 1 && provider_due(&ps) == BENCH_NOW + 102,
		"one without rows is not due");
	for (int i = 0; i < 3; i++)
		check(provider_drain(&ps, &w), "row %d of those that are left", i);
	check(!provider_drain(&ps, &w) && ps.held == 0 && provider_due(&ps) == INT64_MAX, "none is lost");
	provider_free(&ps);
	/* One that pushed back and has no rows does not stand before the others. */
	provider_of(&ps, STR_LIT("x@a.example"));
	w.number = 7;
	provider_hold(&ps, provider_of(&ps, STR_LIT("x@b.example")), &w);
	check(provider_take(&ps, BENCH_NOW, &w) && w.number == 7 && ps.held == 0 && ps.all[0].next == 0,
		"nor takes a slot");
	provider_free(&ps);
	/* Domains that differ, and addresses that do not name one. */
	check(provider_of(&ps, STR_LIT("a@x@y.example")) == provider_of(&ps, STR_LIT("b@Y.EXAMPLE")) && ps.n == 1,
		"the last @ counts");
	check(provider_find(&ps, STR_LIT("a@x.y.example")) == NULL &&
			provider_find(&ps, STR_LIT("a@yy.example")) == NULL,
		"a domain is the whole of it");
	provider_free(&ps);
}

/* Whose mail servers a domain has: that is who is sent to. */
static void test_owners(void)
{
	static const struct {
		const char *host;
		const char *owner;
	} cases[] = {
		{ "aspmx.l.google.example", "google.example" },
		{ "google.example", "google.example" },
		{ "mx.a.co.uk", "a.co.uk" },
		{ "a.co.uk", "a.co.uk" },
		{ "co.uk", "co.uk" },
		{ "mx.com.example", "com.example" },
		{ "mx.a.uk", "a.uk" },
		{ "localhost", "localhost" },
	};
	struct domain_rate rates[] = { { (char *)"b.example", { 10 } } };
	struct settings s = { .domain_rates = rates, .n_domain_rates = 1 };
	struct owners o = { .names = { 0 } };
	struct providers ps = { .owners = &o };
	struct pace p;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(str_eq(owners_organisation(str_of(cases[i].host)), str_of(cases[i].owner)), "%s", cases[i].host);
	owners_note(&o, STR_LIT("[127.0.0.1]"));
	check(o.domains.used == 0, "an address is nobody's domain");
	owners_note(&o, STR_LIT("a.example"));
	owners_note(&o, STR_LIT("b.example"));
	owners_note(&o, STR_LIT("c.example"));
	owners_set(&o, STR_LIT("a.example"), owners_organisation(STR_LIT("mx1.big.example")));
	owners_set(&o, STR_LIT("b.example"), owners_organisation(STR_LIT("mx2.big.example")));
	owners_set(&o, STR_LIT("c.example"), STR_LIT(""));
	owners_set(&o, STR_LIT("d.example"), owners_organisation(STR_LIT("mx.big.example")));
	check(str_eq(owners_of(&o, STR_LIT("a.example")), STR_LIT("big.example")) &&
			str_eq(owners_of(&o, STR_LIT("c.example")), STR_LIT("c.example")) &&
			str_eq(owners_of(&o, STR_LIT("d.example")), STR_LIT("d.example")),
		"who is not known is itself");
	check(provider_of(&ps, STR_LIT("x@A.example")) == provider_find(&ps, STR_LIT("y@b.example")) &&
			provider_find(&ps, STR_LIT("y@c.example")) == NULL,
		"domains of one owner are one provider");
	provider_free(&ps);
	pace_init(&p, &s, 0, 0);
	p.owners = &o;
	check(pace_domain(&p, STR_LIT("a.example"), 20) == 20 && pace_domain(&p, STR_LIT("b.example"), 20) == 30 &&
			pace_domain(&p, STR_LIT("big.example"), 20) == 40 &&
			pace_domain(&p, STR_LIT("c.example"), 20) == 20 &&
			pace_domain(&p, STR_LIT("x.b.example"), 20) == 20 &&
			pace_domain(&p, STR_LIT("x.b.example"), 20) == 30,
		"a limit is its owner's, and of what is below its name");
	pace_free(&p);
	pace_init(&p, &s, 0, 0);
	p.owners = &o;
	pace_went(&p, STR_LIT("a.example"), 100, 2);
	pace_went(&p, STR_LIT("b.example"), 100, 7);
	check(pace_domain(&p, STR_LIT("a.example"), 100) == 108 && !pace_goes(&p, STR_LIT("b.example"), 100),
		"of what an earlier run sent the last counts");
	pace_free(&p);
	owners_free(&o);
}

static void test_pace(void)
{
	struct domain_rate rates[] = { { (char *)"*", { 7 } }, { (char *)"a.example", { 10 } },
		{ (char *)"example", { 5 } } };
	struct settings s = { .warmup = { 100, 10 }, .domain_rates = rates, .n_domain_rates = 3 };
	struct pace p;

	for (uint64_t sent = 109; sent <= 111; sent++) {
		pace_init(&p, &s, 1, sent);
		check(p.left == (sent < 110 ? 110 - sent : 0), "day 2 after %u: %u", (unsigned)sent, (unsigned)p.left);
		pace_free(&p);
	}
	pace_init(&p, &s, 0, 98);
	pace_took(&p, 0, 1);
	check(p.left == 1 && pace_next(&p) == 0, "one is left, and no rate holds it");
	pace_took(&p, 0, 1);
	check(p.left == 0, "then none");
	check(pace_domain(&p, STR_LIT("mx.a.example"), 20) == 20 &&
			pace_domain(&p, STR_LIT("mx.a.example"), 29) == 30 &&
			pace_domain(&p, STR_LIT("mx.a.example"), 41) == 41,
		"a domain's own rate is that of the first that has it, slots that passed are not saved");
	check(pace_domain(&p, STR_LIT("b.example"), 20) == 20 && pace_domain(&p, STR_LIT("b.example"), 20) == 25,
		"or the next");
	check(pace_domain(&p, STR_LIT("b.test"), 20) == 20 && pace_domain(&p, STR_LIT("b.test"), 20) == 27, "or of *");
	check(pace_domain(&p, STR_LIT("c.test"), 20) == 20, "each has its own slots");
	s.n_domain_rates = 0;
	check(pace_domain(&p, STR_LIT("c.test"), 20) == 20, "none without a limit");
	pace_free(&p);
	s = (struct settings){ .rate = { 100 } };
	pace_init(&p, &s, 0, 0);
	pace_took(&p, 50, 1);
	check(pace_next(&p) == 150, "slots");
	pace_took(&p, 150, 1);
	check(pace_next(&p) == 250 && p.left == UINT64_MAX, "one behind the other");
	pace_free(&p);
}

static void test_queue(void)
{
	struct queue q = { 0 };
	struct waiting w;

	queue_push(&q, &(struct waiting){ .due = 10, .number = 1 });
	queue_push(&q, &(struct waiting){ .due = 10, .number = 2 });
	queue_push(&q, &(struct waiting){ .due = 9, .number = 3 });
	check(!queue_take(&q, 8, &w) && queue_take(&q, 9, &w) && w.number == 3, "when it is due, not before");
	check(!queue_take(&q, 9, &w) && queue_due(&q) == 10, "nor the next");
	queue_push(&q, &(struct waiting){ .due = 10, .number = 4 });
	for (uint64_t want = 1; want <= 4; want += want == 2 ? 2 : 1)
		check(queue_take(&q, 10, &w) && w.number == want, "of the same time in order of arrival: %u",
			(unsigned)want);
	queue_free(&q);
}

int main(void)
{
	bench_open();
	test_limit();
	test_failures();
	test_permanent();
	test_broken();
	test_closed();
	test_blamed();
	test_ends();
	test_limited();
	test_doubt();
	test_named();
	test_owed();
	test_provider();
	test_held_rows();
	test_owners();
	test_pace();
	test_queue();
	return bench_close();
}
