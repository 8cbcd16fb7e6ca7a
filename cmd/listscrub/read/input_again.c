#include <config.h>

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/listscrub/read/input_state.h"
#include "io/clock.h"
#include "io/file.h"

/* Places in the lists: reading again from one, and ahead of one. */

#define CHUNK ((size_t)64 << 10)

void input_name_rest(struct input *in, struct err *err)
{
	struct str rest = csv_rest(&in->list.csv);
	uint64_t first = in->list.csv.line;
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
		.offset = in->octets - csv_rest(&in->list.csv).n,
		.line = in->list.csv.line,
		.rows = in->rows,
		.cr_ends = in->list.csv.cr_ends,
		.started = in->list.csv.started,
	};
}

bool input_keep(struct input *in, struct err *err)
{
	struct str rest = csv_rest(&in->list.csv);

	in->keeping = true;
	/* (Somebody may be reading ahead in it.) */
	if (input_is_lasting(in))
		return true;
	in->octets -= rest.n;
	bool ok = input_spool(in, rest, err);

	in->octets += rest.n;
	return ok;
}

bool input_rewind(struct input *in, const struct input_place *place, struct err *err)
{
	in->replaying = true;
	in->at = place->file;
	in->rows = place->rows;
	in->done = 0;
	if (!input_open_file(in, err))
		return false;
	const struct input_file *f = &in->files[in->at];
	uint64_t to = f->spool >= 0 ? place->offset - f->spool_at : place->offset + f->start;

	if (lseek(in->fd, (off_t)to, SEEK_SET) < 0)
		return err_errno(err, ERR_IO, errno, "%s: reading it again", input_name(in));
	in->octets = place->offset;
	in->list.asked.name = input_name(in);
	list_reader_resume(&in->list, place->line, place->cr_ends);
	in->list.csv.started = place->started;
	if (f->columns > 0)
		in->list.csv.delimiter = in->list.form.delimiter = f->delimiter;
	in->list.form.json = in->files[in->at].json;
	return true;
}

/* --- reading ahead --- */

size_t input_ahead(const struct input *in)
{
	off_t stands = in->seekable ? lseek(in->fd, 0, SEEK_CUR) : 0;
	struct stat st;
	int waiting = 0;

	if (in->seekable)
		return stands >= 0 && fstat(in->fd, &st) == 0 && st.st_size > stands ? (size_t)(st.st_size - stands)
										     : 0;
	return ioctl(in->fd, FIONREAD, &waiting) == 0 && waiting > 0 ? (size_t)waiting : 0;
}

long input_read_ahead(struct input *in, char *p, size_t n, int64_t deadline, struct err *err)
{
	struct pollfd fd = { .fd = in->fd, .events = POLLIN };
	ssize_t got;

	if (!in->seekable && poll(&fd, 1, clock_left(deadline)) <= 0)
		return 0;
	do
		got = read(in->fd, p, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		err_errno(err, ERR_IO, errno, "%s", input_name(in));
	if (got <= 0)
		return got;
	if (!input_is_lasting(in) && !input_spool(in, str_at(p, (size_t)got), err))
		return -1;
	in->octets += (uint64_t)got;
	in->done += (uint64_t)got;
	return got;
}

void input_take_back(struct input *in, const struct input_place *place, struct str octets)
{
	struct csv *csv = &in->list.csv;

	in->rows = place->rows;
	csv_resume(csv, place->line, place->cr_ends);
	if (octets.n > 0)
		memcpy(csv_room(csv, octets.n), octets.p, octets.n);
	csv_fed(csv, octets.n);
}
