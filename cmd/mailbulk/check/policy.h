#ifndef PIPEMAIL_MAILBULK_POLICY_H
#define PIPEMAIL_MAILBULK_POLICY_H

#include "base/buf.h"
#include "io/resolver.h"

/* What --dns knows of one policy record; preflight_dns.c judges. */
struct policy {
	enum resolver_texts found; /* RESOLVER_NO_TEXTS: there is no such record */
	unsigned records;          /* how many there are */
	struct buf text;           /* of the first */
};

/* The records of a name that begin with that word. */
void policy_ask(struct resolver *r, struct str name, const char *begins, struct policy *p);
void policy_free(struct policy *p);
/* The value of a tag in "a=b; c=d", without blanks around it; p NULL: not there. */
struct str policy_tag(struct str text, const char *tag);

/* What an SPF record asks of a receiver (RFC 7208): include and redirect are followed. */
struct spf {
	unsigned lookups; /* more than 10 are an error for receivers */
	bool unknown;     /* the DNS did not answer for a part of it */
	bool open;        /* everybody may send */
	struct buf fault; /* what is wrong with it, or empty */
};
void policy_spf(struct resolver *r, struct str text, struct spf *spf, unsigned depth);

/* Does the domain accept mail? Waits for the answer. */
enum resolver_verdict policy_mx(struct resolver *r, struct str domain);

#endif
