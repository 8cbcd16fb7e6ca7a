#include <config.h>

#include "cmd/listscrub/write/summary.h"

#include "cli/say.h"
#include "cmd/listscrub/returns/bounces.h"
#include "text/json.h"
#include "text/number.h"

/* What came back, in numbers, and how it compares with what the big providers tolerate. */

#define COMPLAINTS_TOLERATED 0.3 /* per cent: Gmail's and Yahoo's rules for senders */
#define BOUNCES_TOLERATED 5.0    /* per cent: Amazon SES reviews an account at that */

static const struct {
	enum dsn_kind kind;
	const char *name;
	const char *text;
} kinds[] = {
	{ DSN_IS_BOUNCE, "bounces", "bounce reports" },
	{ DSN_IS_COMPLAINT, "complaints", "complaints" },
	{ DSN_IS_REQUEST, "requests", "requests to be taken off" },
	{ DSN_IS_AWAY, "auto_replies", "auto-replies" },
	{ DSN_IS_NOTICE, "notices", "delays, receipts and other notices" },
	{ DSN_IS_UNKNOWN, "not_understood", "not understood (--rest FILE.mbox keeps them)" },
};

static double percent(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void add_rates(struct json *j, const struct bounces_counts *c)
{
	json_key(j, "providers");
	json_array(j);
	for (unsigned i = 0; i < BOUNCES_PROVIDERS; i++) {
		if (c->rates[i].sent == 0)
			continue;
		json_object(j);
		json_key(j, "provider");
		json_text(j, bounces_provider_name(i));
		json_key(j, "sent");
		json_uint(j, c->rates[i].sent);
		json_key(j, "bounced");
		json_uint(j, c->rates[i].bounced);
		json_key(j, "complained");
		json_uint(j, c->rates[i].complained);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void summary_add_returns(struct json *j, const struct bounces *b)
{
	const struct bounces_counts *c = &b->counts;
	const char *reason;
	uint64_t n;

	json_key(j, "bounce_messages");
	json_uint(j, c->messages);
	json_key(j, "bounce_reports");
	json_uint(j, c->reports);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		json_key(j, kinds[i].name);
		json_uint(j, c->kinds[kinds[i].kind]);
	}
	json_key(j, "reports_read_before");
	json_uint(j, c->again);
	json_key(j, "reports_proved");
	json_uint(j, c->proved);
	json_key(j, "reports_unproved");
	json_uint(j, c->unproved);
	json_key(j, "reports_not_believed");
	json_uint(j, c->dropped);
	json_key(j, "wrong_tokens");
	json_uint(j, c->wrong);
	json_key(j, "confirmed");
	json_uint(j, c->confirmed);
	json_key(j, "messages_skipped");
	json_uint(j, c->skipped);
	json_key(j, "not_on_the_list");
	json_uint(j, bounces_absent(b));
	add_rates(j, c);
	json_key(j, "suppressed_reasons");
	json_object(j);
	for (size_t i = 0; bounces_count(b, i, &reason, &n); i++)
		if (n > 0) {
			json_key(j, reason);
			json_uint(j, n);
		}
	json_close(j, '}');
}

static void say_count(uint64_t n, const char *text)
{
	char number[32];

	if (n > 0)
		say_note("%12s  %s", number_grouped(number, n), text);
}

static void say_rates(const struct bounces_counts *c)
{
	for (unsigned i = 0; i < BOUNCES_PROVIDERS; i++) {
		const struct bounces_rate *r = &c->rates[i];
		double bounced = percent(r->bounced, r->sent);
		double complained = percent(r->complained, r->sent);
		char n[32];

		if (r->sent == 0)
			continue;
		say_note(
			"%s: %s sent, %.1f %% bounced (%s than the 5 %% that Amazon SES tolerates), %.2f %% complained (%s than "
			"the 0.3 %% that Gmail and Yahoo tolerate)",
			bounces_provider_name(i), number_grouped(n, r->sent), bounced,
			bounced >= BOUNCES_TOLERATED ? "not less" : "less", complained,
			complained >= COMPLAINTS_TOLERATED ? "not less" : "less");
	}
}

void summary_note_returns(const struct bounces *b)
{
	const struct bounces_counts *c = &b->counts;
	char n[32];
	char m[32];

	say_note("%s message%s came back, %s row%s of results read", number_grouped(n, c->messages),
		c->messages == 1 ? "" : "s", number_grouped(m, c->rows), c->rows == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		say_count(c->kinds[kinds[i].kind], kinds[i].text);
	say_count(c->confirmed, "people said yes to a request");
	say_count(c->again, "reports that were read before: counted once");
	say_count(c->unproved, "reports without proof that they are about mail of ours");
	say_count(c->dropped, "reports that are not believed");
	say_count(c->wrong, "tokens that are nobody's");
	say_count(c->skipped, "messages that could not be read");
	if (b->seen != NULL)
		say_count(bounces_absent(b), "addresses to suppress that are not on the list");
	say_rates(c);
}

void summary_say_returns(const struct bounces *b, bool json)
{
	struct buf out = { .limit = 0 };
	struct json j;

	if (!json) {
		summary_note_returns(b);
		return;
	}
	json_init(&j, &out);
	json_object(&j);
	summary_add_returns(&j, b);
	json_close(&j, '}');
	buf_add_char(&out, '\n');
	say_raw(buf_str(&out));
	buf_free(&out);
}
