#include <config.h>

#include "cli/safelist.h"

#include <unistd.h>

#include "cli/say.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"
#include "mail/list/list.h"
#include "mail/list/suppress.h"

#define CHUNK ((size_t)64 << 10)

/* An error while reading is never taken for the end of the file: who comes after it would be mailed. */
static bool load(struct suppress *s, const char *path, bool allow_empty, struct err *err)
{
	struct suppress_reader reader;
	struct buf octets = { .limit = CHUNK };
	const char *name;
	long n = 1;

	if (file_is_directory(path))
		return err_set(err, ERR_DATA, "%s is " LIST_NOT_DIRECTORY, path);
	int fd = file_open(path, err);
	bool ok = fd >= 0;

	if (!ok)
		return false;
	suppress_read_begin(&reader, s, "suppress", path);
	name = reader.file->name;
	while (ok && n > 0) {
		char *room = buf_room(&octets, CHUNK);

		n = file_read_some(fd, room, CHUNK, name, err);
		ok = n >= 0 && suppress_read_add(&reader, str_at(room, (size_t)n), err);
	}
	if (ok)
		ok = suppress_read_end(&reader, allow_empty, err);
	else
		suppress_read_abort(&reader);
	(void)close(fd);
	buf_free(&octets);
	return ok;
}

bool safelist_load(struct suppress *s, bool fold, const char *const *paths, size_t n, bool allow_empty, struct err *err)
{
	unsigned char random[16];

	random_bytes(random, sizeof random);
	suppress_init(s, fold, random);
	for (size_t i = 0; i < n; i++)
		if (!load(s, paths[i], allow_empty, err))
			return false;
	return true;
}

size_t safelist_say(const struct safety *files)
{
	struct buf text = { .limit = 0 };
	size_t troubled = 0;

	for (size_t i = 0; i < files->n; i++) {
		buf_clear(&text);
		safety_add_text(&text, &files->files[i]);
		if (files->files[i].bad > 0)
			say_errorf("warning: %s", buf_text(&text));
		else
			say_note("%s", buf_text(&text));
		troubled += files->files[i].bad > 0;
	}
	buf_free(&text);
	return troubled;
}
