#ifndef PIPEMAIL_POPFETCH_PAGES_STATE_H
#define PIPEMAIL_POPFETCH_PAGES_STATE_H

#include "base/buf.h"
#include "cmd/popfetch/archive/catalog.h"
#include "cmd/popfetch/archive/folder.h"
#include "cmd/popfetch/archive/pages.h"

/* What the files of pages share. */
struct pages {
	const struct folder *folder;
	const struct catalog *catalog;
	uint32_t *order;  /* messages, the newest first, those without a date at the end */
	uint32_t *thread; /* of each message: the one to show */
	uint32_t *sizes;  /* messages in each thread */
	struct pages_months {
		int64_t from; /* date of its newest message */
		size_t n;     /* messages */
		bool there;   /* it has had a page before */
	} * months;
	size_t n_months;
	size_t months_cap;
	struct buf out;
	struct buf line;
	struct record record; /* slices of line */
	struct err *err;
};

#define PAGES_DATA 2000u

/* Read message i into p->record. */
bool pages_read(struct pages *p, size_t i);
/* Begin and end a page of lists in p->out; with_script: the one of the archive's folder. up: "" or "../". */
void pages_begin(struct pages *p, const char *title, const char *up, bool with_script);
void pages_end(struct pages *p);
/* Begin a table of messages, add the message in p->record, which is number i, as a row, end it. */
void pages_table(struct pages *p, const char *caption);
void pages_add_row(struct pages *p, size_t i, const char *up);
void pages_table_end(struct pages *p);
/* "messages/ab/cdef….html" and "threads/0a1.html#0a1…". */
void pages_message_path(char path[64], struct str key);
void pages_thread_path(char path[64], uint64_t name);
/* "2 years 3 months" of a date for people: "November 2026". */
void pages_add_month(struct buf *out, int64_t date);
/* Write p->out as that file if it has changed. */
bool pages_put(struct pages *p, const char *name);

bool pages_write_months(struct pages *p);
bool pages_write_threads(struct pages *p);
bool pages_write_data(struct pages *p);
bool pages_write_front(struct pages *p);
bool pages_write_assets(struct pages *p);

#endif
