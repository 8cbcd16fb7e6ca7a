#include <config.h>

#include "mail/returns/outcome_state.h"

/*
 * The decision: which rules apply to a reply, and which of them counts. First the words, as servers put the same
 * code on "no such user" and on "your address is on a blocklist". Of several reasons the one that blames the
 * recipient least is taken. A status or code alone says that an address does not exist only if nothing beside it
 * speaks of something else. Before RCPT nothing is about a recipient, whatever it says.
 */

#define NEAR 5
#define CLOSE 2
#define MATCHES 128
#define TERMS_MOST 4096
#define PROSE 3 /* words that say something which we do not understand */

/* Where a rule's words were found. */
struct match {
	unsigned rule;
	unsigned clause, begin, end;
	bool phrase; /* one phrase, word by word */
};

struct judging {
	const struct outcome_reply *reply;
	enum outcome_stage stage;
	int code;
	struct str status;
	bool own_status; /* it stands in the words, or there is no relay in between */
	struct outcome_text text;
	struct outcome_hits hits;
	uint64_t present[TERMS_MOST / 64];
	struct match matches[MATCHES];
	size_t n;
	bool of_words;      /* the reason has words behind it */
	enum err_kind exit; /* of the rule that counts, where it has one of its own */
};

/* --- code and status --- */

static void read_codes(struct judging *j)
{
	const struct outcome_reply *r = j->reply;
	struct str said = outcome_find_status(str_sub(r->words, 0, 4000));
	struct str given = outcome_find_status(r->status);

	j->code = r->code > 0 ? r->code : outcome_find_code(str_sub(r->words, 0, 4000));
	/* The server's own words count for more than the status that a relay made of them. */
	j->own_status = !r->reported;
	j->status = given;
	if (said.n > 0 && (outcome_is_vague(given) || said.p[0] == '4' || !outcome_is_vague(said))) {
		j->status = said;
		j->own_status = true;
	}
}

static bool is_temporary(const struct judging *j)
{
	return j->code / 100 == 4 || (j->code == 0 && j->status.n > 0 && j->status.p[0] == '4') ||
		(j->reply->reported && j->status.n > 0 && j->status.p[0] == '4');
}

/* --- conditions of a rule --- */

static bool is_code_among(int code, const char *codes)
{
	for (struct str rest = str_of(codes); rest.n > 0;) {
		struct str one = str_cut(&rest, ' ');
		uint64_t n = 0;

		if (str_number(one, 999, &n) && (one.n == 1 ? code / 100 == (int)n : code == (int)n))
			return true;
	}
	return false;
}

/* "5.1.1", "?.1.1" for any class, "?.7.*" for any detail; "-" for none at all. */
static bool is_status(struct str status, struct str pattern)
{
	if (str_eq(pattern, STR_LIT("-")))
		return status.n == 0;
	if (status.n == 0 || pattern.n < 3)
		return false;
	if (pattern.p[0] != '?' && pattern.p[0] != status.p[0])
		return false;
	pattern = str_sub(pattern, 1, pattern.n);
	status = str_sub(status, 1, status.n);
	if (str_ends(pattern, STR_LIT("*")))
		return str_starts(status, str_sub(pattern, 0, pattern.n - 1));
	return str_eq(status, pattern);
}

static bool is_status_among(struct str status, const char *patterns)
{
	for (struct str rest = str_of(patterns); rest.n > 0;)
		if (is_status(status, str_cut(&rest, ' ')))
			return true;
	return false;
}

static bool is_provider(const struct judging *j, const char *provider)
{
	struct str lists[] = { buf_str(&j->text.providers), j->reply->recipient };

	for (size_t i = 0; i < 2; i++)
		for (struct str rest = lists[i]; rest.n > 0;) {
			struct str host = str_cut(&rest, ' ');
			size_t at = str_find(host, '@');

			if (outcome_below(str_sub(host, at < host.n ? at + 1 : 0, host.n), str_of(provider)))
				return true;
		}
	return false;
}

static bool conditions_hold(const struct judging *j, const struct outcome_rule *r)
{
	return (r->stages == 0 || (r->stages >> j->stage & 1) != 0) &&
		(r->codes == NULL || is_code_among(j->code, r->codes)) &&
		(r->statuses == NULL || is_status_among(j->status, r->statuses)) &&
		(r->provider == NULL || is_provider(j, r->provider));
}

/* The stage does not count: a reply is at some stage always. */
static unsigned count_conditions(const struct outcome_rule *r)
{
	return (r->codes != NULL ? 1u : 0) + (r->statuses != NULL ? 1u : 0) + (r->provider != NULL ? 1u : 0);
}

/* --- words --- */

/* What stands inside a phrase that is known to mean nothing ("return to sender") is not looked at. */
static void drop_nothings(struct outcome_hits *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct outcome_hit *hit = &h->hits[i];
		bool covered = false;

		for (size_t k = 0; k < h->n && !covered; k++) {
			const struct outcome_hit *o = &h->hits[k];

			covered = o->term == 0 && hit->term != 0 && o->clause == hit->clause &&
				o->begin <= hit->begin && o->end >= hit->end;
		}
		if (!covered)
			h->hits[kept++] = *hit;
	}
	h->n = kept;
}

