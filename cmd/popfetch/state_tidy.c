#include <config.h>

#include "cmd/popfetch/state.h"

#include <stdio.h>

#include "io/file.h"

/* What a state forgets, and its file written anew. */

#define COMPACT_AT 1000
#define GONE_TIME (INT64_C(30) * 86400)
#define GONE_SESSIONS 3

void state_listing(struct state *s)
{
	for (size_t i = 0; i < s->seen.used; i++)
		s->notes[i].listed = false;
	for (size_t i = 0; i < s->trouble.used; i++)
		s->trouble.entries[i].value = s->trouble.entries[i].value > 0;
}

const char *state_list(struct state *s, struct str key, bool *again)
{
	const struct set_entry *e = set_find(&s->seen, key);
	struct set_entry *trouble = s->trouble.used > 0 ? set_find(&s->trouble, key) : NULL;

	if (trouble != NULL && trouble->value > 0)
		trouble->value = 2;
	*again = false;
	if (e == NULL || e->value == 0)
		return NULL;
	*again = s->notes[e - s->seen.entries].listed;
	s->notes[e - s->seen.entries].listed = true;
	return e->p;
}

void state_unlist(struct state *s, struct str key)
{
	const struct set_entry *e = set_find(&s->seen, key);

	if (e != NULL && e->value > 0)
		s->notes[e - s->seen.entries].listed = false;
}

static void write_known(const struct set_entry *e, const struct state_note *n, struct buf *text)
{
	struct buf record = { 0 };

	buf_printf(&record, "E\t%s\t%llu", e->p, (unsigned long long)(e->value - 1));
	if (n->size > 0)
		buf_printf(&record, "\t%llu\t%llu", (unsigned long long)n->size, (unsigned long long)n->hash);
	journal_format(text, buf_str(&record));
	if (n->gone != 0) {
		buf_clear(&record);
		buf_printf(&record, "G\t%s\t%lld\t%u", e->p, (long long)n->gone, n->sessions);
		journal_format(text, buf_str(&record));
	}
	if (n->deleted) {
		buf_clear(&record);
		buf_printf(&record, "Z\t%s", e->p);
		journal_format(text, buf_str(&record));
	}
	buf_free(&record);
}

/* The records that a fresh file has. */
static void write_live(const struct state *s, struct buf *text)
{
	struct buf record = { 0 };

	for (size_t i = 0; i < s->seen.used; i++)
		if (s->seen.entries[i].value > 0)
			write_known(&s->seen.entries[i], &s->notes[i], text);
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
	if (s->mailbox != NULL) {
		buf_clear(&record);
		buf_printf(&record, "M\t%s", s->mailbox);
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

static bool add_gone(struct state *s, struct str key, const struct state_note *n, struct err *err)
{
	char text[64];

	snprintf(text, sizeof text, "%lld\t%u", (long long)n->gone, (unsigned)n->sessions);
	return state_add(s, "G", key, str_of(text), err);
}

/*
 * A listing may be empty or leave messages out for once, and what was deleted may be there again: then nothing is to
 * come twice. But a UID must not be known for ever, since it may stand for another message one day.
 */
static bool miss(struct state *s, struct set_entry *e, struct state_note *n, int64_t now, struct err *err)
{
	struct str key = str_at(e->p, e->n);

	if (n->gone == 0) {
		n->gone = (uint32_t)now;
		n->sessions = 0;
	}
	if (n->sessions < GONE_SESSIONS) {
		n->sessions++;
		if (!add_gone(s, key, n, err))
			return false;
	}
	if (n->sessions < GONE_SESSIONS || now - n->gone < GONE_TIME)
		return true;
	e->value = 0;
	return state_add(s, "X", key, STR_NONE, err);
}

bool state_tidy(struct state *s, int64_t now, struct err *err)
{
	uint64_t live = 0;

	for (size_t i = 0; i < s->seen.used; i++) {
		struct set_entry *e = &s->seen.entries[i];
		struct str key = str_at(e->p, e->n);
		struct state_note *n = &s->notes[i];
		bool ok = true;

		if (e->value == 0)
			continue;
		if (!n->listed) {
			ok = miss(s, e, n, now, err);
		} else if (n->gone != 0) {
			n->gone = 0;
			n->sessions = 0;
			ok = add_gone(s, key, n, err);
		}
		live += e->value > 0;
		if (!ok)
			return false;
	}
	for (size_t i = 0; i < s->trouble.used; i++)
		s->trouble.entries[i].value = s->trouble.entries[i].value == 2;
	if (!journal_commit(&s->journal, err))
		return false;
	/* Rewriting costs as much as it saves until most of the file is dead. */
	return s->records < COMPACT_AT || s->records < 2 * live || compact(s, err);
}
