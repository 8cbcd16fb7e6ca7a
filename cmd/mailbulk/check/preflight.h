#ifndef PIPEMAIL_MAILBULK_PREFLIGHT_H
#define PIPEMAIL_MAILBULK_PREFLIGHT_H

#include "base/buf.h"
#include "base/err.h"
#include "cmd/mailbulk/check/findings.h"

#define TOO_LARGE \
	"the first message has %llu octets, and %s takes %llu (--skip-bad sends the messages that are smaller)"

#define BAD_ROWS_SHOWN 10

struct campaign;
struct letter;
struct list;
struct owners;
struct selection;
struct settings;
struct suppress;
struct values;

/*
 * What would go wrong, found before anything is sent: errors stop, warnings are told. First the campaign is judged
 * against the list's columns, then every row is rendered, then what only the whole shows.
 */
struct preflight {
	const struct campaign *campaign;
	const struct settings *settings;
	const struct list *list;
	enum err_kind kind; /* of the first error; ERR_NONE: none so far */
	uint64_t errors;
	uint64_t warnings;
	uint64_t rows;      /* taken */
	uint64_t elsewhere; /* rows of other shares */
	uint64_t bad;
	uint64_t suppressed;
	uint64_t duplicates;
	uint64_t octets;   /* of all messages that were put together */
	struct buf sender; /* the envelope's of the first message */
	uint64_t first;    /* octets of the first message */
	uint64_t largest;  /* of the largest that was put together */
	uint64_t *empty;   /* rows with an empty cell in each column that a tag uses with no default */
	bool *used;
	bool dkim_told;
	bool from_told;
	bool html_told;
	bool subject_told;
	bool postal;     /* the first message has a postal address in it, by the look of it */
	struct buf from; /* the address that was judged last */
	struct findings findings;
	struct owners *owners; /* is told each row's domain; NULL: nobody asks */
};

void preflight_init(struct preflight *p, const struct campaign *campaign, const struct list *list);
void preflight_free(struct preflight *p);
/* Before any row: tags, fields, links, keys. */
void preflight_campaign(struct preflight *p);
/* What was found in the files of --suppress. */
void preflight_lists(struct preflight *p, const struct suppress *suppress);
/* A row that was taken and rendered. */
void preflight_row(struct preflight *p, const struct values *values, struct letter *letter);
/* A row that was not, or could not be. */
void preflight_bad(struct preflight *p, uint64_t line, const struct err *why);
/* After the last row. */
void preflight_whole(struct preflight *p);
/* Ask the servers of --smtp, if any: does a session come up, is a message too large for it, and would it take mail from
 * the sender? That is tried with MAIL and RCPT to the sender's own address, and taken back. */
void preflight_servers(struct preflight *p);
/* Tell the numbers, and the status: 0 when nothing stops a --send. */
int preflight_end(struct preflight *p);

/* Walk over the whole list and judge it all, sending and writing nothing. False when the list cannot be read to its
 * end. */
bool preflight_run(struct preflight *p, struct selection *selection, struct err *err);

/* For the checks themselves: say what is wrong and count it, under the name of a rule. */
void preflight_error(struct preflight *p, enum err_kind kind, const char *rule, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void preflight_warn(struct preflight *p, const char *rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same of a row: the first one is told, all are counted. */
void preflight_warn_row(struct preflight *p, bool *told, const char *rule, uint64_t line, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* content.c: what a reader would stumble over in this row's message; what is the same in all is looked at in the
 * first. */
void preflight_content(struct preflight *p, const struct values *values, struct letter *letter);
/* from.c: is the domain that people see one that these servers may send for? */
void preflight_from(struct preflight *p, const struct letter *letter);
/* preflight_dns.c: what the DNS says about the sender, with --dns. */
void preflight_dns(struct preflight *p);

#endif
