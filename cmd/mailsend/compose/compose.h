#ifndef PIPEMAIL_MAILSEND_COMPOSE_H
#define PIPEMAIL_MAILSEND_COMPOSE_H

#include "cmd/mailsend/compose/envelope.h"
#include "cmd/mailsend/compose/outgoing.h"
#include "cmd/mailsend/settings.h"

/* Put the recipients of --to, --cc and --bcc into the envelope. */
bool compose_recipients(struct envelope *e, const struct settings *s, struct err *err);
/* Make the message that the options describe, and put its recipients into the envelope (whose
 * sender and domain are set). */
bool compose(struct outgoing *o, struct envelope *e, const struct settings *s, const char *from, struct err *err);

/* Files as parts. The part points into what lives here. */
struct attachment {
	struct mime_part part;
	char *name;
	char *cid;
	char *type;
};
/* "FILE[,type=…][,name=…][,cid=…]": opened as the next of o->files, looked at, its size on the wire
 * counted. */
bool attachment_open(struct attachment *a, struct outgoing *o, const char *option, const char *text, bool is_inline,
	struct err *err);
/* The same for a body: content in memory where it is short. */
bool attachment_body(struct attachment *a, struct outgoing *o, const char *path, struct str text, const char *type,
	struct err *err);
/* "FILE,type=TYPE": another form of the body; the method of a calendar is found in it where the type does not tell. */
bool attachment_alternative(struct attachment *a, struct outgoing *o, const char *text, struct err *err);
void attachment_free(struct attachment *a);

#endif
