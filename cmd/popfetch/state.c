#include <config.h>

#include "cmd/popfetch/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"

#define COMPACT_AT 1000
#define LOCK_STEP_TIME (INT64_C(30) * 86400)

static void add_try(struct state *s, struct str key, struct str extra)
{
	s->tries = mem_grow(s->tries, s->n_tries, &s->cap_tries, sizeof *s->tries);
	s->tries[s->n_tries++] = (struct state_try){ mem_copy(key.p, key.n), mem_copy(extra.p, extra.n) };
}

static void drop_tries(struct state *s)
{
	while (s->n_tries > 0) {
		s->n_tries--;
		mem_free(s->tries[s->n_tries].key);
		mem_free(s->tries[s->n_tries].extra);
	}
	mem_free(s->place);
	s->place = NULL;
}

static bool replay(void *arg, struct str record, struct err *err)
{
	struct state *s = arg;
	struct str rest = record;
	struct str kind = str_cut(&rest, '\t');
	uint64_t time = 0;
	struct str key;

	s->records++;
	switch (kind.n == 1 ? kind.p[0] : '\0') {
	case 'T':
		key = str_cut(&rest, '\t');
		add_try(s, key, rest);
		return true;
	case 'B':
		mem_free(s->place);
		s->place = mem_copy(rest.p, rest.n);
		return true;
	case 'E':
		key = str_cut(&rest, '\t');
		if (!str_number(rest, INT64_MAX - 1, &time))
			break;
		set_add(&s->seen, key, NULL)->value = time + 1;
		set_add(&s->trouble, key, NULL)->value = 0;
		return true;
	case 'X':
		set_add(&s->seen, rest, NULL)->value = 0;
		return true;
	case 'F':
		set_add(&s->trouble, rest, NULL)->value = 1;
		return true;
	case 'L':
		s->lock_step = str_number(rest, INT64_MAX - 1, &time) ? (int64_t)time + 1 : 0;
		return true;
	case 'D':
	case 'A':
		drop_tries(s);
		return true;
	default:
		break;
	}
	return err_set(err, ERR_DATA, "not a record of popfetch: %.*s", STR_ARGS(str_sub(record, 0, 60)));
}

bool state_open(struct state *s, const char *path, struct err *err)
{
	struct buf lock = { 0 };

	*s = (struct state){ .lock = -1 };
	random_seed(&s->seen);
	random_seed(&s->trouble);
	buf_printf(&lock, "%s.lock", path);
	if (!file_make_dirs(path, err))
		goto fail;
	s->lock = open(buf_text(&lock), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0) {
		err_errno(err, ERR_CANTCREAT, errno, "%s", buf_text(&lock));
		goto fail;
	}
	if (!file_lock(s->lock, buf_text(&lock), clock_now(), err) || !journal_open(&s->journal, path, replay, s, err))
		goto fail;
	s->path = mem_copy(path, strlen(path));
	/* Tries without a place were never begun; the next batch must not take them for its own. */
	if (s->place == NULL && s->n_tries > 0 && !state_undone(s, err))
		goto fail;
	buf_free(&lock);
	return true;
fail:
	buf_free(&lock);
	state_close(s);
	return false;
}

void state_close(struct state *s)
{
	journal_close(&s->journal);
	if (s->lock >= 0)
		close(s->lock);
	drop_tries(s);
	mem_free(s->tries);
	set_free(&s->seen);
	set_free(&s->trouble);
	mem_free(s->path);
	*s = (struct state){ .lock = -1 };
}

int64_t state_seen(const struct state *s, struct str key)
{
	const struct set_entry *e = set_find(&s->seen, key);

	return e != NULL ? (int64_t)e->value - 1 : -1;
}

static bool add(struct state *s, const char *kind, struct str a, struct str b, struct err *err)
{
	struct buf record = { 0 };

	buf_add_text(&record, kind);
	if (a.p != NULL) {
		buf_add_char(&record, '\t');
		buf_add(&record, a);
	}
	if (b.p != NULL) {
		buf_add_char(&record, '\t');
		buf_add(&record, b);
	}
	bool ok = journal_add(&s->journal, buf_str(&record), err);

	s->records++;
	buf_free(&record);
	return ok;
}

bool state_try(struct state *s, struct str key, struct str extra, struct err *err)
{
	add_try(s, key, extra);
	return add(s, "T", key, extra, err);
}

