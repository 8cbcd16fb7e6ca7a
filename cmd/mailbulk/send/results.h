#ifndef PIPEMAIL_MAILBULK_RESULTS_H
#define PIPEMAIL_MAILBULK_RESULTS_H

#include "base/buf.h"
#include "base/err.h"
#include "cmd/mailbulk/settings.h"

/* What became of the rows, one line each in order of completion, as CSV or JSON lines on standard output or in a
 * file. */
enum result_status { RESULT_SENT, RESULT_REFUSED, RESULT_DEFERRED, RESULT_UNKNOWN, RESULT_SKIPPED };

struct result {
	enum result_status status;
	struct str email;
	int code; /* 0: no server spoke */
	struct str enhanced;
	struct str reply; /* the server's words, or ours when it said none */
	unsigned attempts;
	struct str message_id; /* without <> */
	const char *relay;
	const char *reason; /* of mail/outcome, NULL and "": none */
	const char *stage;
	uint64_t row;    /* number in the list, 0: none */
	const char *key; /* as in the journal, or NULL */
};

struct results {
	enum results_format format;
	struct buf out;
	struct buf reply; /* of the line at hand */
	struct buf time;  /* time_of as text: most lines have that of the one before */
	int64_t time_of;
	uint64_t counts[5]; /* by status */
	int fd;
	const char *name; /* of where they go, for messages */
	bool broken;      /* it takes nothing any more */
};

/* To standard output, or to the end of a file (NULL: none; 73), which gets the header row when it is empty. */
bool results_init(struct results *r, enum results_format format, const char *file, struct err *err);
void results_free(struct results *r);
void results_add(struct results *r, const struct result *result, int64_t now);
/* Write what was added; 74. */
bool results_flush(struct results *r, struct err *err);

#endif
