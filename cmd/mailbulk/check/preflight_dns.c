#include <config.h>

#include "cmd/mailbulk/check/policy.h"

#include "cmd/mailbulk/check/preflight.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/settings.h"
#include "io/stop.h"
#include "mail/address/domain.h"
#include "mail/message/dkim.h"
#include "text/base64.h"

/*
 * What large providers look up before they take a message, asked in advance (--dns): SPF, the DKIM key, DMARC and
 * whether the names agree, and whether the sender can be answered. An error is only what is certain to fail; the rest,
 * and all that the DNS does not answer, is told. The sources of each rule are in the manual.
 */
struct sender {
	struct preflight *p;
	struct resolver *resolver;
	struct buf from;   /* domains, in A-labels */
	struct buf path;   /* of the reverse-path */
	struct buf signer; /* DKIM's d=, or empty */
	struct buf owner;  /* the organisational domain of From: where its DMARC record is found (RFC 9989) */
	bool spf;          /* the reverse-path's domain has a usable record */
	struct policy dmarc;
};

static void unanswered(struct sender *s, const char *what, struct str name)
{
	preflight_warn(s->p, "dns-unanswered", "the DNS did not answer for the %s of %.*s: try again later", what,
		STR_ARGS(name));
}

static void check_spf(struct sender *s)
{
	struct str name = buf_str(&s->path);
	struct spf spf = { .lookups = 0 };
	struct policy record;

	policy_ask(s->resolver, name, "v=spf1", &record);
	if (record.records == 1)
		policy_spf(s->resolver, buf_str(&record.text), &spf, 0);
	if (record.found == RESOLVER_TEXTS_UNKNOWN || spf.unknown)
		unanswered(s, "SPF record", name);
	else if (record.records == 0)
		preflight_warn(s->p, "spf-missing",
			"%.*s has no SPF record: Gmail, Yahoo and Microsoft refuse bulk mail without one",
			STR_ARGS(name));
	else if (record.records > 1)
		preflight_warn(s->p, "spf-invalid",
			"%.*s has %u SPF records: receivers then count none (RFC 7208, 4.5)", STR_ARGS(name),
			record.records);
	else if (buf_len(&spf.fault) > 0)
		preflight_warn(s->p, "spf-invalid", "the SPF record of %.*s is not valid: %.*s", STR_ARGS(name),
			STR_ARGS(buf_str(&spf.fault)));
	else if (spf.lookups > 10)
		preflight_warn(s->p, "spf-invalid",
			"the SPF record of %.*s takes %u look-ups: receivers stop after 10 (RFC 7208, 4.6.4)",
			STR_ARGS(name), spf.lookups);
	else
		s->spf = true;
	if (spf.open)
		preflight_warn(s->p, "spf-open", "the SPF record of %.*s lets everybody send (+all)", STR_ARGS(name));
	buf_free(&spf.fault);
	policy_free(&record);
}

/* Is it our public key? Records have SubjectPublicKeyInfo or, less often, the bare RSAPublicKey at its end. */
static bool same_key(struct str published, struct str ours)
{
	struct buf a = { 0 };
	struct buf b = { 0 };

	base64_decode_loose(&a, published);
	base64_decode_loose(&b, ours);
	struct str end = str_sub(buf_str(&b), buf_len(&b) - (buf_len(&a) < buf_len(&b) ? buf_len(&a) : buf_len(&b)),
		buf_len(&b));
	bool same = buf_len(&a) >= 32 && str_eq(buf_str(&a), end);

	buf_free(&a);
	buf_free(&b);
	return same;
}

static void judge_key(struct sender *s, struct str name, struct str record)
{
	struct buf ours = { 0 };
	struct str key = policy_tag(record, "p");
	struct str hashes = policy_tag(record, "h");
	struct str type = policy_tag(record, "k");
	unsigned bits;
	bool ed25519;

	dkim_key_public(s->p->campaign->dkim_key, &ours, &bits, &ed25519);
	if (key.p == NULL || key.n == 0)
		preflight_error(s->p, ERR_CONFIG, "dkim-record", "%.*s: this DKIM key %s", STR_ARGS(name),
			key.p == NULL ? "record has no p= in it" : "was revoked (p= is empty)");
	else if (!same_key(key, buf_str(&ours)) || str_ieq(type, STR_LIT("ed25519")) != ed25519)
		preflight_error(s->p, ERR_CONFIG, "dkim-record",
			"%.*s has another key than --dkim-key: every signature would fail", STR_ARGS(name));
	else if (hashes.p != NULL && str_isearch(hashes, STR_LIT("sha256")) == hashes.n)
		preflight_error(s->p, ERR_CONFIG, "dkim-record", "%.*s does not allow SHA-256 (h=%.*s)", STR_ARGS(name),
			STR_ARGS(hashes));
	if (str_find(policy_tag(record, "t"), 'y') < policy_tag(record, "t").n)
		preflight_warn(s->p, "dkim-testing", "%.*s is marked as a test (t=y): remove that when it works",
			STR_ARGS(name));
	buf_free(&ours);
}

