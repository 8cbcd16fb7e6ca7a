#ifndef PIPEMAIL_MAILBULK_PREVIEW_H
#define PIPEMAIL_MAILBULK_PREVIEW_H

#include "base/buf.h"
#include "base/err.h"

struct campaign;
struct letter;

/* One page of HTML that shows the first messages as a reader sees them: headers decoded, text, and HTML in a frame that
 * may run nothing. Everything stands in the page itself, and everything from a message is escaped. */
struct preview {
	struct buf cards; /* HTML, one message behind the other */
	uint64_t shown;
	uint64_t left_out;
};

void preview_add(struct preview *p, const struct campaign *campaign, struct letter *letter);
/* Put the page in place; 73 or 74 with the file's name. */
bool preview_write(struct preview *p, const struct campaign *campaign, const char *path, struct err *err);
void preview_free(struct preview *p);

#endif
