#include <config.h>

#include "mail/list/list.h"

#include "base/err.h"
#include "mail/list/list_state.h"

/*
 * Bytes become text (list_text.c, list_json.c), the text is looked at until its form is known (list_form.c), then
 * rows are read by text/csv. The same list must give the same rows whether it comes from a file or in pieces
 * through a pipe. So nothing is decided by how much happens to be there: each look takes a fixed number of lines,
 * or the whole of a list that is shorter.
 *
 * Plain UTF-8 is read directly into the CSV reader's buffer, without a copy, as soon as that is known.
 */

#define FEW_LINES ((size_t)2)
#define SAMPLE_MAX ((size_t)1 << 20) /* rows are looked for in that much; the first one in more */

void list_reader_init(struct list_reader *r, const struct list_asked *asked)
{
	list_reader_free(r);
	r->asked = *asked;
	r->lines = FEW_LINES;
	r->most = SAMPLE_MAX;
	r->head.limit = LIST_NOT_SAMPLE;
	r->raw.limit = r->text.limit = SIZE_MAX;
	csv_init(&r->csv, ',');
}

void list_reader_free(struct list_reader *r)
{
	list_form_free(&r->form);
	csv_free(&r->csv);
	buf_free(&r->head);
	buf_free(&r->raw);
	buf_free(&r->text);
	buf_free(&r->row);
	list_json_free(r->json);
	*r = (struct list_reader){ .told = false };
}

/* --- octets to text --- */

/* What comes is text, and rows: it needs no detour. */
bool list_reader_plain(const struct list_reader *r)
{
	return r->sorted && r->form.encoding == LIST_UTF8 && r->json == NULL;
}

static void give(struct list_reader *r, struct str text)
{
	if (text.n > 0)
		memcpy(csv_room(&r->csv, text.n), text.p, text.n);
	csv_fed(&r->csv, text.n);
}

/* The length of the first n lines, each with its end, 0 where there are fewer. A CR at the end may be half of one. */
static size_t first_lines(struct str text, size_t n)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\r' && i + 1 == text.n)
			return 0;
		if ((text.p[i] == '\n' || (text.p[i] == '\r' && text.p[i + 1] != '\n')) && --n == 0)
			return i + 1;
	}
	return 0;
}

/* The keys of the first lines are the columns. */
static bool learn_json(struct list_reader *r, struct str text)
{
	size_t sample = first_lines(text, LIST_ROWS);
	struct buf header = { .limit = SIZE_MAX };

	if (sample == 0 && !r->csv.eof && text.n < SAMPLE_MAX)
		return false;
	text = str_sub(text, 0, sample > 0 && sample < SAMPLE_MAX ? sample : SAMPLE_MAX);
	while (text.p != NULL)
		list_json_learn(&r->json, str_trim(str_cut(&text, '\n')));
	list_json_header(r->json, &header);
	give(r, buf_str(&header));
	r->csv.line = 0;
	buf_free(&header);
	return true;
}

/* The first line with anything in it, within the sample. False: it is not there as a whole. */
static bool first_text_line(const struct list_reader *r, struct str text, struct str *line)
{
	bool all = r->csv.eof || text.n >= SAMPLE_MAX;
	size_t from = 0;
	size_t end;

	text = str_sub(text, 0, SAMPLE_MAX);
	while (from < text.n && str_trim(str_at(text.p + from, 1)).n == 0)
		from++;
	text = str_sub(text, from, text.n);
	end = str_find(text, '\n');
	*line = str_trim(str_sub(text, 0, end));
	return all || end < text.n;
}

/* Is it JSON Lines? False: more is needed. */
static bool sort(struct list_reader *r)
{
	struct str text = buf_str(&r->text);
	size_t bom = csv_bom(text);
	struct str line;

	text = str_sub(text, bom, text.n);
	bool whole = first_text_line(r, text, &line);

	if (line.n == 0 || (line.p[0] == '{' && !whole))
		return whole;
	if (line.p[0] != '{' || !list_json_is(line))
		return true;
	if (!learn_json(r, text))
		return false;
	buf_drop(&r->text, bom);
	return true;
}