bool state_begin(struct state *s, struct str place, struct err *err)
{
	return add(s, "B", place, STR_NONE, err) && journal_commit(&s->journal, err);
}

bool state_done(struct state *s, int64_t now, bool sync, struct err *err)
{
	struct buf time = { 0 };
	bool ok = true;

	buf_add_number(&time, (uint64_t)now);
	for (size_t i = 0; i < s->n_tries; i++) {
		struct str key = str_of(s->tries[i].key);

		ok = ok && add(s, "E", key, buf_str(&time), err);
		set_add(&s->seen, key, NULL)->value = (uint64_t)now + 1;
		set_add(&s->trouble, key, NULL)->value = 0;
	}
	buf_free(&time);
	ok = ok && add(s, "D", STR_NONE, STR_NONE, err);
	drop_tries(s);
	return ok && (sync ? journal_commit(&s->journal, err) : journal_flush(&s->journal, err));
}

bool state_undone(struct state *s, struct err *err)
{
	drop_tries(s);
	return add(s, "A", STR_NONE, STR_NONE, err) && journal_commit(&s->journal, err);
}

bool state_fault(struct state *s, struct str key, struct err *err)
{
	set_add(&s->trouble, key, NULL)->value = 1;
	return add(s, "F", key, STR_NONE, err);
}

bool state_is_fault(const struct state *s, struct str key)
{
	const struct set_entry *e = set_find(&s->trouble, key);

	return e != NULL && e->value != 0;
}

bool state_set_lock_step(struct state *s, struct err *err)
{
	char time[32];

	s->lock_step = clock_wall() + 1;
	snprintf(time, sizeof time, "%lld", (long long)s->lock_step - 1);
	return add(s, "L", str_of(time), STR_NONE, err) && journal_commit(&s->journal, err);
}

bool state_is_lock_step(const struct state *s)
{
	int64_t now = clock_wall();

	/* Servers are mended, and a clock may have been wrong. */
	return s->lock_step > 0 && now >= s->lock_step - 1 && now - s->lock_step < LOCK_STEP_TIME;
}

/* The records that a fresh file has. */
static void write_live(const struct state *s, struct buf *text)
{
	struct buf record = { 0 };

	for (size_t i = 0; i < s->seen.used; i++) {
		const struct set_entry *e = &s->seen.entries[i];

		if (e->value == 0)
			continue;
		buf_clear(&record);
		buf_printf(&record, "E\t%s\t%llu", e->p, (unsigned long long)(e->value - 1));
		journal_format(text, buf_str(&record));
	}
	for (size_t i = 0; i < s->trouble.used; i++) {
		if (s->trouble.entries[i].value == 0)
			continue;
		buf_clear(&record);
		buf_printf(&record, "F\t%s", s->trouble.entries[i].p);
		journal_format(text, buf_str(&record));
	}
	if (s->lock_step > 0) {
		buf_clear(&record);
		buf_printf(&record, "L\t%lld", (long long)s->lock_step - 1);
		journal_format(text, buf_str(&record));
	}
	buf_free(&record);
}

/* The lock is on PATH.lock, so that the journal may be replaced under it. */
static bool compact(struct state *s, struct err *err)
{
	struct file_new f = { .fd = -1 };
	struct buf text = { .limit = SIZE_MAX };
	bool ok;

	write_live(s, &text);
	ok = file_new_begin(&f, s->path, 0600, err) && file_write(f.fd, buf_str(&text), s->path, err) &&
		file_new_commit(&f, err);
	file_new_abort(&f);
	buf_free(&text);
	return ok;
}

bool state_tidy(struct state *s, const struct set *listed, struct err *err)
{
	uint64_t live = 0;

	for (size_t i = 0; i < s->seen.used; i++) {
		struct set_entry *e = &s->seen.entries[i];
		struct str key = str_at(e->p, e->n);

		if (e->value == 0)
			continue;
		if (set_find(listed, key) != NULL)
			live++;
		else if (!add(s, "X", key, STR_NONE, err))
			return false;
		else
			e->value = 0;
	}
	for (size_t i = 0; i < s->trouble.used; i++)
		if (set_find(listed, str_at(s->trouble.entries[i].p, s->trouble.entries[i].n)) == NULL)
			s->trouble.entries[i].value = 0;
	if (!journal_commit(&s->journal, err))
		return false;
	/* Rewriting costs as much as it saves until most of the file is dead. */
	return s->records < COMPACT_AT || s->records < 3 * live || compact(s, err);
}
