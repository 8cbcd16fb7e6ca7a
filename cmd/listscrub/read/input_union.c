#include <config.h>

#include "cmd/listscrub/read/input_state.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"

/*
 * Lists with different columns are merged by the names of these: those of the first list in its order, then what others
 * have besides. The column of addresses of each is that of the first one, whatever it is called.
 */

#define CHUNK ((size_t)64 << 10)

/* What a list that is a file looks like. False with ERR_NONE: it is not one, and nobody can look at it twice. */
static bool look_at(struct list_reader *r, const char *name, char delimiter, struct err *err)
{
	struct stat st;

	err->kind = ERR_NONE;
	if (strcmp(name, "-") == 0 || stat(name, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	int fd = file_open(name, err);
	bool ok = fd >= 0;

	list_reader_init(r, &(struct list_asked){ .name = name, .delimiter = delimiter });
	while (ok && !list_reader_tell(r)) {
		long n = file_read_some(fd, list_reader_room(r, CHUNK), CHUNK, name, err);

		ok = n >= 0;
		if (n > 0)
			(void)list_reader_fed(r, (size_t)n);
		else if (ok)
			(void)list_reader_eof(r);
	}
	if (fd >= 0)
		(void)close(fd);
	return ok && (r->form.is_not == NULL || err_set(err, ERR_DATA, "%s is %s", name, r->form.is_not));
}

static void add_column(struct input *in, const char *name)
{
	struct list_form *f = &in->form;

	f->names = mem_resize(f->names, f->columns + 1, sizeof *f->names);
	f->names[f->columns++] = mem_copy(name, strlen(name));
	buf_add_char(&in->header, f->delimiter);
	csv_add_cell(&in->header, str_of(name), f->delimiter);
}

/* The column of f with that name, of several the one that nothing was mapped to yet. */
static size_t find(const struct list_form *f, const char *name, const size_t *map)
{
	for (size_t i = 0; i < f->columns; i++)
		if (map[i] == LIST_NONE && str_ieq(str_of(f->names[i]), str_of(name)))
			return i;
	return LIST_NONE;
}

static size_t *new_map(size_t n)
{
	size_t *map = mem_array(n, sizeof *map);

	for (size_t i = 0; i < n; i++)
		map[i] = LIST_NONE;
	return map;
}

/* The columns of one list among all so far; what is not among them is added. */
static void map_list(struct input *in, struct input_file *file, const struct list_form *own)
{
	size_t *map = new_map(in->form.columns + own->columns);
	bool addresses = in->form.email != LIST_NONE && own->email != LIST_NONE;

	if (addresses)
		map[in->form.email] = own->email;
	for (size_t i = 0; i < own->columns; i++) {
		if (addresses && i == own->email)
			continue;
		size_t at = find(&in->form, own->names[i], map);

		if (at == LIST_NONE) {
			at = in->form.columns;
			add_column(in, own->names[i]);
		}
		map[at] = i;
	}
	file->map = map;
	file->mapped = in->form.columns;
}

/* A map that changes nothing is none. */
static void settle(struct input_file *file, size_t columns, char delimiter)
{
	bool same = file->columns == columns && file->delimiter == delimiter;

	for (size_t i = 0; i < columns && same; i++)
		same = file->map[i] == i;
	if (!same)
		return;
	mem_free(file->map);
	file->map = NULL;
}

static bool take_list(struct input *in, size_t at, char delimiter, struct err *err)
{
	struct input_file *file = &in->files[at];
	struct list_reader r = { .told = false };
	bool ok = look_at(&r, file->name, delimiter, err);

	if (ok && r.form.columns > 0 && r.form.header == LIST_HEADER_YES) {
		file->columns = r.form.columns;
		file->delimiter = r.form.delimiter;
		map_list(in, file, &r.form);
	}
	list_reader_free(&r);
	return ok || err->kind == ERR_NONE;
}

bool input_unite(struct input *in, struct err *err)
{
	char asked = in->list.asked.delimiter;
	size_t first = in->at;
	size_t most;

	if (in->n < 2 || in->form.header != LIST_HEADER_YES)
		return true;
	in->files[first].columns = in->form.columns;
	in->files[first].delimiter = in->form.delimiter;
	in->files[first].map = new_map(in->form.columns);
	in->files[first].mapped = in->form.columns;
	for (size_t i = 0; i < in->form.columns; i++)
		in->files[first].map[i] = i;
	for (size_t i = first + 1; i < in->n; i++)
		if (!take_list(in, i, asked, err))
			return false;
	most = in->form.columns;
	for (size_t i = first; i < in->n; i++) {
		struct input_file *file = &in->files[i];

		if (file->map == NULL)
			continue;
		/* Columns that came after it are blank in it. */
		size_t *map = new_map(most);

		for (size_t k = 0; k < file->mapped; k++)
			map[k] = file->map[k];
		mem_free(file->map);
		file->map = map;
		settle(file, most, in->form.delimiter);
	}
	return true;
}
