#include <config.h>

#include "cmd/listscrub/read/input_state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"
#include "io/stop.h"

#define FILE_CHUNK ((size_t)128 << 10)
/* A test makes it small. */
#ifndef INPUT_PIPE_CHUNK
#define INPUT_PIPE_CHUNK ((size_t)512 << 10)
#endif

/* --- octets --- */

/* Its text is there again where the file is read again: what was converted is not. */
bool input_is_lasting(const struct input *in)
{
	return in->seekable && list_reader_plain(&in->list);
}

/* Keep a copy of the text that was just read of a file that cannot be read again. */
bool input_spool(struct input *in, struct str text, struct err *err)
{
	struct input_file *f = &in->files[in->at];

	/* (Also of nothing: a pipe without anything cannot be opened again either. A file that is looked at may turn
	 * out to be one that is converted, and has given no text so far.) */
	if (!in->keeping || in->replaying || input_is_lasting(in) || (in->seekable && text.n == 0))
		return true;
	if (f->spool < 0) {
		f->spool = file_temp(err);
		f->spool_at = in->octets;
		if (f->spool < 0)
			return false;
	}
	return file_temp_write(f->spool, text, in->octets - f->spool_at, err);
}

/* Is it a temporary file that is read, our own? */
static bool is_on_spool(const struct input *in)
{
	return in->replaying && in->files[in->at].spool >= 0;
}

static bool check_end(const struct input *in, struct err *err)
{
	return !in->seekable || is_on_spool(in) ||
		stamp_check_end(&in->files[in->at].stamp, in->fd, in->replaying, input_name(in), err);
}

/* One read into the reader's buffer: its length, 0 at the end, negative as file_read_some. */
static long read_chunk(struct input *in, struct err *err)
{
	size_t most = in->seekable ? FILE_CHUNK : INPUT_PIPE_CHUNK;
	long n = file_read_some(in->fd, list_reader_room(&in->list, most), most, input_name(in), err);

	/* A pipe may end because of the signal that stops us too: what it broke off is no row. */
	if (n < 0 || stop_signal() != 0)
		return n < 0 ? n : -2;
	struct str text = n > 0 ? list_reader_fed(&in->list, (size_t)n) : list_reader_eof(&in->list);

	if (!input_spool(in, text, err) || (n == 0 && !check_end(in, err)))
		return -1;
	in->octets += text.n;
	in->done += (uint64_t)n;
	return n;
}

/* --- one list --- */

static void close_file(struct input *in)
{
	if (in->fd >= 0)
		(void)close(in->fd);
	in->fd = -1;
}

/* The spool of a file that cannot be read again, or the file itself from where it began. */
bool input_open_file(struct input *in, struct err *err)
{
	struct input_file *f = &in->files[in->at];
	bool again = is_on_spool(in);
	struct stat st;

	close_file(in);
	if (!again && file_is_directory(f->name))
		return err_set(err, ERR_DATA, "%s is " LIST_NOT_DIRECTORY, f->name);
	in->fd = again ? fcntl(f->spool, F_DUPFD_CLOEXEC, 0) : file_open(f->name, err);
	if (in->fd < 0)
		return again ? err_errno(err, ERR_OS, errno, "temporary file in %s", file_temp_dir()) : false;
	in->seekable = fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode);
	in->octets = 0;
#ifdef F_SETPIPE_SZ
	/* Whoever writes into a pipe and we ourselves are then woken less often. Where it is refused we read less at a
	 * time. */
	if (!in->seekable)
		(void)fcntl(in->fd, F_SETPIPE_SZ, (int)INPUT_PIPE_CHUNK);
#endif
	if (!in->seekable)
		return true;
	if (!in->replaying)
		stamp_set(&f->stamp, &st);
	else if (!again && !stamp_check(&f->stamp, &st, input_name(in), err))
		return false;
	off_t start = in->replaying ? lseek(in->fd, again ? 0 : (off_t)f->start, SEEK_SET) : lseek(in->fd, 0, SEEK_CUR);

	if (start < 0)
		return err_errno(err, ERR_IO, errno, "%s", input_name(in));
	f->start = in->replaying ? f->start : (uint64_t)start;
	return true;
}

static bool same_columns(const struct list_form *a, const struct list_form *b)
{
	if (a->columns != b->columns || a->delimiter != b->delimiter || a->header != b->header)
		return false;
	for (size_t i = 0; i < a->columns; i++)
		if (strcmp(a->names[i], b->names[i]) != 0)
			return false;
	return true;
}

static void keep_line_end(struct input *in, struct str end)
{
	if (end.n > 0 && end.n < sizeof in->line_end) {
		memset(in->line_end, 0, sizeof in->line_end);
		memcpy(in->line_end, end.p, end.n);
	}
}

static void keep_header(struct input *in, struct csv_row *row)
{
	struct buf room = { .limit = SIZE_MAX };

	if (list_row_foreign(row)) {
		input_note_foreign(in, row->line);
		list_row_convert(row, in->form.delimiter, buf_room(&room, list_row_room(row)));
	}
	in->header.limit = SIZE_MAX;
	buf_add(&in->header, row->raw);
	keep_line_end(in, row->end);
	buf_free(&room);
}

