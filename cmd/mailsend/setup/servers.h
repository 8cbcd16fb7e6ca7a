#ifndef PIPEMAIL_MAILSEND_SERVERS_H
#define PIPEMAIL_MAILSEND_SERVERS_H

#include "base/buf.h"
#include "base/err.h"
#include "cmd/mailsend/setup/known.h"

/* The servers of a domain, and how they were found. Free with servers_free. */
struct servers {
	const struct known *known; /* the provider, or NULL */
	struct buf smtp;           /* URL */
	struct buf pop;            /* URL, or empty */
	struct buf how;            /* for people: "SRV records of example.org" */
	/* The DNS, which nobody signed, names a host outside the domain: whoever forges it would get the password. */
	bool foreign;
};

/*
 * Find them: by the table of providers, by SRV records (RFC 6186, RFC 8314), by the exchangers of a known provider.
 * domain is in A-label form and lower case; resolver as in resolver_params. False with ERR_NOHOST when nothing names
 * a server, ERR_TEMP when the DNS did not answer, or the errors of resolver_new.
 */
bool servers_find(struct servers *s, struct str domain, const char *resolver, struct err *err);
void servers_free(struct servers *s);

#endif