static void check_dkim(struct sender *s)
{
	struct buf name = { 0 };
	struct buf records = { 0 };
	enum resolver_texts found;
	struct err err = { 0 };

	if (s->p->campaign->dkim_key == NULL) {
		preflight_warn(s->p, "dkim-none",
			"no --dkim-key: bulk mail has to be signed for %.*s, so the relay must do that",
			STR_ARGS(buf_str(&s->from)));
		return;
	}
	buf_printf(&name, "%s._domainkey.", s->p->settings->account.keys.dkim_selector);
	buf_add(&name, buf_str(&s->signer));
	if (!resolver_text(s->resolver, buf_str(&name), &records, &found, &err))
		found = RESOLVER_TEXTS_UNKNOWN;
	struct str rest = buf_str(&records);

	if (found == RESOLVER_TEXTS_UNKNOWN)
		unanswered(s, "DKIM key", buf_str(&name));
	else if (found == RESOLVER_NO_TEXTS)
		preflight_error(s->p, ERR_CONFIG, "dkim-record",
			"%s has no TXT record: receivers cannot verify the signatures", buf_text(&name));
	else
		judge_key(s, buf_str(&name), str_cut(&rest, '\n'));
	buf_free(&records);
	buf_free(&name);
}

/* RFC 9989, 4.10: from the domain towards the root; the record nearest to the root names the organisational domain. */
static void find_dmarc(struct sender *s)
{
	struct str domain = buf_str(&s->from);
	struct buf name = { 0 };
	bool unknown = false;

	for (unsigned i = 0; domain.n > 0 && i < 8 && stop_signal() == 0; i++) {
		struct policy record;

		buf_clear(&name);
		buf_add_text(&name, "_dmarc.");
		buf_add(&name, domain);
		policy_ask(s->resolver, buf_str(&name), "v=DMARC1", &record);
		unknown |= record.found == RESOLVER_TEXTS_UNKNOWN;
		bool public = str_ieq(policy_tag(buf_str(&record.text), "psd"), STR_LIT("y"));

		if (record.records == 1 && !public) {
			buf_clear(&s->owner);
			buf_add(&s->owner, domain);
			if (s->dmarc.records == 0) {
				s->dmarc = record;
				record = (struct policy){ .records = 0 };
			}
		}
		policy_free(&record);
		if (public)
			break;
		size_t dot = str_find(domain, '.');

		domain = str_sub(domain, dot + 1, domain.n);
	}
	if (s->dmarc.records == 0 && unknown)
		s->dmarc.found = RESOLVER_TEXTS_UNKNOWN;
	buf_free(&name);
}

/* Do two domains agree, as DMARC counts it? */
static bool aligned(const struct sender *s, struct str other, const char *tag)
{
	struct str from = buf_str(&s->from);
	struct str owner = buf_str(&s->owner);

	if (str_ieq(policy_tag(buf_str(&s->dmarc.text), tag), STR_LIT("s")))
		return str_eq(other, from);
	return other.n > 0 &&
		(domain_within(other, from) || domain_within(from, other) ||
			(owner.n > 0 && domain_within(other, owner)));
}

static void check_alignment(struct sender *s)
{
	bool by_spf = aligned(s, buf_str(&s->path), "aspf");
	bool by_dkim = aligned(s, buf_str(&s->signer), "adkim");

	if (by_spf || by_dkim)
		return;
	preflight_warn(s->p, "dmarc-unaligned",
		"From is at %.*s, bounces go to %.*s%s%.*s: DMARC counts neither, so only a signature of the relay for "
		"the domain of From helps",
		STR_ARGS(buf_str(&s->from)), STR_ARGS(buf_str(&s->path)),
		buf_len(&s->signer) > 0 ? " and DKIM signs for " : " and nothing is signed",
		STR_ARGS(buf_str(&s->signer)));
}

