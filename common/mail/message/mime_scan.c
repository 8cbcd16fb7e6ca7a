#include <config.h>

#include "mail/message/mime_scan.h"

#include "text/utf8.h"

static const char from_start[] = "From ";

/* Octets of the sequence that lead begins; 1 for what can begin none. */
static unsigned sequence_length(unsigned char lead)
{
	return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
}

static void scan_high(struct mime_scan *scan, unsigned char c)
{
	uint32_t code;

	scan->high++;
	scan->windows = scan->windows || c < 0xa0;
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
	scan->from = 0;
}

/* Is this the start of a line, and "From "? Any mbox on the way would change that line. */
static void look_for_from(struct mime_scan *scan, unsigned char c)
{
	if (scan->line != scan->from || c != (unsigned char)from_start[scan->from])
		return;
	scan->from++;
	if (scan->from < sizeof from_start - 1)
		return;
	scan->from_line = true;
	scan->qp_extra += 2;
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
		look_for_from(scan, c);
		scan->line++;
		if (c == '\0')
			scan->nul = true;
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			scan->control = true;
		if (c == '=' || (c < 0x20 && c != '\t'))
			scan->qp_extra += 2;
	}
}

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* How many octets at the start of s are printable and no "="; eight at a time, and fewer at the end may be missed. */
static size_t printable_run(struct str s)
{
	size_t n = 0;
	uint64_t word;

	for (; n + 8 <= s.n; n += 8) {
		memcpy(&word, s.p + n, 8);
		uint64_t equals = word ^ EACH(0x3d);
		/* The high bit of each octet: below 0x20, 0x7f or "=", over 0x7f. */
		uint64_t low = (word - EACH(0x20)) & ~word;
		uint64_t delete = ((word ^ EACH(0x7f)) - EACH(1)) & ~(word ^ EACH(0x7f));

		if (((low | delete | ((equals - EACH(1)) & ~equals) | word) & EACH(0x80)) != 0)
			break;
	}
	return n;
}

void mime_scan_add(struct mime_scan *scan, struct str s)
{
	scan->octets += s.n;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		/* The bulk of any text: printable, and no state that it would end. */
		if (c >= 0x20 && c < 0x7f && c != '=' && scan->line >= sizeof from_start - 1 && !scan->cr &&
			scan->tail_n == 0) {
			size_t run = 1 + printable_run(str_at(s.p + i + 1, s.n - i - 1));

			scan->line += run;
			i += run - 1;
		} else {
			scan_octet(scan, c);
		}
	}
}

bool mime_scan_join(struct mime_scan *scan, const struct mime_scan *lines)
{
	if (scan->line > 0 || scan->cr || scan->tail_n > 0 || lines->line > 0 || lines->cr || lines->tail_n > 0)
		return false;
	scan->octets += lines->octets;
	scan->high += lines->high;
	scan->qp_extra += lines->qp_extra;
	scan->longest = lines->longest > scan->longest ? lines->longest : scan->longest;
	scan->nul |= lines->nul;
	scan->lone_cr |= lines->lone_cr;
	scan->lone_lf |= lines->lone_lf;
	scan->control |= lines->control;
	scan->from_line |= lines->from_line;
	scan->not_utf8 |= lines->not_utf8;
	scan->windows |= lines->windows;
	return true;
}

bool mime_scan_utf8(const struct mime_scan *scan)
{
	return !scan->not_utf8 && scan->tail_n == 0;
}

const char *mime_scan_charset(const struct mime_scan *scan)
{
	return mime_scan_utf8(scan) ? "utf-8" : scan->windows ? "windows-1252" : "iso-8859-1";
}

bool mime_scan_7bit(const struct mime_scan *scan)
{
	uint64_t longest = scan->line > scan->longest ? scan->line : scan->longest;

	return scan->high == 0 && !scan->control && longest <= 998;
}

enum mime_encoding mime_choose(const struct mime_scan *scan, bool is_text)
{
	bool lone_cr = scan->lone_cr || scan->cr;

	if (mime_scan_7bit(scan) && !scan->from_line && (is_text || (!lone_cr && !scan->lone_lf)))
		return MIME_7BIT;
	if (!is_text || (scan->nul && !mime_scan_utf8(scan)))
		return MIME_BASE64;
	return scan->qp_extra + 3 * (scan->line / 75) <= scan->octets / 3 ? MIME_QP : MIME_BASE64;
}
