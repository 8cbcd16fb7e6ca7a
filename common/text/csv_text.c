#include <config.h>

#include "text/csv.h"

#include "base/buf.h"

size_t csv_bom(struct str head)
{
	return str_starts(head, STR_LIT("\xef\xbb\xbf")) ? 3 : 0;
}

/* The one that stands most often in the first line outside quotes; a comma where none does. A quote amid a cell is an
 * octet like others, right behind one that closed it is half of a doubled one. */
char csv_guess_delimiter(struct str head)
{
	static const char candidates[] = { ',', ';', '\t', '|' };
	size_t counts[sizeof candidates] = { 0 };
	bool opens = true;
	bool quoted = false;
	size_t best = 0;

	for (size_t i = csv_bom(head); i < head.n; i++) {
		char ch = head.p[i];

		if (ch == '"' && (quoted || opens)) {
			quoted = !quoted;
			opens = !quoted;
			continue;
		}
		if (quoted)
			continue;
		opens = memchr(candidates, ch, sizeof candidates) != NULL;
		if (ch == '\n' || ch == '\r')
			break;
		for (size_t k = 0; k < sizeof candidates; k++)
			counts[k] += ch == candidates[k];
	}
	for (size_t k = 1; k < sizeof candidates; k++)
		if (counts[k] > counts[best])
			best = k;
	return candidates[best];
}

bool csv_add_cell(struct buf *out, struct str value, char delimiter)
{
	bool quote = value.n > 0 && (ascii_blank(value.p[0]) || ascii_blank(value.p[value.n - 1]));

	for (size_t i = 0; i < value.n && !quote; i++)
		quote = value.p[i] == delimiter || value.p[i] == '"' || value.p[i] == '\n' || value.p[i] == '\r';
	if (!quote)
		return buf_add(out, value);
	buf_add_char(out, '"');
	while (value.p != NULL) {
		buf_add(out, str_cut(&value, '"'));
		if (value.p != NULL)
			buf_add_text(out, "\"\"");
	}
	return buf_add_char(out, '"');
}
