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

#define LOCK_STEP_TIME (INT64_C(30) * 86400)

static void add_try(struct state *s, struct str key, struct str extra, uint64_t size, uint64_t hash)
{
	s->tries = mem_grow(s->tries, s->n_tries, &s->cap_tries, sizeof *s->tries);
	s->tries[s->n_tries++] = (struct state_try){ mem_copy(key.p, key.n), mem_copy(extra.p, extra.n), size, hash };
}

static struct state_note *note_of(struct state *s, struct str key)
{
	size_t i = (size_t)(set_add(&s->seen, key, NULL) - s->seen.entries);
	size_t before = s->cap_notes;

	while (s->seen.used > s->cap_notes)
		s->notes = mem_grow(s->notes, s->cap_notes, &s->cap_notes, sizeof *s->notes);
	if (s->cap_notes > before)
		memset(s->notes + before, 0, (s->cap_notes - before) * sizeof *s->notes);
	return &s->notes[i];
}

static void know(struct state *s, struct str key, int64_t time, uint64_t size, uint64_t hash)
{
	*note_of(s, key) = (struct state_note){ .size = size, .hash = hash };
	set_add(&s->seen, key, NULL)->value = (uint64_t)time + 1;
	if (state_is_fault(s, key))
		set_add(&s->trouble, key, NULL)->value = 0;
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

/* "12 1f": numbers in that order, the hash in hexadecimal; both may be missing. */
static bool read_note(struct str *rest, uint64_t *size, uint64_t *hash)
{
	struct str text = str_cut(rest, '\t');

	*size = *hash = 0;
	if (text.n == 0)
		return true;
	return str_number(text, UINT64_MAX, size) && str_number(str_cut(rest, '\t'), UINT64_MAX, hash);
}

/* What of the server is told: false for a record that is none. */
static bool replay_server(struct state *s, char kind, struct str rest)
{
	uint64_t time = 0;
	uint64_t sessions = 0;
	struct str key = str_cut(&rest, '\t');

	switch (kind) {
	case 'G':
		if (!str_number(str_cut(&rest, '\t'), INT64_MAX, &time) || !str_number(rest, 3, &sessions))
			return false;
		note_of(s, key)->gone = (int64_t)time;
		note_of(s, key)->sessions = (uint32_t)sessions;
		return true;
	case 'Z':
		note_of(s, key)->deleted = true;
		return true;
	case 'L':
		s->lock_step = str_number(key, INT64_MAX - 1, &time) ? (int64_t)time + 1 : 0;
		return true;
	case 'M':
		mem_free(s->mailbox);
		s->mailbox = mem_copy(key.p, key.n);
		return true;
	default:
		return false;
	}
}

static bool replay(void *arg, struct str record, struct err *err)
{
	struct state *s = arg;
	struct str rest = record;
	struct str kind = str_cut(&rest, '\t');
	struct str whole = rest;
	uint64_t time = 0;
	uint64_t size;
	uint64_t hash;
	struct str key;

	s->records++;
	switch (kind.n == 1 ? kind.p[0] : '\0') {
	case 'T':
		key = str_cut(&rest, '\t');
		add_try(s, key, rest, 0, 0);
		return true;
	case 'N':
		key = str_cut(&rest, '\t');
		if (!read_note(&rest, &size, &hash))
			break;
		add_try(s, key, rest, size, hash);
		return true;
	case 'B':
		mem_free(s->place);
		s->place = mem_copy(rest.p, rest.n);
		return true;
	case 'E':
		key = str_cut(&rest, '\t');
		if (!str_number(str_cut(&rest, '\t'), INT64_MAX - 1, &time) || !read_note(&rest, &size, &hash))
			break;
		know(s, key, (int64_t)time, size, hash);
		return true;
	case 'X':
		set_add(&s->seen, rest, NULL)->value = 0;
		return true;
	case 'F':
		set_add(&s->trouble, rest, NULL)->value = 1;
		return true;
	case 'D':
	case 'A':
		drop_tries(s);
		return true;
	default:
		if (kind.n == 1 && replay_server(s, kind.p[0], whole))
			return true;
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
	mem_free(s->notes);
	mem_free(s->mailbox);
	set_free(&s->trouble);
	mem_free(s->path);
	*s = (struct state){ .lock = -1 };
}

int64_t state_seen(const struct state *s, struct str key)
{
	const struct set_entry *e = set_find(&s->seen, key);

	return e != NULL ? (int64_t)e->value - 1 : -1;
}

bool state_add(struct state *s, const char *kind, struct str a, struct str b, struct err *err)
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
	add_try(s, key, extra, 0, 0);
	return state_add(s, "T", key, extra, err);
}

bool state_try_noted(struct state *s, struct str key, struct str extra, uint64_t size, uint64_t hash, struct err *err)
{
	struct buf rest = { .limit = SIZE_MAX };

	add_try(s, key, extra, size, hash);
	buf_printf(&rest, "%llu\t%llu\t", (unsigned long long)size, (unsigned long long)hash);
	buf_add(&rest, extra);
	bool ok = state_add(s, "N", key, buf_str(&rest), err);

	buf_free(&rest);
	return ok;
}

static bool add_known(struct state *s, struct str key, int64_t time, uint64_t size, uint64_t hash, struct err *err)
{
	struct buf rest = { 0 };

	buf_add_number(&rest, (uint64_t)time);
	if (size > 0)
		buf_printf(&rest, "\t%llu\t%llu", (unsigned long long)size, (unsigned long long)hash);
	bool ok = state_add(s, "E", key, buf_str(&rest), err);

	buf_free(&rest);
	return ok;
}

bool state_store(struct state *s, struct str key, int64_t now, uint64_t size, uint64_t hash, struct err *err)
{
	know(s, key, now, size, hash);
	note_of(s, key)->fresh = true;
	return add_known(s, key, now, size, hash, err);
}

const struct state_note *state_noted(const struct state *s, struct str key)
{
	const struct set_entry *e = set_find(&s->seen, key);
	size_t i = e != NULL ? (size_t)(e - s->seen.entries) : SIZE_MAX;

	return e != NULL && e->value > 0 && i < s->cap_notes ? &s->notes[i] : NULL;
}

bool state_same(struct state *s, struct str key, uint64_t size, struct err *err)
{
	int64_t when = state_seen(s, key);
	uint64_t hash = note_of(s, key)->hash;

	know(s, key, when, size, hash);
	return add_known(s, key, when, size, hash, err);
}

bool state_deleted(struct state *s, struct str key, struct err *err)
{
	note_of(s, key)->deleted = true;
	return state_add(s, "Z", key, STR_NONE, err);
}

bool state_set_mailbox(struct state *s, const char *path, struct err *err)
{
	if (s->mailbox != NULL && strcmp(s->mailbox, path) == 0)
		return true;
	mem_free(s->mailbox);
	s->mailbox = mem_copy(path, strlen(path));
	return state_add(s, "M", str_of(path), STR_NONE, err);
}

bool state_begin(struct state *s, struct str place, struct err *err)
{
	return state_add(s, "B", place, STR_NONE, err) && journal_commit(&s->journal, err);
}

bool state_done(struct state *s, int64_t now, bool sync, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; i < s->n_tries; i++) {
		const struct state_try *t = &s->tries[i];

		ok = ok && add_known(s, str_of(t->key), now, t->size, t->hash, err);
		know(s, str_of(t->key), now, t->size, t->hash);
		note_of(s, str_of(t->key))->fresh = true;
	}
	ok = ok && state_add(s, "D", STR_NONE, STR_NONE, err);
	drop_tries(s);
	return ok && (sync ? journal_commit(&s->journal, err) : journal_flush(&s->journal, err));
}

bool state_undone(struct state *s, struct err *err)
{
	drop_tries(s);
	return state_add(s, "A", STR_NONE, STR_NONE, err) && journal_commit(&s->journal, err);
}

bool state_fault(struct state *s, struct str key, struct err *err)
{
	set_add(&s->trouble, key, NULL)->value = 1;
	return state_add(s, "F", key, STR_NONE, err);
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
	return state_add(s, "L", str_of(time), STR_NONE, err) && journal_commit(&s->journal, err);
}

bool state_is_lock_step(const struct state *s)
{
	int64_t now = clock_wall();

	/* Servers are mended, and a clock may have been wrong. */
	return s->lock_step > 0 && now >= s->lock_step - 1 && now - s->lock_step < LOCK_STEP_TIME;
}