static bool joined(const struct outcome_hit *a, const struct outcome_hit *b, enum outcome_join join)
{
	unsigned gap;

	if (join == OUTCOME_ANYWHERE)
		return true;
	if (a->clause != b->clause)
		return false;
	if (join == OUTCOME_NEXT)
		return b->begin == a->end + 1;
	if (a->end < b->begin)
		gap = b->begin - a->end - 1u;
	else if (b->end < a->begin)
		gap = a->begin - b->end - 1u;
	else
		return a->begin == b->begin && a->end == b->end && a->begin == a->end; /* a script without blanks */
	return gap <= (join == OUTCOME_CLOSE ? CLOSE : NEAR);
}

static void add_match(struct judging *j, const struct outcome_alternative *a, const struct outcome_hit *h,
	unsigned begin, unsigned end)
{
	if (j->n < MATCHES)
		j->matches[j->n++] = (struct match){ a->rule, h->clause, begin, end, a->n == 1 };
}

/* The alternative's terms from the at-th on, each joined to the one before. */
static bool find_rest(const struct judging *j, const struct outcome_alternative *a, unsigned at,
	const struct outcome_hit *before, unsigned *begin, unsigned *end)
{
	if (at == a->n)
		return true;
	for (size_t i = 0; i < j->hits.n; i++) {
		const struct outcome_hit *h = &j->hits.hits[i];

		if (h->term != a->terms[at] || !joined(before, h, a->joins[at - 1]))
			continue;
		*begin = h->begin < *begin ? h->begin : *begin;
		*end = h->end > *end ? h->end : *end;
		if (find_rest(j, a, at + 1, h, begin, end))
			return true;
	}
	return false;
}

static void match_alternative(struct judging *j, const struct outcome_alternative *a)
{
	for (unsigned i = 0; i < a->n; i++)
		if (!(j->present[a->terms[i] / 64] >> a->terms[i] % 64 & 1))
			return;
	if (!conditions_hold(j, &outcome_rules[a->rule]))
		return;
	for (size_t i = 0; i < j->hits.n; i++) {
		const struct outcome_hit *h = &j->hits.hits[i];
		unsigned begin = h->begin;
		unsigned end = h->end;

		if (h->term == a->terms[0] && find_rest(j, a, 1, h, &begin, &end))
			add_match(j, a, h, begin, end);
	}
}

/* Does a longer phrase, or the same under closer conditions, say what these words mean? */
static bool is_overruled(const struct judging *j, const struct match *m)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct match *o = &j->matches[i];

		if (!o->phrase || o->rule == m->rule || o->clause != m->clause || o->begin > m->begin ||
			o->end < m->end)
			continue;
		if (o->begin < m->begin || o->end > m->end)
			return true;
		if (!m->phrase || count_conditions(&outcome_rules[o->rule]) > count_conditions(&outcome_rules[m->rule]))
			return true;
	}
	return false;
}

static void match_words(struct judging *j)
{
	const struct outcome_book *book = outcome_book();
	const struct outcome_alternative *a;
	size_t n;

	outcome_scan(book, buf_str(&j->text.text), &j->hits);
	drop_nothings(&j->hits);
	for (size_t i = 0; i < j->hits.n; i++)
		j->present[j->hits.hits[i].term / 64] |= (uint64_t)1 << j->hits.hits[i].term % 64;
	a = outcome_alternatives(book, &n);
	for (size_t i = 0; i < n; i++)
		match_alternative(j, &a[i]);
}

/* The least blame among what the words say at one level. */
static enum outcome_reason least(struct judging *j, enum outcome_level level)
{
	enum outcome_reason reason = OUTCOME_UNKNOWN;

	for (size_t i = 0; i < j->n; i++) {
		const struct match *m = &j->matches[i];
		const struct outcome_rule *r = &outcome_rules[m->rule];

		if (r->level != level || r->reason >= reason || is_overruled(j, m))
			continue;
		reason = r->reason;
		j->exit = r->exit;
	}
	return reason;
}

/* The first rule of that level whose conditions hold. */
static enum outcome_reason first(const struct judging *j, enum outcome_level level)
{
	for (size_t i = 0; i < outcome_n_rules; i++) {
		const struct outcome_rule *r = &outcome_rules[i];

		if (r->level == level && r->words == NULL && conditions_hold(j, r))
			return r->reason;
	}
	return OUTCOME_UNKNOWN;
}

/* --- doubt --- */

static bool is_gone(enum outcome_reason reason)
{
	return reason == OUTCOME_NO_MAILBOX || reason == OUTCOME_NO_DOMAIN || reason == OUTCOME_MOVED;
}

