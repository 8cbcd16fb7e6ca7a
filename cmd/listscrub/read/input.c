#include <config.h>

#include "cmd/listscrub/read/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"
#include "io/stop.h"
#include "text/utf8.h"

#define CHUNK ((size_t)64 << 10)
#define FILE_CHUNK ((size_t)128 << 10)
#define PIPE_CHUNK ((size_t)512 << 10)
#define HEAD_MAX ((size_t)1 << 20) /* rows are looked for in that much; the first one in more */

const char *input_name(const struct input *in)
{
	const char *name = in->files[in->at].name;

	return strcmp(name, "-") == 0 ? "standard input" : name;
}

/* --- octets --- */

/* Keep a copy of what was just read of a file that cannot be read again. */
static bool spool(struct input *in, struct str octets, struct err *err)
{
	struct input_file *f = &in->files[in->at];

	if (!in->keeping || in->replaying || in->seekable)
		return true;
	if (f->spool < 0) {
		f->spool = file_temp(err);
		f->spool_at = in->octets;
		if (f->spool < 0)
			return false;
	}
	return file_temp_write(f->spool, octets, in->octets - f->spool_at, err);
}

/* Is it a temporary file that is read, our own? */
static bool on_spool(const struct input *in)
{
	return in->replaying && in->files[in->at].spool >= 0;
}

static bool check_end(const struct input *in, struct err *err)
{
	return !in->seekable || on_spool(in) ||
		stamp_check_end(&in->files[in->at].stamp, in->fd, in->replaying, input_name(in), err);
}

/* One read into the reader's buffer: its length, 0 at the end, negative as file_read_some. */
static long read_chunk(struct input *in, struct err *err)
{
	size_t most = in->seekable ? FILE_CHUNK : PIPE_CHUNK;
	char *room = csv_room(&in->csv, most);
	long n = file_read_some(in->fd, room, most, input_name(in), err);

	/* A pipe may end because of the signal that stops us too: what it broke off is no row. */
	if (n < 0 || stop_signal() != 0)
		return n < 0 ? n : -2;
	/* Also nothing: a pipe without anything cannot be opened again either. */
	if (!spool(in, str_at(room, (size_t)n), err) || (n == 0 && !check_end(in, err)))
		return -1;
	csv_fed(&in->csv, (size_t)n);
	if (n == 0)
		csv_eof(&in->csv);
	in->octets += (uint64_t)n;
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
static bool open_file(struct input *in, struct err *err)
{
	struct input_file *f = &in->files[in->at];
	bool again = on_spool(in);
	struct stat st;

	close_file(in);
	in->fd = again ? fcntl(f->spool, F_DUPFD_CLOEXEC, 0) : file_open(f->name, err);
	if (in->fd < 0)
		return again ? err_errno(err, ERR_OS, errno, "temporary file in %s", file_temp_dir()) : false;
	in->seekable = fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode);
	in->octets = 0;
#ifdef F_SETPIPE_SZ
	/* Whoever writes into a pipe and we ourselves are then woken less often. Where it is refused we read less at a
	 * time. */
	if (!in->seekable)
		(void)fcntl(in->fd, F_SETPIPE_SZ, (int)PIPE_CHUNK);
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

/* So many rows, or all there are. Of very long ones the first will do. */
static bool read_head(struct input *in, char delimiter, size_t rows, struct err *err)
{
	size_t next = 0;
	long n = 1;

	while (n > 0) {
		struct str head = csv_rest(&in->csv);

		if (csv_head_whole(head, delimiter, head.n < HEAD_MAX ? rows : 1, &next))
			return true;
		n = read_chunk(in, err);
	}
	return n == 0;
}

static bool check_encoding(const struct input *in, struct err *err)
{
	struct str head = csv_rest(&in->csv);

	if (str_starts(head, STR_LIT("\xff\xfe")) || str_starts(head, STR_LIT("\xfe\xff")))
		return err_set(err, ERR_DATA, "%s is UTF-16: make it UTF-8 first (iconv -f UTF-16 -t UTF-8)",
			input_name(in));
	return true;
}

static bool same_columns(const struct sniff *a, const struct sniff *b)
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

/* The header of the first list goes to the output; a later one only has to be the same. */
static bool take_header(struct input *in, bool first, struct err *err)
{
	struct csv_row row;
	enum csv_event event;

	while ((event = csv_next(&in->csv, &row, err)) == CSV_MORE)
		if (read_chunk(in, err) < 0)
			return false;
	if (event == CSV_ERROR)
		return err_prefix(err, "%s", input_name(in));
	if (event == CSV_ROW && first) {
		in->header.limit = SIZE_MAX;
		buf_add(&in->header, row.raw);
		keep_line_end(in, row.end);
	}
	return true;
}

/* A header and the row behind it tell most of it, and come soon. The others are waited for only where they have to tell
 * the column of addresses, so that it does not depend on how they came. */
static bool look(struct input *in, const struct sniff *asked, struct sniff *found, struct err *err)
{
	*found = *asked;
	if (!read_head(in, asked->delimiter, 2, err) || !check_encoding(in, err))
		return false;
	sniff_list(found, csv_rest(&in->csv));
	if (found->named || in->csv.eof)
		return true;
	sniff_free(found);
	*found = *asked;
	if (!read_head(in, asked->delimiter, SNIFF_ROWS, err))
		return false;
	sniff_list(found, csv_rest(&in->csv));
	return true;
}

static bool start_list(struct input *in, bool first, struct err *err)
{
	struct sniff asked = { .delimiter = in->sniff.delimiter, .header = in->sniff.header };
	struct sniff found;

	asked.named = in->sniff.named || !first;
	if (!open_file(in, err))
		return false;
	csv_init(&in->csv, ',');
	if (!look(in, &asked, &found, err))
		return false;
	in->csv.delimiter = found.delimiter;
	if (first) {
		in->sniff = found;
	} else {
		bool same = found.columns == 0 || same_columns(&in->sniff, &found);

		sniff_free(&found);
		if (!same)
			return err_set(err, ERR_DATA, "%s: its columns are not those of %s", input_name(in),
				in->files[0].name);
	}
	return in->sniff.header != SNIFF_HEADER || take_header(in, first, err);
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

bool input_open(struct input *in, const char *const *names, const struct sniff *asked, struct err *err)
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
		in->sniff = *asked;
		if (!start_list(in, true, err))
			return false;
		if (in->sniff.columns > 0 || in->at + 1 == in->n)
			return true;
	}
}

