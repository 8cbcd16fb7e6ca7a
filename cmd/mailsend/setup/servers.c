#include <config.h>

#include "cmd/mailsend/setup/servers.h"

#include "io/resolver.h"
#include "mail/address/domain.h"

#define TRIES 2

struct search {
	struct servers *s;
	struct resolver *resolver;
	struct str domain;
	bool unknown; /* the DNS did not answer something */
};

static void take_known(struct servers *s, const struct known *known)
{
	s->known = known;
	s->foreign = false;
	buf_clear(&s->smtp);
	buf_clear(&s->pop);
	buf_add_text(&s->smtp, known->smtp);
	if (known->pop != NULL)
		buf_add_text(&s->pop, known->pop);
}

/* Append "SCHEME://HOST:PORT" of the first SRV record of a service; nothing where it is not offered. */
static bool take_service(struct search *f, const char *service, const char *scheme, struct buf *url, struct buf *host,
	struct err *err)
{
	enum resolver_texts verdict;
	struct buf name = { 0 };
	struct buf lines = { 0 };

	buf_printf(&name, "_%s._tcp.%.*s", service, STR_ARGS(f->domain));
	bool ok = resolver_srv(f->resolver, buf_str(&name), &lines, &verdict, err);

	f->unknown |= ok && verdict == RESOLVER_TEXTS_UNKNOWN;
	struct str rest = buf_str(&lines);
	struct str line = str_cut(&rest, '\n');
	struct str port = str_cut(&line, ' ');

	/* A single "." says that there is no such service (RFC 2782). */
	if (ok && verdict == RESOLVER_TEXTS && line.n > 0 && !str_eq(line, STR_LIT("."))) {
		buf_clear(host);
		domain_to_ascii(host, line);
		buf_printf(url, "%s://%.*s:%.*s", scheme, STR_ARGS(buf_str(host)), STR_ARGS(port));
	}
	buf_free(&name);
	buf_free(&lines);
	return ok;
}

/* TLS from the first octet before STARTTLS (RFC 8314, 3). */
static bool by_srv(struct search *f, struct err *err)
{
	struct servers *s = f->s;
	struct buf host = { 0 };
	struct buf pop_host = { 0 };
	bool ok = take_service(f, "submissions", "smtps", &s->smtp, &host, err) &&
		(buf_len(&s->smtp) > 0 || take_service(f, "submission", "smtp", &s->smtp, &host, err));

	if (ok && buf_len(&s->smtp) > 0) {
		const struct known *known = known_by_server(buf_str(&host));

		ok = take_service(f, "pop3s", "pop3s", &s->pop, &pop_host, err);
		buf_printf(&s->how, "the SRV records of %.*s", STR_ARGS(f->domain));
		s->foreign = !domain_within(buf_str(&host), f->domain);
		if (known != NULL)
			take_known(s, known);
	}
	buf_free(&host);
	buf_free(&pop_host);
	return ok;
}

/* A provider behind a domain of its own. */
static bool by_mx(struct search *f, struct err *err)
{
	enum resolver_texts verdict;
	struct buf lines = { 0 };
	bool ok = resolver_mx(f->resolver, f->domain, &lines, &verdict, err);
	struct str rest = buf_str(&lines);

	f->unknown |= ok && verdict == RESOLVER_TEXTS_UNKNOWN;
	while (ok && rest.p != NULL && f->s->known == NULL) {
		struct str host = str_cut(&rest, '\n');
		struct buf ascii = { 0 };

		str_cut(&host, ' ');
		if (host.n > 0 && domain_to_ascii(&ascii, host) == DOMAIN_OK) {
			const struct known *known = known_by_mx(buf_str(&ascii));

			if (known != NULL) {
				take_known(f->s, known);
				buf_printf(&f->s->how, "the mail exchanger %.*s of %.*s", STR_ARGS(buf_str(&ascii)),
					STR_ARGS(f->domain));
			}
		}
		buf_free(&ascii);
	}
	buf_free(&lines);
	return ok;
}

bool servers_find(struct servers *s, struct str domain, const char *resolver, struct err *err)
{
	struct resolver_params params = { .servers = resolver, .tries = TRIES };
	struct search f = { .s = s, .domain = domain };
	const struct known *known = known_by_domain(domain);

	if (known != NULL) {
		take_known(s, known);
		buf_printf(&s->how, "the domain %.*s", STR_ARGS(domain));
		return true;
	}
	f.resolver = resolver_new(&params, err);
	bool ok = f.resolver != NULL && by_srv(&f, err) && (buf_len(&s->smtp) > 0 || by_mx(&f, err));

	resolver_free(f.resolver);
	if (!ok || buf_len(&s->smtp) > 0)
		return ok;
	if (f.unknown)
		return err_set(err, ERR_TEMP, "%.*s: the name server did not answer; try again, or give --smtp URL",
			STR_ARGS(domain));
	return err_set(err, ERR_NOHOST,
		"%.*s: neither SRV records nor the mail exchangers of a known provider name a server; give --smtp URL",
		STR_ARGS(domain));
}

void servers_free(struct servers *s)
{
	buf_free(&s->smtp);
	buf_free(&s->pop);
	buf_free(&s->how);
}
