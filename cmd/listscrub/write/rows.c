#include <config.h>

#include "cmd/listscrub/write/rows.h"

#include "cmd/listscrub/judge/batch.h"
#include "text/cfws.h"
#include "text/csv.h"

static const struct pending_more nothing;

static const struct pending_more *more_of(const struct pending *p)
{
	return p->more != NULL ? p->more : &nothing;
}

static void add_char(struct output *o, char c)
{
	*output_room(o, 1) = c;
	o->n++;
}

static void add_cell(struct rows *r, struct output *o, struct str value)
{
	add_char(o, r->delimiter);
	if (value.n == 0)
		return;
	buf_clear(&r->scratch);
	csv_add_cell(&r->scratch, value, r->delimiter);
	output_add(o, buf_str(&r->scratch));
}

static void add_end(struct rows *r, struct output *o, const struct pending *p)
{
	output_add(o, p->ends > 0 ? pending_end(p) : str_of(r->line_end));
}

static void add_missing(struct rows *r, struct output *o, const struct pending *p)
{
	for (unsigned i = 0; i < p->missing; i++)
		add_char(o, r->delimiter);
}

/* The row's own cells, as many as there are columns. */
static void add_own(struct rows *r, struct output *o, const struct pending *p)
{
	output_add(o, p->raw);
	add_missing(r, o, p);
}

static void add_normal(struct rows *r, struct output *o, const struct pending *p)
{
	const struct pending_more *more = more_of(p);

	if (more->address.p == NULL) {
		add_own(r, o, p);
		return;
	}
	size_t before = (size_t)(more->cell.p - p->raw.p);

	buf_clear(&r->scratch);
	csv_add_cell(&r->scratch, more->address, r->delimiter);
	output_add(o, str_sub(p->raw, 0, before));
	output_add(o, buf_str(&r->scratch));
	output_add(o, str_sub(p->raw, before + more->cell.n, p->raw.n));
	add_missing(r, o, p);
}

static bool has_words(const struct rows *r, struct str cells)
{
	for (size_t i = 0; i < cells.n; i++)
		if (cells.p[i] != r->delimiter && cells.p[i] != '"' && !cfws_is_blank(cells.p[i]))
			return true;
	return false;
}

/* What was beyond the columns is not lost: it is in the detail. */
static void add_detail(struct rows *r, struct output *o, const struct pending *p)
{
	const struct pending_more *more = more_of(p);
	struct buf text = { .limit = SIZE_MAX };

	if (!has_words(r, more->surplus)) {
		add_cell(r, o, pending_detail(p));
		return;
	}
	buf_add(&text, pending_detail(p));
	buf_add_text(&text, "; beyond them: ");
	buf_add(&text, more->surplus);
	add_cell(r, o, buf_str(&text));
	buf_free(&text);
}

static void add_number(struct rows *r, struct output *o, uint64_t n)
{
	add_char(o, r->delimiter);
	buf_clear(&r->scratch);
	buf_add_number(&r->scratch, n);
	output_add(o, buf_str(&r->scratch));
}

static void write_annotated(struct rows *r, struct output *o, const struct pending *p)
{
	bool kept = p->reason == REASON_NONE;

	if (kept)
		add_normal(r, o, p);
	else
		add_own(r, o, p);
	add_cell(r, o, kept ? STR_LIT("kept") : STR_LIT("rejected"));
	add_cell(r, o, str_of(reason_name((enum reason)p->reason)));
	add_detail(r, o, p);
	if (r->file != NULL)
		add_cell(r, o, str_of(r->file));
	if (r->set->fix)
		add_cell(r, o, kept ? more_of(p)->fixed : STR_LIT(""));
	if (r->set->suggest)
		add_cell(r, o, more_of(p)->suggestion);
	add_end(r, o, p);
}

static void write_kept(struct rows *r, struct output *o, const struct pending *p)
{
	add_normal(r, o, p);
	if (r->set->suggest)
		add_cell(r, o, more_of(p)->suggestion);
	add_end(r, o, p);
}

/* A row of --fixes, which is CSV with commas. */
static void write_fix(struct rows *r, const struct pending *p)
{
	const struct pending_more *more = more_of(p);
	struct output *o = &r->outputs[ROWS_FIXES];
	struct str cell = more->cell;
	struct str cells[] = { str_trim(cell), more->address, more->fixed };

	buf_clear(&r->scratch);
	buf_add_number(&r->scratch, p->line);
	for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
		buf_add_char(&r->scratch, ',');
		/* (As it stands, with its own quotes.) */
		if (i == 0 && str_starts(cell, STR_LIT("\"")) && str_ends(cell, STR_LIT("\"")) && cell.n > 1)
			buf_add(&r->scratch, cell);
		else
			csv_add_cell(&r->scratch, cells[i], ',');
	}
	buf_add_char(&r->scratch, '\n');
	output_add(o, buf_str(&r->scratch));
}

static void write_rejected(struct rows *r, struct output *o, const struct pending *p)
{
	add_own(r, o, p);
	add_cell(r, o, str_of(reason_name((enum reason)p->reason)));
	add_detail(r, o, p);
	add_number(r, o, p->line);
	if (r->file != NULL)
		add_cell(r, o, str_of(r->file));
	if (r->set->suggest)
		add_cell(r, o, more_of(p)->suggestion);
	add_end(r, o, p);
}

