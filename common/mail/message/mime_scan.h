#ifndef PIPEMAIL_MAIL_MIME_SCAN_H
#define PIPEMAIL_MAIL_MIME_SCAN_H

#include "base/str.h"

/* The Content-Transfer-Encodings of RFC 2045. */
enum mime_encoding { MIME_7BIT, MIME_8BIT, MIME_QP, MIME_BASE64 };

/* What was found in one content by looking at it once (in any cuts, zeroed at the start): enough to
 * choose an encoding. */
struct mime_scan {
	uint64_t octets;
	uint64_t high;     /* over 0x7f */
	uint64_t qp_extra; /* octets that quoted-printable would add, roughly */
	uint64_t longest;  /* line */
	uint64_t line;
	bool nul;
	bool lone_cr;
	bool lone_lf;
	bool control;   /* other than TAB, CR and LF */
	bool from_line; /* a line begins with "From " */
	unsigned from;  /* octets of that at the start of this line */
	bool not_utf8;
	unsigned char tail[4]; /* an unfinished UTF-8 sequence */
	unsigned tail_n;
	bool cr;
};
void mime_scan_add(struct mime_scan *scan, struct str s);
/* No octet of it was anything but UTF-8, seen to its end. */
bool mime_scan_utf8(const struct mime_scan *scan);
/* As text it may travel as it is, but for lines that an mbox would quote. */
bool mime_scan_7bit(const struct mime_scan *scan);
/* The cheapest encoding that brings it through unchanged: 7bit, quoted-printable or base64.
 * is_text: line ends may be normalised; otherwise every octet arrives as it is. */
enum mime_encoding mime_choose(const struct mime_scan *scan, bool is_text);

#endif
