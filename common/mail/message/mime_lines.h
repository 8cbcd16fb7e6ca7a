#ifndef PIPEMAIL_MAIL_MIME_LINES_H
#define PIPEMAIL_MAIL_MIME_LINES_H

#include "mail/message/mime_encode.h"

/* Where a page is while it is made text (html_text.c). */
struct html_state {
	bool space;     /* a blank is owed */
	unsigned lines; /* line ends are owed: 1 a new line, 2 an empty line too */
	bool started;
	unsigned pre;       /* inside so many <pre> */
	unsigned quote;     /* inside so many <blockquote> */
	unsigned depth;     /* of lists */
	unsigned number[8]; /* of the next item of an ordered list, 0: bullets */
};

/* What lines of a page come to as text, when they begin in that state. */
struct html_memo {
	bool made;
	struct html_state before;
	struct html_state after;
	struct buf text;
};

/*
 * Whole lines that many texts have in common: scanned once, and encoded once in each way, so that a text is put
 * together of them and only what differs is looked at.
 */
struct mime_lines {
	struct mime_scan scan;
	struct buf raw;
	struct buf plain; /* with CRLF, made when it is wanted first, as is: */
	struct buf qp;
	struct html_memo page;
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
