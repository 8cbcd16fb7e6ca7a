#include <config.h>

#include "cmd/listscrub/judge/others.h"

#include <unistd.h>

#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"
#include "mail/address/address.h"
#include "mail/list/list.h"

#define CHUNK ((size_t)64 << 10)

void others_free(struct others *o)
{
	set_free(&o->keys);
}

bool others_have(const struct others *o, struct str folded)
{
	return set_find(&o->keys, folded) != NULL;
}

static void add(struct others *o, struct str cell)
{
	struct address a = { .domain_fault = 0 };
	struct buf key = { .limit = SIZE_MAX };
	struct str bare;

	if (address_unwrap(cell, &bare, NULL) && bare.n > 0 &&
		address_parse(&a, bare, ADDRESS_QUOTED | ADDRESS_LITERALS) == ADDRESS_OK &&
		(o->fold ? address_key_provider(&a, &key) : address_key(&a, &key)))
		(void)set_add(&o->keys, buf_str(&key), NULL);
	address_free(&a);
	buf_free(&key);
}

/* The first of its columns that is filled. */
static void add_row(struct others *o, const struct list_form *f, const struct csv_row *row)
{
	struct str cell = f->email < row->n ? str_trim(row->cells[f->email].value) : STR_LIT("");

	for (size_t i = 0; cell.n == 0 && i < f->n_more; i++)
		if (f->more[i] < row->n)
			cell = str_trim(row->cells[f->more[i]].value);
	if (cell.n > 0)
		add(o, cell);
}

static bool read_rows(struct others *o, struct list_reader *r, int fd, struct err *err)
{
	enum csv_event event;
	struct csv_row row;

	while ((event = list_reader_next(r, &row, err)) == CSV_ROW || event == CSV_MORE) {
		if (event == CSV_ROW) {
			add_row(o, &r->form, &row);
			continue;
		}
		long n = file_read_some(fd, list_reader_room(r, CHUNK), CHUNK, r->asked.name, err);

		if (n < 0)
			return false;
		(void)(n > 0 ? list_reader_fed(r, (size_t)n) : list_reader_eof(r));
	}
	return event == CSV_END;
}

bool others_load(struct others *o, const char *path, struct err *err)
{
	struct list_reader r = { .told = false };
	size_t before = o->keys.used;

	if (file_is_directory(path))
		return err_set(err, ERR_DATA, "%s is " LIST_NOT_DIRECTORY, path);
	int fd = file_open(path, err);

	if (fd < 0)
		return false;
	if (before == 0)
		random_seed(&o->keys);
	list_reader_init(&r, &(struct list_asked){ .name = path });
	bool ok = read_rows(o, &r, fd, err);
	/* (A header alone is a list that nobody is on.) */
	bool empty = ok && r.form.header == LIST_HEADER_YES && !r.form.rows && r.form.email != LIST_NONE;

	list_reader_free(&r);
	(void)close(fd);
	return ok &&
		(o->keys.used > before || empty ||
			err_set(err, ERR_DATA, "%s: there is no address in this list", path));
}
