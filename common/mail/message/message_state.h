#ifndef PIPEMAIL_MAIL_MESSAGE_STATE_H
#define PIPEMAIL_MAIL_MESSAGE_STATE_H

#include "mail/header/header.h"
#include "mail/message/message.h"
#include "mail/message/mime_encode.h"

/* What the files message_*.c share; no other module includes this. */

/* Bytes of a line without its end (RFC 5321, 4.5.3.1.6). */
#define MESSAGE_LINE 998
#define MESSAGE_HEADER_LIMIT ((size_t)16 << 20)
#define MESSAGE_DEPTH 40
#define MESSAGE_PARTS_LIMIT 20000

/* Splits pieces of any size into lines. A line of over 1,024 bytes comes in pieces. */
enum line_end { LINE_OPEN, LINE_LF, LINE_CRLF, LINE_CR };
struct line {
	struct str text;
	enum line_end end; /* LINE_OPEN: more of it follows, or the input ended */
	bool starts;       /* text is the beginning of the line */
	bool whole;        /* text is its end too */
	bool stray;        /* CRs were dropped in front of its end */
};
struct lines {
	char held[1024];
	size_t n;
	bool inside; /* a piece of this line was given out */
	bool given;  /* held was given out: it is empty at the next call */
	bool cr;     /* a CR that may be half a line end */
	bool stray;
};
/*
 * The next line or piece of one, of *s, from which it is removed; its text lives until the next call. split_cr: a
 * CR without LF ends a line too, and several count as one. False when s is used up; message_lines_end gives the
 * rest.
 */
bool message_lines_next(struct lines *l, struct str *s, bool split_cr, struct line *line);
bool message_lines_end(struct lines *l, bool split_cr, struct line *line);

enum part_kind { PART_LEAF, PART_MULTIPART, PART_MESSAGE };
enum part_fault { FAULT_HIGH = 1, FAULT_NUL = 2, FAULT_LONG = 4, FAULT_CR = 8 };
struct part {
	enum part_kind kind;
	enum mime_encoding encoding; /* as its header says; MIME_7BIT stands for none */
	bool text;
	bool under_seal; /* a signature (multipart/signed, S/MIME) covers it: it must not change */
	bool typed;      /* it has a Content-Type */
	bool unbounded;  /* a multipart without its boundary: all of it is text */
	unsigned faults; /* enum part_fault, of its content (of a multipart: of what is around its parts) */
	unsigned header_faults;
	uint64_t line[4]; /* the first line with each fault of the content, by bit */
	uint64_t header_line;
	uint64_t octets;
	uint64_t high; /* bytes over 0x7f */
};

/*
 * Where in the structure of the message a line is: fed line by line, it tells which part each line belongs to.
 * Nested up to MESSAGE_DEPTH; deeper multiparts are treated as leaves.
 */
struct walk {
	struct walk_level {
		char boundary[72];
		size_t part; /* number of the part of the current line; 0 is the message */
		bool under_seal;
	} stack[MESSAGE_DEPTH];
	unsigned depth;
	size_t part;  /* number of the part that the current line belongs to, 0 is the message */
	size_t parts; /* how many are known */
	bool in_header;
	bool stale; /* header is that of an earlier part */
	bool under_seal;
	struct buf header; /* of the current part, CRLF lines */
};
enum walk_kind { WALK_CONTENT, WALK_DELIMITER, WALK_HEADER, WALK_SEPARATOR };
/* Enter the part whose header is complete; facts are filled for it. */
void message_walk_enter(struct walk *w, struct str header, struct part *facts);
/* One line without its end. *entered is set when w->header of *entered_part became complete before
 * it; facts as above. */
enum walk_kind message_walk_line(struct walk *w, struct str line, bool *entered, struct part *facts);
/* The next piece of a long header line. */
void message_walk_more(struct walk *w, struct str piece);
/* The length of the field name when line is the first line of a field, else 0. */
size_t message_walk_field_name(struct str line);

struct message_state {
	struct lines lines;
	struct walk walk;
	struct part *parts;
	size_t parts_cap;
	struct mime_scan untyped; /* of the body, for a charset where the header tells none */
	uint64_t line_at;         /* offset where the next line begins */
	uint64_t column;
	uint64_t lone_lf;
	enum walk_kind kind; /* of the line that comes in pieces */
	bool header_done;
	bool started;
	bool ended_line; /* the last octet of the input ended a line */
	bool too_long;   /* a header over the limit */
	bool too_many;
	bool sealed; /* a DKIM signature is there */
	/* the fields that it covers, as in h=, each followed by a colon: "From:from:to:" */
	struct buf sealed_names;
	struct message_wants wants;
	/* The pass that writes. */
	struct mime_encoder encoder;
	enum how { HOW_COPY, HOW_ENCODE, HOW_REWRAP, HOW_REPAIR_QP, HOW_STRIP } how;
	enum line_end owed; /* line end of the previous line, not written yet, in a content that is encoded */
	unsigned width;     /* of the line being rewrapped or repaired */
	unsigned escape;    /* bytes that still belong to an =XX */
};

/* How the content of a part is to be written, and its new Content-Transfer-Encoding or NULL where
 * it stays. */
enum how message_part_how(const struct message *m, const struct part *p, const char **encoding);
/* Append the header of part number i, repaired. False with ERR_DATA. */
bool message_mend_header(struct message *m, struct str header, size_t i, struct buf *out, struct err *err);
/*
 * How to repair one field: NULs removed, lone CRs to spaces, bytes over 0x7f encoded unless high_ok, lines folded.
 * What only SMTPUTF8 can carry stays in out, where the caller sees it; with drop_high it becomes "?".
 */
struct message_field_mend {
	bool high_ok;
	bool drop_high;
	bool downgrade; /* message_wants.downgrade */
};
/* Append the field, repaired. False with ERR_DATA and `line` when a line cannot be folded. */
bool message_field_mend(const struct message_field_mend *how, const struct header_field *field, uint64_t line,
	struct buf *out, struct err *err);
/* Nothing but blanks is in its body. */
bool message_field_empty(const struct header_field *field);
/*
 * Append the field with the names in it that have no domain made addresses. False, with nothing appended, when it has
 * no such name or cannot be read.
 */
bool message_field_qualify(const struct message_wants *wants, const struct header_field *field, struct buf *out);
/* The field needs no repair. */
bool message_field_clean(const struct message_field_mend *how, struct str whole);

#endif
