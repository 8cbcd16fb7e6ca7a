#ifndef PIPEMAIL_MAILSEND_KNOWN_H
#define PIPEMAIL_MAILSEND_KNOWN_H

#include "base/str.h"

/* How a provider lets programs log in. */
enum known_secret {
	KNOWN_PASSWORD,     /* the account's own password */
	KNOWN_APP_PASSWORD, /* one made for this program; the account's own is refused */
	KNOWN_EITHER,       /* an app password, or a token (OAuth 2) */
	KNOWN_TOKEN,        /* a token only */
};

/* A provider; static. The login is the whole address at all of them. */
struct known {
	const char *name;
	const char *domains; /* of addresses, separated by blanks */
	const char *mx; /* domains that its mail exchangers are in; "": it has no customers with domains of their own */
	const char *smtp; /* URL */
	const char *pop;  /* URL; NULL: no POP3 */
	enum known_secret secret;
	const char *hint;   /* what has to be done there first, or NULL */
	const char *limits; /* NULL: none published */
	const char *source; /* the page of the provider that says so */
};

/* Domain and host are in lower case and A-label form. NULL: not among them. */
const struct known *known_by_domain(struct str domain);
const struct known *known_by_mx(struct str host);
/* By the host that its URL has. */
const struct known *known_by_server(struct str host);

#endif
