#ifndef PIPEMAIL_POPFETCH_VIEW_H
#define PIPEMAIL_POPFETCH_VIEW_H

#include "base/err.h"
#include "base/set.h"

struct buf;
struct card;

/*
 * The page of one message: head, HTML part in its frame, text, messages within it, attachments, the whole
 * header. What the message says is text or inside the frame (mail/page/page.h); there is no script in the page.
 * Once written it is never changed: it refers to the index, to its month and to its thread by names that stay.
 */
struct view {
	const char *up;     /* from the page to the archive's folder: "../../" */
	const char *month;  /* "2026-11.html" */
	const char *thread; /* "threads/0a1.html#0a1…" */
	const char *files;  /* folder of its attachments, from the archive's folder: "files/ab/…" */
	/* Stores an attachment as name, in that folder; false ends the page with err set. */
	bool (*save)(void *arg, struct str name, struct str octets, struct err *err);
	void *arg;
};
/* Append the page. False when an attachment could not be stored. */
bool view_add(struct buf *out, const struct view *v, struct str message, const struct card *card, struct err *err);

#endif