void input_free(struct input *in)
{
	if (in->files != NULL)
		close_file(in);
	for (size_t i = 0; i < in->n; i++)
		if (in->files[i].spool >= 0)
			(void)close(in->files[i].spool);
	mem_free(in->files);
	sniff_free(&in->sniff);
	buf_free(&in->header);
	csv_free(&in->csv);
}

bool input_is_latin1(const struct csv_row *row)
{
	return !row->ascii && !str_ascii(row->raw) && !utf8_valid(row->raw);
}

enum csv_event input_next(struct input *in, struct csv_row *row, struct err *err)
{
	enum csv_event event = csv_next(&in->csv, row, err);

	if (event == CSV_ROW) {
		if (in->rows++ == 0)
			keep_line_end(in, row->end);
		if (in->latin1_line == 0 && input_is_latin1(row)) {
			in->latin1_line = row->line;
			in->latin1_name = input_name(in);
		}
	} else if (event == CSV_END && in->at + 1 < in->n) {
		return CSV_MORE;
	} else if (event == CSV_ERROR) {
		err_prefix(err, "%s", input_name(in));
	}
	return event;
}

bool input_more(struct input *in, struct err *err)
{
	if (!in->csv.eof)
		return read_chunk(in, err) >= 0;
	if (in->at + 1 >= in->n)
		return true;
	in->at++;
	return start_list(in, false, err);
}

void input_name_rest(struct input *in, struct err *err)
{
	struct str rest = csv_rest(&in->csv);
	uint64_t first = in->csv.line;
	uint64_t octets = rest.n;
	uint64_t lines = str_count(rest, '\n');
	char *room = mem_alloc(CHUNK);
	long n;

	while ((n = file_read_some(in->fd, room, CHUNK, input_name(in), NULL)) > 0) {
		octets += (uint64_t)n;
		lines += str_count(str_at(room, (size_t)n), '\n');
	}
	mem_free(room);
	struct err damage = *err;

	err_set(err, damage.kind, "%s; what stands from line %llu on (%llu line ends, %llu octets) was not taken",
		damage.text, (unsigned long long)first, (unsigned long long)lines, (unsigned long long)octets);
}

/* --- reading again --- */

struct input_place input_here(const struct input *in)
{
	return (struct input_place){
		.file = in->at,
		.offset = in->octets - csv_rest(&in->csv).n,
		.line = in->csv.line,
		.rows = in->rows,
		.cr_ends = in->csv.cr_ends,
		.started = in->csv.started,
	};
}

bool input_keep(struct input *in, struct err *err)
{
	struct str rest = csv_rest(&in->csv);

	in->keeping = true;
	in->octets -= rest.n;
	bool ok = spool(in, rest, err);

	in->octets += rest.n;
	return ok;
}

bool input_rewind(struct input *in, const struct input_place *place, struct err *err)
{
	in->replaying = true;
	in->at = place->file;
	in->rows = place->rows;
	in->done = 0;
	if (!open_file(in, err))
		return false;
	const struct input_file *f = &in->files[in->at];
	uint64_t to = f->spool >= 0 ? place->offset - f->spool_at : place->offset + f->start;

	if (lseek(in->fd, (off_t)to, SEEK_SET) < 0)
		return err_errno(err, ERR_IO, errno, "%s: reading it again", input_name(in));
	in->octets = place->offset;
	if (place->started)
		csv_resume(&in->csv, place->line, place->cr_ends);
	else
		csv_rewind(&in->csv);
	return true;
}

bool input_go_on(struct input *in, const struct input_place *place, struct err *err)
{
	uint64_t ahead = place->offset - (in->octets - csv_rest(&in->csv).n);

	/* Where the descriptor stands need not be where the list began. */
	if (lseek(in->fd, (off_t)ahead - (off_t)csv_rest(&in->csv).n, SEEK_CUR) < 0)
		return err_errno(err, ERR_IO, errno, "%s", input_name(in));
	in->done += place->offset - in->octets;
	in->octets = place->offset;
	in->rows = place->rows;
	csv_resume(&in->csv, place->line, place->cr_ends);
	return true;
}
