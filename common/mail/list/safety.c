#include <config.h>

#include "mail/list/safety.h"

#include "base/mem.h"
#include "text/json.h"
#include "text/number.h"

/*
 * A file of people who must not be mailed fails closed: when nothing in it is usable the run stops, since
 * everybody on it would be mailed otherwise.
 */

/* In the order of enum safety_kind. */
static const struct {
	const char *one;
	const char *many;
} kinds[SAFETY_KINDS] = {
	{ "address", "addresses" },
	{ "domain", "domains" },
	{ "hash", "hashes" },
	{ "role", "roles" },
};

void safety_free(struct safety *s)
{
	mem_free(s->files);
	*s = (struct safety){ 0 };
}

struct safety_file *safety_add(struct safety *s, const char *option, const char *name)
{
	s->files = mem_grow(s->files, s->n, &s->cap, sizeof *s->files);
	s->files[s->n] =
		(struct safety_file){ .option = option, .name = strcmp(name, "-") == 0 ? "standard input" : name };
	return &s->files[s->n++];
}

void safety_bad(struct safety_file *f, uint64_t line, const char *why)
{
	if (f->bad++ > 0)
		return;
	size_t n = strlen(why);

	if (n >= sizeof f->bad_why)
		n = sizeof f->bad_why - 1;
	f->bad_line = line;
	memcpy(f->bad_why, why, n);
	f->bad_why[n] = '\0';
}

uint64_t safety_entries(const struct safety_file *f)
{
	uint64_t n = 0;

	for (size_t i = 0; i < SAFETY_KINDS; i++)
		n += f->entries[i];
	return n;
}

bool safety_check(const struct safety_file *f, bool allow_empty, struct err *err)
{
	if (safety_entries(f) > 0)
		return true;
	if (f->bad > 0)
		return err_set(err, ERR_DATA, "%s:%llu: no usable entry in this --%s file; the first: %s", f->name,
			(unsigned long long)f->bad_line, f->option, f->bad_why);
	return f->named || (!f->begun && allow_empty) ||
		err_set(err, ERR_DATA,
			"%s: this --%s file is empty; --allow-empty accepts it as a list with no entries", f->name,
			f->option);
}

void safety_add_text(struct buf *out, const struct safety_file *f)
{
	uint64_t entries = safety_entries(f);
	const char *before = " (";
	char n[32];

	buf_printf(out, "%s %s: %s %s", f->option, f->name, number_grouped(n, entries),
		entries == 1 ? "entry" : "entries");
	for (size_t i = 0; i < SAFETY_KINDS; i++) {
		if (f->entries[i] == 0)
			continue;
		buf_printf(out, "%s%s %s", before, number_grouped(n, f->entries[i]),
			f->entries[i] == 1 ? kinds[i].one : kinds[i].many);
		before = ", ";
	}
	if (entries > 0)
		buf_add_char(out, ')');
	if (f->excepted > 0)
		buf_printf(out, ", %s not suppressed by what the file says of them", number_grouped(n, f->excepted));
	if (f->bad > 0)
		buf_printf(out, ", %s unusable line%s, first: line %llu: %s", number_grouped(n, f->bad),
			f->bad == 1 ? "" : "s", (unsigned long long)f->bad_line, f->bad_why);
}

static void add_file(struct json *j, const struct safety_file *f)
{
	json_object(j);
	json_key(j, "option");
	json_text(j, f->option);
	json_key(j, "file");
	json_text(j, f->name);
	json_key(j, "entries");
	json_uint(j, safety_entries(f));
	for (size_t i = 0; i < SAFETY_KINDS; i++) {
		json_key(j, kinds[i].many);
		json_uint(j, f->entries[i]);
	}
	json_key(j, "excepted");
	json_uint(j, f->excepted);
	json_key(j, "unusable");
	json_uint(j, f->bad);
	if (f->bad > 0) {
		json_key(j, "first_unusable_line");
		json_uint(j, f->bad_line);
		json_key(j, "first_unusable_why");
		json_text(j, f->bad_why);
	}
	json_close(j, '}');
}

void safety_add_json(struct json *j, const struct safety *s)
{
	for (size_t i = 0; i < s->n; i++)
		add_file(j, &s->files[i]);
}
