#ifndef PIPEMAIL_MAIL_MIME_LINES_H
#define PIPEMAIL_MAIL_MIME_LINES_H

#include "mail/message/mime_encode.h"

/*
 * Whole lines that many texts have in common: scanned once, and encoded once in each way, so that a text is put together
 * of them and only what differs is looked at.
 */
struct mime_lines {
	struct mime_scan scan;
	struct buf raw;
	struct buf plain; /* with CRLF, made when it is wanted first, as is: */
	struct buf qp;
};
/* Copies the lines, which end in a line end; free it with mime_lines_free, which accepts NULL. */
struct mime_lines *mime_lines_new(struct str lines);
void mime_lines_free(struct mime_lines *l);

/* Such lines in a text. */
struct mime_run {
	size_t at; /* in the text: at the start of a line */
	size_t n;
	struct mime_lines *lines;
};
/* As mime_scan_add and mime_encode for the whole text. */
void mime_runs_scan(const struct mime_run *runs, size_t n, struct str text, struct mime_scan *scan);
bool mime_runs_encode(const struct mime_run *runs, size_t n, struct str text, struct mime_encoder *e, struct buf *out);

#endif