/* Whole lines of JSON to rows. */
static void convert_json(struct list_reader *r)
{
	struct buf rows = { .limit = SIZE_MAX };
	struct str rest = buf_str(&r->text);
	size_t end;

	while ((end = str_find(rest, '\n')) < rest.n || (r->csv.eof && rest.n > 0)) {
		size_t unknown = list_json_row(r->json, str_trim(str_sub(rest, 0, end)), &rows);

		if (unknown > 0 && r->dropped == 0)
			r->dropped_line = r->json_line + 1;
		r->dropped += unknown;
		r->json_line++;
		rest = str_sub(rest, end + 1, rest.n);
	}
	buf_drop(&r->text, buf_len(&r->text) - rest.n);
	give(r, buf_str(&rows));
	buf_free(&rows);
}

/* As far as what came can be told. */
static void digest(struct list_reader *r)
{
	if (!r->encoded && !list_text_encoding(buf_str(&r->raw), r->csv.eof, &r->form.encoding))
		return;
	r->encoded = true;
	if (r->form.encoding != LIST_UTF8) {
		list_text_convert(&r->raw, r->form.encoding, r->csv.eof, &r->text);
	} else {
		buf_add(&r->text, buf_str(&r->raw));
		buf_clear(&r->raw);
	}
	r->sorted = r->sorted || sort(r);
	if (r->sorted && r->json != NULL) {
		convert_json(r);
	} else if (r->sorted) {
		give(r, buf_str(&r->text));
		buf_clear(&r->text);
	}
}

/* The text that was added since there were so many octets. */
static struct str added(struct list_reader *r, size_t before)
{
	struct str rest = csv_rest(&r->csv);

	return str_sub(rest, before, rest.n);
}

char *list_reader_room(struct list_reader *r, size_t n)
{
	return list_reader_plain(r) ? csv_room(&r->csv, n) : buf_room(&r->raw, n);
}

struct str list_reader_fed(struct list_reader *r, size_t n)
{
	size_t before = csv_rest(&r->csv).n;
	bool direct = list_reader_plain(r);

	if (direct)
		csv_fed(&r->csv, n);
	else
		buf_added(&r->raw, n);
	if (buf_len(&r->head) < LIST_NOT_SAMPLE && !r->told) {
		struct str octets = direct ? added(r, before) : buf_str(&r->raw);
		size_t have = buf_len(&r->head);

		octets = str_sub(octets, octets.n - n, LIST_NOT_SAMPLE - have);
		buf_add(&r->head, octets);
	}
	if (!direct)
		digest(r);
	return added(r, before);
}

struct str list_reader_eof(struct list_reader *r)
{
	size_t before = csv_rest(&r->csv).n;
	bool direct = list_reader_plain(r);

	csv_eof(&r->csv);
	if (!direct)
		digest(r);
	return added(r, before);
}

void list_reader_resume(struct list_reader *r, uint64_t line, bool cr_ends)
{
	buf_clear(&r->raw);
	buf_clear(&r->text);
	r->encoded = r->sorted = r->told = r->begun = true;
	r->form.encoding = LIST_UTF8;
	list_json_free(r->json);
	r->json = NULL;
	csv_resume(&r->csv, line, cr_ends);
}

/* --- what it looks like --- */

static void pass_above(struct list_reader *r)
{
	csv_drop(&r->csv, r->form.above);
	r->csv.line += r->form.above_lines;
	r->csv.delimiter = r->form.delimiter;
	r->told = true;
}

/* The octets as they came that the sample is sure to have been made of: never more than are there, and the same however
 * they came. */