/* A status alone says that the recipient is gone: is there nothing beside it that speaks of something else? */
static bool is_doubtful_status(const struct judging *j)
{
	const struct outcome_text *t = &j->text;

	/* The status is a relay's, and the server said something else, which we do not understand. */
	if (!j->own_status && t->words >= PROSE)
		return true;
	if (t->rcpt || t->theirs)
		return false;
	return t->us || t->other;
}

/* Words say that a domain does not exist: is it the recipient's? */
static bool is_doubtful_domain(const struct judging *j)
{
	const struct outcome_text *t = &j->text;

	/* A name that is not the recipient's domain is a server of theirs that has none. */
	if (t->other && !t->rcpt && !t->theirs && j->reply->recipient.n > 0 &&
		!is_status_among(j->status, "?.1.2 ?.1.10"))
		return true;
	if (t->rcpt || t->theirs || is_status_among(j->status, "?.1.2 ?.1.10 ?.4.4 ?.4.3*"))
		return t->us && !t->rcpt && !t->theirs;
	if (t->us)
		return true;
	/* Without a code it is the word of our own relay, which looked for the recipient's server. */
	if (j->code == 0)
		return false;
	return t->other || j->stage == OUTCOME_AT_UNKNOWN;
}

/* --- stages --- */

/* Before RCPT nothing is about a recipient: what sounds so is about us. */
static enum outcome_reason before_rcpt(const struct judging *j, enum outcome_reason reason)
{
	bool of_recipient = reason >= OUTCOME_FULL && reason != OUTCOME_DELAY && reason != OUTCOME_UNKNOWN;

	if (j->stage < OUTCOME_AT_CONNECT || j->stage > OUTCOME_AT_MAIL)
		return reason;
	if (reason == OUTCOME_CONTENT)
		return OUTCOME_REPUTATION;
	if (!of_recipient)
		return reason;
	if (reason == OUTCOME_FULL)
		return OUTCOME_RATE;
	if (j->stage == OUTCOME_AT_AUTH)
		return OUTCOME_LOGIN;
	return j->stage == OUTCOME_AT_MAIL ? OUTCOME_SENDER : OUTCOME_REPUTATION;
}

static enum outcome_reason fit(const struct judging *j, enum outcome_reason reason)
{
	bool to_all = j->reply->shared && (j->stage == OUTCOME_AT_DATA || j->stage == OUTCOME_AT_CONTENT);
	bool of_recipient = reason >= OUTCOME_FULL && reason != OUTCOME_DELAY;

	return to_all && of_recipient ? OUTCOME_UNKNOWN : before_rcpt(j, reason);
}

static bool says_more(enum outcome_reason of_status)
{
	return of_status == OUTCOME_SERVER || of_status == OUTCOME_EXPIRED;
}

static enum outcome_reason decide(struct judging *j)
{
	enum outcome_reason of_words = least(j, OUTCOME_BY_WORDS);
	enum outcome_reason reason = first(j, OUTCOME_BY_STATUS);

	/* "Try again later" says less than a status that says what is the matter. */
	if (of_words == OUTCOME_DELAY && says_more(first(j, OUTCOME_BY_FALLBACK)))
		of_words = first(j, OUTCOME_BY_FALLBACK);
	if (of_words == OUTCOME_NO_DOMAIN && is_doubtful_domain(j))
		of_words = j->text.us ? OUTCOME_SENDER : OUTCOME_UNKNOWN;
	j->of_words = of_words <= reason && of_words != OUTCOME_UNKNOWN;
	reason = j->of_words ? of_words : reason;
	if (reason != OUTCOME_UNKNOWN)
		return reason;
	j->exit = ERR_NONE;
	reason = least(j, OUTCOME_BY_HINT);
	if (reason != OUTCOME_UNKNOWN)
		return reason;
	reason = first(j, OUTCOME_BY_FALLBACK);
	if (is_gone(reason) && is_doubtful_status(j))
		return j->text.us ? OUTCOME_SENDER : OUTCOME_UNKNOWN;
	return reason != OUTCOME_UNKNOWN ? reason : first(j, OUTCOME_BY_CODE);
}

struct outcome outcome_judge(const struct outcome_reply *reply)
{
	struct judging j = { .reply = reply, .stage = reply->stage };
	struct outcome o;

	if (j.stage == OUTCOME_AT_UNKNOWN)
		j.stage = outcome_stage_find(str_sub(reply->words, 0, 4000));
	read_codes(&j);
	o = (struct outcome){ .stage = j.stage, .code = j.code, .temporary = is_temporary(&j) };
	if (j.code / 100 == 2 || j.code / 100 == 3 || (j.code == 0 && j.status.n > 0 && j.status.p[0] == '2')) {
		outcome_follow(&o);
		return o;
	}
	outcome_text_make(&j.text, reply);
	match_words(&j);
	o.reason = fit(&j, decide(&j));
	o.exit = o.reason == OUTCOME_LOGIN ? j.exit : ERR_NONE;
	outcome_follow(&o);
	outcome_text_free(&j.text);
	return o;
}
