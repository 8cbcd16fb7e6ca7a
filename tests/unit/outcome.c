#include <config.h>

#include "tests/tap.h"

#include "mail/returns/outcome_state.h"

/* The judgement of replies: every alternative of every rule, and replies as servers write them. */

#define RCPT "ann@theirs.example"
#define US "list@us.example us.example 198.51.100.7"

/* --- every rule, played --- */

/* One phrase as a text would have it. */
static void add_phrase(struct buf *out, struct str phrase)
{
	static const char *const tokens[][2] = { { "<rcpt>", RCPT }, { "<theirs>", "theirs.example" },
		{ "<us>", "list@us.example" }, { "<ip>", "192.0.2.1" }, { "<address>", "bob@third.example" },
		{ "<host>", "mx.third.example" }, { "<blocklink>", "https://third.example/blocked" },
		{ "<link>", "https://third.example/" } };

	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
		if (str_starts(phrase, str_of(tokens[i][0]))) {
			buf_add_text(out, tokens[i][1]);
			phrase = str_sub(phrase, strlen(tokens[i][0]), phrase.n);
		}
	buf_add(out, str_ends(phrase, STR_LIT("*")) ? str_sub(phrase, 0, phrase.n - 1) : phrase);
}

/* A class is played by its first phrase. */
static void add_term(struct buf *out, struct str term)
{
	for (size_t i = 0; i < outcome_n_classes; i++)
		if (str_eq(term, str_of(outcome_classes[i].name))) {
			term = str_of(outcome_classes[i].phrases);
			term = str_cut(&term, '|');
		}
	add_phrase(out, term);
}

static void add_alternative(struct buf *out, struct str s)
{
	while (s.n > 0) {
		size_t n = 0;

		while (n < s.n &&
			!(n + 2 < s.n && s.p[n] == ' ' && strchr("~^>+", s.p[n + 1]) != NULL && s.p[n + 2] == ' '))
			n++;
		add_term(out, str_sub(s, 0, n));
		buf_add_char(out, ' ');
		s = str_sub(s, n + 3, s.n);
	}
}

static void make_status(char status[16], const char *patterns)
{
	struct str rest = str_of(patterns);
	struct str one = str_cut(&rest, ' ');

	status[0] = '\0';
	if (patterns == NULL || one.p[0] == '-')
		return;
	snprintf(status, 16, "%.*s", STR_ARGS(one));
	if (status[0] == '?')
		status[0] = '5';
	if (status[strlen(status) - 1] == '*')
		snprintf(status + strlen(status) - 1, 3, "99");
}

/* A reply that fulfils the conditions of a rule. */
static struct outcome play(const struct outcome_rule *r, struct str words, char text[400])
{
	struct str codes = str_of(r->codes);
	struct outcome_reply reply = { .stage = OUTCOME_AT_RCPT, .code = 550 };
	char status[16];
	char host[60] = "";
	uint64_t n = 0;

	if (r->stages != 0)
		for (reply.stage = OUTCOME_AT_UNKNOWN; !(r->stages >> reply.stage & 1);)
			reply.stage++;
	if (r->codes != NULL && str_number(str_cut(&codes, ' '), 999, &n))
		reply.code = n < 10 ? (int)n * 100 + 50 : (int)n;
	make_status(status, r->statuses);
	if (status[0] == '4' || (status[0] != '\0' && reply.code / 100 == 4)) {
		status[0] = '4';
		reply.code = reply.code / 100 == 4 ? reply.code : 450;
	}
	if (r->provider != NULL)
		snprintf(host, sizeof host, "mx.%s", r->provider);
	snprintf(text, 400, "%s %.*s", status, STR_ARGS(str_sub(words, 0, 300)));
	reply.words = str_of(text);
	reply.us = STR_LIT(US);
	reply.recipient = STR_LIT(RCPT);
	reply.host = str_of(host);
	return outcome_judge(&reply);
}

static void test_rules(void)
{
	struct buf words = { 0 };

	for (size_t i = 0; i < outcome_n_rules; i++) {
		const struct outcome_rule *r = &outcome_rules[i];
		struct str rest = str_of(r->words);
		size_t wrong = 0;

		do {
			char text[400];

			buf_clear(&words);
			add_alternative(&words, str_cut(&rest, '|'));
			struct outcome o = play(r, buf_str(&words), text);

			if (o.reason == r->reason)
				continue;
			wrong++;
			printf("# rule %zu: \"%s\" is %s, not %s\n", i, text, outcome_reason_name(o.reason),
				outcome_reason_name(r->reason));
		} while (rest.n > 0);
		check(wrong == 0, "rule %zu: %s, %s", i, outcome_reason_name(r->reason), r->source);
		check(r->source != NULL && r->source[0] != '\0', "rule %zu has a source", i);
	}
	buf_free(&words);
}

/* Every word for a mailbox with a word for gone, and the other way about. */
static void test_class(const char *name, const char *beside, bool before, enum outcome_reason want)
{
	struct str rest = STR_NONE;
	struct buf text = { 0 };
	size_t n = 0;
	size_t wrong = 0;

	for (size_t i = 0; i < outcome_n_classes; i++)
		if (strcmp(outcome_classes[i].name, name) == 0)
			rest = str_of(outcome_classes[i].phrases);
	for (; rest.n > 0; n++) {
		struct outcome_reply reply = {
			.stage = OUTCOME_AT_RCPT, .code = 550, .recipient = STR_LIT(RCPT), .us = STR_LIT(US)
		};

		buf_clear(&text);
		buf_printf(&text, "%s%s", before ? beside : "", before ? " " : "");
		add_phrase(&text, str_cut(&rest, '|'));
		buf_printf(&text, "%s%s", before ? "" : " ", before ? "" : beside);
		reply.words = buf_str(&text);
		enum outcome_reason got = outcome_judge(&reply).reason;

		if (got != want && ++wrong > 0)
			printf("# \"%s\" is %s\n", buf_text(&text), outcome_reason_name(got));
	}
	check(n > 0 && wrong == 0, "%s beside \"%s\" is %s", name, beside, outcome_reason_name(want));
	buf_free(&text);
}

int main(void)
{
	test_rules();
	test_class("$box", "unknown", false, OUTCOME_NO_MAILBOX);
	test_class("$gone", "user", true, OUTCOME_NO_MAILBOX);
	test_class("$us", "unknown", false, OUTCOME_SENDER);
	return tap_done();
}