void rows_separator(struct rows *r, char separator)
{
	for (size_t i = 0; i < 2 && strchr(",;\t|", separator) == NULL && !r->set->jsonl; i++) {
		struct output *o = &r->outputs[i];

		if (o->fd < 0)
			continue;
		output_add(o, STR_LIT("sep="));
		add_char(o, separator);
		output_add(o, str_of(r->line_end));
	}
}

static void head_kept(struct rows *r, struct output *o)
{
	if (r->set->annotate) {
		add_cell(r, o, STR_LIT("status"));
		add_cell(r, o, STR_LIT("reason"));
		add_cell(r, o, STR_LIT("detail"));
		if (r->file != NULL)
			add_cell(r, o, STR_LIT("file"));
		if (r->set->fix)
			add_cell(r, o, STR_LIT("fixed"));
	}
	if (r->set->suggest)
		add_cell(r, o, STR_LIT("suggestion"));
	output_add(o, str_of(r->line_end));
}

static void head_rejects(struct rows *r, struct output *o)
{
	add_cell(r, o, STR_LIT("reason"));
	add_cell(r, o, STR_LIT("detail"));
	add_cell(r, o, STR_LIT("line"));
	if (r->file != NULL)
		add_cell(r, o, STR_LIT("file"));
	if (r->set->suggest)
		add_cell(r, o, STR_LIT("suggestion"));
	output_add(o, str_of(r->line_end));
}

static void head(struct rows *r, struct str header, size_t which, size_t number,
	void (*rest)(struct rows *, struct output *))
{
	struct output *o = r->set->jsonl ? &r->line : &r->outputs[which];

	if (r->outputs[which].fd < 0)
		return;
	output_add(o, header);
	rest(r, o);
	if (!r->set->jsonl)
		return;
	rows_json_header(&r->json[which], str_at(o->p, o->n), r->delimiter, number);
	o->n = 0;
}

void rows_header(struct rows *r, struct str header)
{
	head(r, header, ROWS_KEPT, SIZE_MAX, head_kept);
	head(r, header, ROWS_REJECTS, r->columns + 2, head_rejects);
}

void rows_no_header(struct rows *r, size_t columns, size_t email)
{
	struct buf names = { .limit = SIZE_MAX };

	for (size_t i = 0; i < columns && r->set->jsonl; i++) {
		if (i > 0)
			buf_add_char(&names, r->delimiter);
		if (i == email)
			buf_add_text(&names, "email");
		else
			buf_add_number(&names, i + 1);
	}
	if (buf_len(&names) > 0)
		rows_header(r, buf_str(&names));
	buf_free(&names);
}

/* A row goes out as it is, or as an object. */
static void put(struct rows *r, const struct pending *p, size_t which,
	void (*write)(struct rows *, struct output *, const struct pending *))
{
	struct buf text = { .limit = SIZE_MAX };

	if (!r->set->jsonl) {
		write(r, &r->outputs[which], p);
		return;
	}
	r->line.n = 0;
	write(r, &r->line, p);
	rows_json_add(&r->json[which], str_at(r->line.p, r->line.n), r->delimiter, &text);
	output_add(&r->outputs[which], buf_str(&text));
	buf_free(&text);
}

void rows_settle(struct rows *r)
{
	output_add(&r->outputs[ROWS_KEPT], r->run);
	r->run.n = 0;
}

/* Kept as it stands: most rows are, and most of those follow one that is. */
static void write_as_it_is(struct rows *r, const struct pending *p)
{
	if (r->run.n == 0 || p->raw.p != r->run.p + r->run.n) {
		rows_settle(r);
		r->run.p = p->raw.p;
	}
	r->run.n += p->raw.n + p->ends;
}

void rows_write(struct rows *r, const struct pending *p)
{
	if (p->reason == REASON_NONE && r->as_it_is && p->ends > 0 && p->missing == 0 &&
		(p->more == NULL || (p->more->address.p == NULL && p->more->surplus.p == NULL))) {
		write_as_it_is(r, p);
		return;
	}
	if (p->reason == REASON_ELSEWHERE)
		return;
	rows_settle(r);
	if (p->reason == REASON_NONE && more_of(p)->fixed.n > 0 && r->outputs[ROWS_FIXES].fd >= 0)
		write_fix(r, p);
	if (r->set->annotate || p->reason == REASON_NONE)
		put(r, p, ROWS_KEPT, r->set->annotate ? write_annotated : write_kept);
	if (p->reason != REASON_NONE && r->outputs[ROWS_REJECTS].fd >= 0)
		put(r, p, ROWS_REJECTS, write_rejected);
}

bool rows_commit(struct rows *r, struct err *err)
{
	return output_commit(r->outputs, ROWS_OUTPUTS, err);
}

bool rows_close(struct rows *r, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; i < ROWS_OUTPUTS; i++)
		ok = output_close(&r->outputs[i], ok ? err : NULL) && ok;
	return ok;
}

void rows_free(struct rows *r)
{
	for (size_t i = 0; i < ROWS_OUTPUTS; i++)
		output_free(&r->outputs[i]);
	for (size_t i = 0; i < 2; i++)
		rows_json_free(&r->json[i]);
	r->line.fd = -1;
	output_free(&r->line);
	buf_free(&r->scratch);
}
