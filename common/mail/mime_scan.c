#include <config.h>

#include "mail/mime.h"

#include "text/utf8.h"

/* Octets of the sequence that lead begins; 1 for what can begin none. */
static unsigned sequence_length(unsigned char lead)
{
	return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
}

static void scan_high(struct mime_scan *scan, unsigned char c)
{
	uint32_t code;

	scan->high++;
	scan->qp_extra += 2;
	scan->tail[scan->tail_n++] = c;
	if (scan->tail_n < sequence_length(scan->tail[0]))
		return;
	if (utf8_decode(str_at((const char *)scan->tail, scan->tail_n), &code) != scan->tail_n)
		scan->not_utf8 = true;
	scan->tail_n = 0;
}

static void scan_line_end(struct mime_scan *scan)
{
	if (scan->line > scan->longest)
		scan->longest = scan->line;
	scan->qp_extra += 3 * (scan->line / 75);
	scan->line = 0;
}

static void scan_octet(struct mime_scan *scan, unsigned char c)
{
	if (scan->cr && c != '\n') {
		scan->lone_cr = true;
		scan->cr = false;
	}
	if (c >= 0x80) {
		scan_high(scan, c);
		scan->line++;
		return;
	}
	if (scan->tail_n > 0) {
		scan->not_utf8 = true;
		scan->tail_n = 0;
	}
	if (c == '\r') {
		scan->cr = true;
		scan_line_end(scan);
	} else if (c == '\n') {
		if (!scan->cr)
			scan->lone_lf = true;
		scan->cr = false;
		scan_line_end(scan);
	} else {
		scan->line++;
		if (c == '\0')
			scan->nul = true;
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			scan->control = true;
		if (c == '=' || (c < 0x20 && c != '\t'))
			scan->qp_extra += 2;
	}
}

void mime_scan_add(struct mime_scan *scan, struct str s)
{
	scan->octets += s.n;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		/* The bulk of any text: printable, and no state that it would end. */
		if (c >= 0x20 && c < 0x7f && c != '=' && !scan->cr && scan->tail_n == 0)
			scan->line++;
		else
			scan_octet(scan, c);
	}
}

bool mime_scan_utf8(const struct mime_scan *scan)
{
	return !scan->not_utf8 && scan->tail_n == 0;
}

enum mime_encoding mime_choose(const struct mime_scan *scan, bool is_text)
{
	uint64_t longest = scan->line > scan->longest ? scan->line : scan->longest;
	bool lone_cr = scan->lone_cr || scan->cr;

	if (scan->high == 0 && !scan->control && longest <= 998 &&
		(is_text || (!lone_cr && !scan->lone_lf)))
		return MIME_7BIT;
	if (!is_text || (scan->nul && !mime_scan_utf8(scan)))
		return MIME_BASE64;
	return scan->qp_extra + 3 * (scan->line / 75) <= scan->octets / 3 ? MIME_QP : MIME_BASE64;
}