static void check_dmarc(struct sender *s)
{
	struct str from = buf_str(&s->from);
	struct str text;
	struct str policy;

	find_dmarc(s);
	text = buf_str(&s->dmarc.text);
	policy = policy_tag(text, "p");
	if (s->dmarc.found == RESOLVER_TEXTS_UNKNOWN)
		unanswered(s, "DMARC record", from);
	else if (s->dmarc.records == 0)
		preflight_warn(s->p, "dmarc-missing",
			"%.*s has no DMARC record: Gmail, Yahoo and Microsoft ask senders of 5,000 messages a day for one "
			"(\"v=DMARC1; p=none\" is enough)",
			STR_ARGS(from));
	else if (!str_among(policy, "none quarantine reject"))
		preflight_warn(s->p, "dmarc-invalid", "the DMARC record of %.*s has no valid p=", STR_ARGS(from));
	check_alignment(s);
}

static void check_mx(struct sender *s, struct str domain, const char *what)
{
	switch (policy_mx(s->resolver, domain)) {
	case RESOLVER_ACCEPTS:
		break;
	case RESOLVER_NULL_MX:
		preflight_warn(s->p, "mx-null", "%.*s (%s) accepts no mail (null MX): receivers refuse such senders",
			STR_ARGS(domain), what);
		break;
	case RESOLVER_NXDOMAIN:
		preflight_error(s->p, ERR_DATA, "mx-missing", "%.*s (%s) does not exist", STR_ARGS(domain), what);
		break;
	case RESOLVER_NO_HOST:
		preflight_warn(s->p, "mx-missing", "%.*s (%s) has no mail server: nobody can answer", STR_ARGS(domain),
			what);
		break;
	case RESOLVER_NOWHERE:
		preflight_warn(s->p, "mx-missing", "%.*s (%s) has localhost as its mail server: nobody can answer",
			STR_ARGS(domain), what);
		break;
	case RESOLVER_TEMPORARY:
		unanswered(s, "mail server", domain);
		break;
	}
}

/* RFC 8058, 4: one signature covers both fields. Ours does. */
static void check_one_click(struct sender *s)
{
	const struct option_list *links = &s->p->settings->unsubscribe;
	bool https = false;
	bool http = false;

	for (size_t i = 0; i < links->n; i++) {
		https |= str_istarts(str_of(links->values[i]), STR_LIT("https://"));
		http |= str_istarts(str_of(links->values[i]), STR_LIT("http://"));
	}
	if (http && !https)
		preflight_warn(s->p, "one-click-http", "--unsubscribe: one-click links have to be https (RFC 8058)");
	if (https && s->p->campaign->dkim_key == NULL)
		preflight_warn(s->p, "one-click-unsigned",
			"List-Unsubscribe and List-Unsubscribe-Post have to be covered by DKIM (RFC 8058, 4): sign with "
			"--dkim-key, or see that the relay's signature does");
	if (https && !aligned(s, buf_str(&s->signer), "adkim") && s->p->campaign->dkim_key != NULL)
		preflight_warn(s->p, "one-click-unaligned",
			"Gmail and Yahoo follow a one-click link only when DKIM signs for the domain of From");
}

static void take_domain(struct buf *out, struct str address)
{
	domain_to_ascii(out, str_sub(address, str_after_last(address, '@'), address.n));
}

void preflight_dns(struct preflight *p)
{
	struct resolver_params params = { .servers = p->settings->resolver };
	struct sender s = { .p = p };
	struct err err = { 0 };

	s.resolver = resolver_new(&params, &err);
	if (s.resolver == NULL) {
		preflight_error(p, err.kind, "dns", "%s", err.text);
		return;
	}
	take_domain(&s.from, buf_str(&p->from));
	take_domain(&s.path, buf_str(&p->sender));
	if (p->campaign->dkim_key != NULL)
		domain_to_ascii(&s.signer, str_of(p->settings->account.keys.dkim_domain));
	check_mx(&s, buf_str(&s.from), "From");
	if (!str_eq(buf_str(&s.path), buf_str(&s.from)))
		check_mx(&s, buf_str(&s.path), "where bounces go");
	check_spf(&s);
	check_dkim(&s);
	check_dmarc(&s);
	check_one_click(&s);
	resolver_free(s.resolver);
	policy_free(&s.dmarc);
	buf_free(&s.from);
	buf_free(&s.path);
	buf_free(&s.signer);
	buf_free(&s.owner);
}
