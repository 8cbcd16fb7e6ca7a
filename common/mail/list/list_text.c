#include <config.h>

#include "mail/list/list_state.h"
#include "text/utf16.h"
#include "text/utf8.h"

/*
 * The encodings of lists. UTF-16 without a byte order mark is accepted only when it is certain, since a wrong
 * guess would turn a whole list into rubbish. Windows-1252 is decided cell by cell: files are joined from two
 * sources, and a later line must not change how an earlier one is read.
 */

#define FIRST_LOOK ((size_t)256)   /* a NUL in the first line, or in so much of it, speaks for UTF-16 */
#define SECOND_LOOK ((size_t)1024) /* and this much tells whether it is */

/*
 * Without a BOM it is certain where all of it is text when read in this order, an eighth of it ASCII (addresses,
 * delimiters and line ends are), and hardly anything would be ASCII in the other order.
 */
static bool is_utf16(struct str s, enum list_encoding encoding)
{
	size_t ascii = 0;
	size_t turned = 0; /* would be ASCII in the other order */
	uint32_t before = 0;

	for (size_t i = 0; i + 1 < s.n; i += 2) {
		uint32_t unit = utf16_unit(s, i, encoding == LIST_UTF16LE);

		if ((unit < 0x20 && !(unit >= '\t' && unit <= '\r')) || unit >= 0xfffe ||
			utf16_is_low(unit) != utf16_is_high(before))
			return false;
		ascii += unit < 0x80;
		turned += (unit & 0xff) == 0;
		before = unit;
	}
	return ascii >= 2 && ascii >= s.n / 16 && turned <= ascii / 8;
}

/* So many octets tell it: the first line with the octet after its end. */
static size_t first_line(struct str s)
{
	size_t n = 0;

	while (n < s.n && n < FIRST_LOOK && s.p[n] != '\n' && s.p[n] != '\r')
		n++;
	return n + 2;
}

bool list_text_encoding(struct str octets, bool eof, enum list_encoding *encoding)
{
	size_t line = first_line(octets);
	bool le;

	*encoding = LIST_UTF8;
	if (octets.n >= 2 && (str_starts(octets, STR_LIT("\xff\xfe")) || str_starts(octets, STR_LIT("\xfe\xff")))) {
		*encoding = octets.p[0] == '\xff' ? LIST_UTF16LE : LIST_UTF16BE;
		return true;
	}
	if (octets.n < line && !eof)
		return false;
	if (str_find(str_sub(octets, 0, line), '\0') >= (line < octets.n ? line : octets.n))
		return true;
	if (octets.n < SECOND_LOOK && !eof)
		return false;
	octets = str_sub(octets, 0, SECOND_LOOK);
	le = is_utf16(octets, LIST_UTF16LE);
	if (le || is_utf16(octets, LIST_UTF16BE))
		*encoding = le ? LIST_UTF16LE : LIST_UTF16BE;
	return true;
}

void list_text_convert(struct buf *in, enum list_encoding encoding, bool eof, struct buf *out)
{
	utf16_convert(in, encoding == LIST_UTF16LE, eof, out);
}

/* --- rows that are not UTF-8 --- */

bool list_row_foreign(const struct csv_row *row)
{
	return !row->ascii && !str_ascii(row->raw) && !utf8_valid(row->raw);
}

size_t list_row_room(const struct csv_row *row)
{
	/* An octet becomes three at the most; a cell may be there twice, as it stands and its value. */
	return 6 * row->raw.n + row->end.n + CSV_SLACK;
}

static struct str add(char **at, struct str s)
{
	char *p = *at;

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	*at += s.n;
	return str_at(p, s.n);
}

static struct str add_utf8(char **at, struct str s)
{
	struct buf text = { .limit = SIZE_MAX };

	if (utf8_valid(s))
		return add(at, s);
	utf8_from_latin1(&text, s);
	struct str copy = add(at, buf_str(&text));

	buf_free(&text);
	return copy;
}

void list_row_convert(struct csv_row *row, char delimiter, char *room)
{
	char *at = room;
	char *values = room + 3 * row->raw.n + row->end.n;

	for (size_t i = 0; i < row->n; i++) {
		struct csv_cell *cell = &row->cells[i];
		bool same = cell->value.p == cell->raw.p && cell->value.n == cell->raw.n;

		if (i > 0)
			*at++ = delimiter;
		cell->raw = add_utf8(&at, cell->raw);
		cell->value = same ? cell->raw : add_utf8(&values, cell->value);
	}
	row->raw = str_at(room, (size_t)(at - room));
	row->end = add(&at, row->end);
}
