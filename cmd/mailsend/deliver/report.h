#ifndef PIPEMAIL_MAILSEND_REPORT_H
#define PIPEMAIL_MAILSEND_REPORT_H

#include "cmd/mailsend/deliver/deliver.h"

/* What a delivery came to, for people: nothing when all is well, else each recipient that did not
 * get it, with the server's words. */
void report_say(const struct result *r, const struct envelope *e, const struct outgoing *o);
/* The same for machines: one JSON object, a line, on standard output; the same shape whatever
 * happened. e and o may be NULL. */
bool report_json(const struct result *r, const struct envelope *e, const struct outgoing *o, int status, bool spooled,
	struct err *err);
/* The member "tls" of such an object; facts: NULL without TLS. */
struct json;
void report_tls(struct json *j, const struct tls_facts *facts);
/* The recipients that certainly did not get it, one a line, into path; spooled: those for whom it waits are not
 * among them. */
bool report_failed(const struct envelope *e, const char *path, bool spooled, struct err *err);

#endif
