#include <config.h>

#include "cmd/mailbulk/check/policy.h"

#include "io/clock.h"
#include "io/stop.h"

#define SPF_DEPTH 10u
#define SPF_ASKED 30u

void policy_ask(struct resolver *r, struct str name, const char *begins, struct policy *p)
{
	struct buf records = { 0 };
	struct err err = { 0 };
	struct str rest;

	*p = (struct policy){ .found = RESOLVER_TEXTS_UNKNOWN };
	if (!resolver_text(r, name, &records, &p->found, &err))
		p->found = RESOLVER_TEXTS_UNKNOWN;
	rest = buf_str(&records);
	while (p->found == RESOLVER_TEXTS && rest.n > 0) {
		struct str record = str_cut(&rest, '\n');
		struct str word = str_sub(record, strlen(begins), record.n);

		if (!str_istarts(record, str_of(begins)) || (word.n > 0 && word.p[0] != ' ' && word.p[0] != ';'))
			continue;
		if (p->records++ == 0)
			buf_add(&p->text, record);
	}
	if (p->found == RESOLVER_TEXTS && p->records == 0)
		p->found = RESOLVER_NO_TEXTS;
	buf_free(&records);
}

void policy_free(struct policy *p)
{
	buf_free(&p->text);
}

struct str policy_tag(struct str text, const char *tag)
{
	while (text.n > 0) {
		struct str value = str_cut(&text, ';');
		struct str name = str_trim(str_cut(&value, '='));

		if (str_eq(name, str_of(tag)) && value.p != NULL)
			return str_trim(value);
	}
	return STR_NONE;
}

/* The record of another domain, which belongs to this one. */
static void spf_include(struct resolver *r, struct str domain, struct spf *spf, unsigned depth)
{
	struct policy other;

	/* A macro stands for something that only the receiver knows. */
	if (str_find(domain, '%') < domain.n || depth >= SPF_DEPTH || spf->lookups > SPF_ASKED)
		return;
	policy_ask(r, domain, "v=spf1", &other);
	if (other.found == RESOLVER_TEXTS_UNKNOWN)
		spf->unknown = true;
	else if (other.records != 1 && buf_len(&spf->fault) == 0)
		buf_printf(&spf->fault, "it includes %.*s, which has %s", STR_ARGS(domain),
			other.records == 0 ? "no SPF record" : "more than one");
	else if (other.records == 1)
		policy_spf(r, buf_str(&other.text), spf, depth + 1);
	policy_free(&other);
}

static void spf_term(struct resolver *r, struct str term, struct spf *spf, unsigned depth)
{
	char qualifier = term.n > 0 && strchr("+-~?", term.p[0]) != NULL ? term.p[0] : '+';
	struct str body = term.n > 0 && strchr("+-~?", term.p[0]) != NULL ? str_sub(term, 1, term.n) : term;
	size_t end = 0;

	while (end < body.n && strchr(":=/", body.p[end]) == NULL)
		end++;
	struct str name = str_sub(body, 0, end);
	struct str value = str_sub(body, end + 1, body.n);

	if (str_ieq(name, STR_LIT("all"))) {
		spf->open |= qualifier == '+' && depth == 0;
	} else if (str_ieq(name, STR_LIT("include")) || str_ieq(name, STR_LIT("redirect"))) {
		spf->lookups++;
		spf_include(r, value, spf, depth);
	} else if (str_among(name, "a mx ptr exists")) {
		spf->lookups++;
	} else if (!str_among(name, "ip4 ip6") && (end == body.n || body.p[end] != '=') && buf_len(&spf->fault) == 0) {
		buf_printf(&spf->fault, "\"%.*s\" is not a mechanism of SPF", STR_ARGS(term));
	}
}

void policy_spf(struct resolver *r, struct str text, struct spf *spf, unsigned depth)
{
	str_cut(&text, ' '); /* v=spf1 */
	while (text.n > 0) {
		struct str term = str_trim(str_cut(&text, ' '));

		if (term.n > 0)
			spf_term(r, term, spf, depth);
	}
}

enum resolver_verdict policy_mx(struct resolver *r, struct str domain)
{
	enum resolver_verdict verdict = RESOLVER_TEMPORARY;
	int64_t deadline = clock_now() + 4 * resolver_patience(r);
	struct err err = { 0 };
	uint64_t tag;
	uint32_t ttl;

	if (!resolver_ask(r, domain, 0, &err))
		return verdict;
	while (!resolver_answer(r, &tag, &verdict, &ttl))
		if (stop_signal() != 0 || clock_now() > deadline || !resolver_turn(r, deadline, &err))
			return RESOLVER_TEMPORARY;
	return verdict;
}
