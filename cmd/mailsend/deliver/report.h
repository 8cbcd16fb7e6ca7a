#ifndef PIPEMAIL_MAILSEND_REPORT_H
#define PIPEMAIL_MAILSEND_REPORT_H

#include "cmd/mailsend/deliver/deliver.h"

/*
 * What a delivery came to, for people, on standard error: nothing when all went well, else each recipient that did
 * not get it, with the server's reply. o may be NULL.
 */
void report_say(const struct result *r, const struct envelope *e, const struct outgoing *o);
/*
 * The same for programs: one JSON object on one line, to standard output, of the same shape whatever happened. e
 * and o may be NULL. False with ERR_IO.
 */
bool report_json(const struct result *r, const struct envelope *e, const struct outgoing *o, int status, bool spooled,
	struct err *err);
/* One word for the whole: "sent", "partial", "spooled" and so on; static. */
const char *report_status_name(int status, bool spooled);
struct json;
/* Write the member "tls" of such an object; facts NULL: without TLS. */
void report_tls(struct json *j, const struct tls_facts *facts);
/* Write the recipients that certainly did not get it to path, one a line. With spooled, those for whom the message
 * waits are not among them. False with ERR_CANTCREAT or ERR_IO. */
bool report_failed(const struct envelope *e, const char *path, bool spooled, struct err *err);

#endif
