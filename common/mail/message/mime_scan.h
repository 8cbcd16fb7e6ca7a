#ifndef PIPEMAIL_MAIL_MIME_SCAN_H
#define PIPEMAIL_MAIL_MIME_SCAN_H

#include "base/str.h"

/* The Content-Transfer-Encodings of RFC 2045. */
enum mime_encoding { MIME_7BIT, MIME_8BIT, MIME_QP, MIME_BASE64 };

/*
 * What one content contains, by looking at it once, in any pieces, zeroed at the start: enough to choose its
 * Content-Transfer-Encoding before the first byte is sent. Counts are in bytes.
 */
struct mime_scan {
	uint64_t octets;
	uint64_t high;     /* over 0x7f */
	uint64_t qp_extra; /* how many quoted-printable would add, roughly */
	uint64_t longest;  /* longest line so far */
	uint64_t line;     /* length of the current line */
	bool nul;
	bool lone_cr;
	bool lone_lf;
	bool control;   /* other than TAB, CR and LF */
	bool from_line; /* a line begins with "From " */
	unsigned from;  /* how many bytes of "From " begin this line */
	bool not_utf8;
	bool windows;          /* bytes that only Windows-1252 has a character for: 0x80 to 0x9f */
	unsigned char tail[4]; /* an incomplete UTF-8 sequence at the end of the last piece */
	unsigned tail_n;
	bool cr;
};
void mime_scan_add(struct mime_scan *scan, struct str s);
/*
 * As if the whole lines that `lines` was made of, from zero, had been added. False, with nothing added, in the middle
 * of a line.
 */
bool mime_scan_join(struct mime_scan *scan, const struct mime_scan *lines);
/* All of it is UTF-8, and the last sequence is complete. */
bool mime_scan_utf8(const struct mime_scan *scan);
/* "utf-8", or for what is none the old Western charset that has all its characters; static. */
const char *mime_scan_charset(const struct mime_scan *scan);
/* As text it may be sent as it is, except for lines that an mbox would quote (from_line). */
bool mime_scan_7bit(const struct mime_scan *scan);
/*
 * The cheapest encoding that brings it through unchanged: 7bit, quoted-printable or base64. is_text: line ends may
 * become CRLF; otherwise every byte arrives as it is.
 */
enum mime_encoding mime_choose(const struct mime_scan *scan, bool is_text);

#endif