/* The header of the first list goes to the output; a later one only has to be the same. */
static bool take_header(struct input *in, bool first, struct err *err)
{
	struct csv_row row;
	enum csv_event event;

	while ((event = list_reader_raw(&in->list, &row, err)) == CSV_MORE)
		if (read_chunk(in, err) < 0)
			return false;
	if (event == CSV_ROW && first)
		keep_header(in, &row);
	return event != CSV_ERROR;
}

/* A list that was converted stands in its spool as text: what is told of it is the same, but not what it was. */
static void take_kind(struct input *in)
{
	struct input_file *f = &in->files[in->at];

	if (!is_on_spool(in)) {
		f->json = in->list.form.json;
	} else if (f->json) {
		in->list.form.json = true;
		in->list.csv.line = 0;
	}
}

static bool look(struct input *in, const struct list_asked *asked, struct err *err)
{
	list_reader_init(&in->list, asked);
	while (!list_reader_tell(&in->list))
		if (read_chunk(in, err) < 0)
			return false;
	if (in->list.form.is_not != NULL)
		return err_set(err, ERR_DATA, "%s is %s", input_name(in), in->list.form.is_not);
	take_kind(in);
	return true;
}

/* The form of the first list is kept, with its names; the reader of rows has no need of them. */
static void keep_form(struct input *in)
{
	list_form_free(&in->form);
	in->form = in->list.form;
	in->list.form.names = NULL;
	in->list.form.columns = 0;
}

static bool start_first(struct input *in, const struct list_asked *asked, struct err *err)
{
	struct list_asked named = *asked;

	named.name = input_name(in);
	if (!input_open_file(in, err) || !look(in, &named, err))
		return false;
	keep_form(in);
	return in->form.header != LIST_HEADER_YES || take_header(in, true, err);
}

/* A list after the first one, whose form it has to have. */
static bool start_later(struct input *in, struct err *err)
{
	const struct input_file *f = &in->files[in->at];
	struct list_asked asked = { .name = input_name(in),
		.delimiter = f->columns > 0    ? f->delimiter
			: in->form.columns > 0 ? in->form.delimiter
					       : '\0',
		.header = in->form.header,
		.email = "1" };

	if (!input_open_file(in, err) || !look(in, &asked, err))
		return false;
	if (f->columns > 0 ? in->list.form.columns != f->columns
			   : in->list.form.columns > 0 && !same_columns(&in->form, &in->list.form))
		return err_set(err, ERR_DATA, "%s: its columns are not those of %s", input_name(in), in->files[0].name);
	return in->list.form.header != LIST_HEADER_YES || take_header(in, false, err);
}

/* --- the stream --- */

/* The sum of the sizes, when all are files. */
static uint64_t total_size(const char *const *names, size_t n)
{
	uint64_t total = 0;
	struct stat st;

	for (size_t i = 0; i < n; i++) {
		int status = strcmp(names[i], "-") == 0 ? fstat(STDIN_FILENO, &st) : stat(names[i], &st);

		if (status != 0 || !S_ISREG(st.st_mode))
			return 0;
		total += (uint64_t)st.st_size;
	}
	return total;
}

bool input_open(struct input *in, const char *const *names, const struct list_asked *asked, struct err *err)
{
	static const char *const standard[] = { "-", NULL };

	if (names == NULL || names[0] == NULL)
		names = standard;
	while (names[in->n] != NULL)
		in->n++;
	in->files = mem_array(in->n, sizeof *in->files);
	for (size_t i = 0; i < in->n; i++)
		in->files[i] = (struct input_file){ .name = names[i], .spool = -1 };
	in->fd = -1;
	in->total = total_size(names, in->n);
	memcpy(in->line_end, "\n", 2);
	/* An empty list tells nothing: the next one does. */
	for (in->at = 0;; in->at++) {
		if (!start_first(in, asked, err))
			return false;
		if (in->form.columns > 0 || in->at + 1 == in->n)
			return input_unite(in, err);
	}
}

void input_free(struct input *in)
{
	if (in->files != NULL)
		close_file(in);
	for (size_t i = 0; in->files != NULL && i < in->n; i++)
		if (in->files[i].spool >= 0)
			(void)close(in->files[i].spool);
	for (size_t i = 0; in->files != NULL && i < in->n; i++)
		mem_free(in->files[i].map);
	mem_free(in->files);
	list_form_free(&in->form);
	buf_free(&in->header);
	csv_free(&in->probe);
	list_reader_free(&in->list);
}

void input_note_foreign(struct input *in, uint64_t line)
{
	if (in->foreign_line != 0)
		return;
	in->foreign_line = line;
	in->foreign_name = input_name(in);
}

enum csv_event input_next(struct input *in, struct csv_row *row, struct err *err)
{
	enum csv_event event = list_reader_raw(&in->list, row, err);

	if ((event == CSV_ROW && row->torn > 0) || event == CSV_ERROR)
		event = input_mend(in, event, row, err);
	if (event == CSV_ROW && in->rows++ == 0)
		keep_line_end(in, row->end);
	return event == CSV_END && in->at + 1 < in->n ? CSV_MORE : event;
}

bool input_more(struct input *in, struct err *err)
{
	if (!in->list.csv.eof)
		return read_chunk(in, err) >= 0;
	if (in->at + 1 >= in->n)
		return true;
	in->at++;
	return start_later(in, err);
}