static size_t sample_octets(const struct list_reader *r)
{
	if (r->json != NULL)
		return 0;
	return r->form.encoding == LIST_UTF8 ? r->sample : r->sample / 3 * 2;
}

/* What seems not to be a list is named when enough of it came to do so. False: not yet. */
static bool tell_not(struct list_reader *r)
{
	if (list_not(str_sub(buf_str(&r->head), 0, sample_octets(r))) == NULL)
		return true;
	if (buf_len(&r->head) < LIST_NOT_SAMPLE && !r->csv.eof)
		return false;
	r->form.is_not = list_not(buf_str(&r->head));
	return true;
}

/* How much of the text is looked at next: so many lines, but not more octets than `most`; the whole of a list that is
 * shorter. So it is the same however the octets came. False: it is not there yet. */
static bool take_sample(const struct list_reader *r, struct str *text, bool *all)
{
	size_t n = first_lines(*text, r->lines);

	*all = false;
	if (n == 0 || n > r->most)
		n = r->most;
	if (n > text->n) {
		*all = r->csv.eof;
		return *all;
	}
	text->n = n;
	return true;
}

static bool tell_form(struct list_reader *r)
{
	enum list_encoding encoding = r->form.encoding;
	struct list_asked asked = r->asked;
	bool told = false;

	/* What was JSON is CSV of ours by now. */
	if (r->json != NULL) {
		asked.delimiter = ',';
		asked.header = LIST_HEADER_YES;
	}
	while (!told) {
		struct str text = csv_rest(&r->csv);
		bool all;

		if (!take_sample(r, &text, &all))
			return false;
		bool much = text.n == r->most;

		told = list_form_tell(&r->form, &asked, text, all, much || r->lines >= LIST_ROWS);
		/* The first row is longer than any may be: reading it says so. */
		if (!told && r->most > CSV_ROW_LIMIT) {
			r->form.delimiter = ',';
			r->form.header = LIST_HEADER_NO;
			told = true;
		}
		r->sample = text.n;
		r->most *= much ? 2 : 1;
		r->lines = r->lines < LIST_ROWS && 8 * r->lines > LIST_ROWS ? LIST_ROWS : 8 * r->lines;
	}
	r->form.encoding = encoding;
	return true;
}

bool list_reader_tell(struct list_reader *r)
{
	if (r->told)
		return true;
	r->formed = r->formed || (r->sorted && tell_form(r));
	if (!r->formed || !tell_not(r))
		return false;
	r->form.json = r->json != NULL;
	pass_above(r);
	return true;
}

/* --- rows --- */

enum csv_event list_reader_raw(struct list_reader *r, struct csv_row *row, struct err *err)
{
	enum csv_event event;
	uint64_t line;

	if (!list_reader_tell(r))
		return CSV_MORE;
	if (r->form.is_not != NULL) {
		err_set(err, ERR_DATA, "%s is %s", r->asked.name, r->form.is_not);
		return CSV_ERROR;
	}
	line = r->csv.line;
	event = csv_next(&r->csv, row, err);
	if (event == CSV_ERROR)
		err_prefix(err, "%s", r->asked.name);
	/* A line of JSON is one row, also where there are line breaks in its cells. */
	if (event == CSV_ROW && r->form.json)
		r->csv.line = line + 1;
	return event;
}

enum csv_event list_reader_next(struct list_reader *r, struct csv_row *row, struct err *err)
{
	enum csv_event event = list_reader_raw(r, row, err);

	if (event == CSV_ROW && !r->begun && r->form.header == LIST_HEADER_YES) {
		r->begun = true;
		event = list_reader_raw(r, row, err);
	}
	if (event != CSV_ROW || !list_row_foreign(row))
		return event;
	if (r->foreign_line == 0)
		r->foreign_line = row->line;
	buf_clear(&r->row);
	r->row.limit = SIZE_MAX;
	list_row_convert(row, r->form.delimiter, buf_room(&r->row, list_row_room(row)));
	return event;
}
