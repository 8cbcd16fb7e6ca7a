#ifndef PIPEMAIL_MAILBULK_LETTER_H
#define PIPEMAIL_MAILBULK_LETTER_H

#include "base/buf.h"
#include "base/err.h"
#include "cmd/mailbulk/letter/attached.h"
#include "cmd/mailbulk/letter/signer.h"
#include "mail/message/mime_compose.h"
#include "text/template.h"

struct campaign;
struct values;

/* When it is sent. */
struct moment {
	int64_t wall;
	int offset;
};

/* The message of one row, ready for the wire. What is the same in all stays with the campaign and is only pointed
 * to. */
struct letter {
	struct buf date; /* a Date line, of this moment: */
	struct moment date_of;
	struct buf id_from; /* the address of From that id_domain belongs to */
	struct buf id_domain;
	struct signature signature; /* the DKIM-Signature line, if there is to be one */
	struct mime_message message;
	struct buf reverse_path; /* for MAIL FROM */
	struct buf recipient;    /* for RCPT TO */
	struct buf message_id;   /* with its <> */
	struct buf from;         /* the bare address of From */
	struct buf subject;      /* as people read it */
	bool utf8;               /* an address needs SMTPUTF8 */
	uint64_t size;           /* of all octets, before dots are stuffed */
	struct attached
		*files; /* the row's own, which are read when it leaves; segments name them after the constants */
	size_t n_files;
	size_t segment; /* how far it was read, 0 the signature */
	size_t at;      /* octets of `piece` that were given */
	struct str piece;
	struct attached_reader reader;
	struct buf scratch[4]; /* kept for the next row */
	struct body_marks {
		struct template_marks marks;
		struct mime_run *runs;
	} text_marks, html_marks; /* likewise */
};

/*
 * Render a row into a letter that stays where it is, as its signature may still be made when this returns; letter_next
 * waits for it. False with 65 and what is wrong with the row: a value that may not stand in a header, no From, an
 * attachment that is not there. check: stop when all values are known to be right, before the message is put together;
 * its size is then about what it would be.
 */
bool letter_render(struct letter *l, const struct campaign *campaign, const struct values *values,
	const struct moment *now, bool check, struct err *err);
/*
 * Its octets in CRLF form, at most so many, which live until the next call: LETTER_OCTETS, or none any more:
 * LETTER_END. LETTER_FAILED: a file cannot be read or was changed (66, 74), and the message must not be completed.
 * letter_rewind begins anew, as letter_render does.
 */
enum letter_more { LETTER_OCTETS, LETTER_END, LETTER_FAILED };
enum letter_more letter_next(struct letter *l, const struct campaign *campaign, size_t most, struct str *octets,
	struct err *err);
void letter_rewind(struct letter *l);
/* Is the file that was read last the row's own? */
bool letter_own(const struct letter *l);
void letter_free(struct letter *l);

/* head.c: all header lines into out; From's bare address and the Message-ID into the letter. */
bool letter_head(struct letter *l, const struct campaign *campaign, const struct values *values,
	const struct moment *now, struct buf *out, struct err *err);
/* field_fault.c: why a field's value is not of the form that it has to have, or NULL. fatal: no mail may have it. */
const char *field_fault(struct str name, struct str value, bool *fatal);
/* The lines that are the same in all messages, made once. What cannot be made is a fault of each row then. */
void letter_prepare(struct campaign *campaign);
/* envelope.c: reverse_path, recipient and utf8. */
bool letter_envelope(struct letter *l, const struct campaign *campaign, const struct values *values, struct err *err);
/* mailboxes.c: an address field as it was rendered, in its final form: "Name <a@b>, …". bare (may be NULL) gets the
 * only mailbox; more than one, or none, is then an error. */
bool mailboxes_add(struct buf *out, struct str rendered, bool single, struct buf *bare, struct err *err);

#endif
