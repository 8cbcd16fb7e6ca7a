#include <config.h>

#include "cmd/popfetch/archive/threads.h"

#include "base/mem.h"
#include "base/siphash.h"

/* Names are the same in every run, so their key is known: whoever finds two ids with one name puts his own messages
 * into one thread, which he can have by References too. */
static const uint64_t name_key[2] = { 0x706f706665746368u, 0x6172636869766531u };

#define SUBJECT_MAX 200
#define LONGEST_CHAIN 1000u

static uint64_t hash_of(const struct threads *t, struct str s)
{
	return siphash(t->secret, s) | 1;
}

static uint64_t name_of(struct str s)
{
	return siphash(name_key, s) | 1;
}

uint32_t threads_find(const struct threads *t, uint32_t thread)
{
	/*
	 * Shortens the way as it goes: without that a chain of threads could be made so long that each search
	 * is slow.
	 */
	while (t->threads[thread].up != thread) {
		t->threads[thread].up = t->threads[t->threads[thread].up].up;
		thread = t->threads[thread].up;
	}
	return thread;
}

/* The older one goes on; it is also the one that has the lower number, so no circle can come about. */
static void join(struct threads *t, uint32_t a, uint32_t b)
{
	a = threads_find(t, a);
	b = threads_find(t, b);
	if (a < b)
		t->threads[b].up = a;
	else if (b < a)
		t->threads[a].up = b;
}

/* The thread of that name, which is made if it is missing. */
static uint32_t named(struct threads *t, uint64_t name)
{
	uint32_t found = table_find(&t->names, name);

	if (found > 0)
		return found - 1;
	t->threads = mem_grow(t->threads, t->n, &t->threads_cap, sizeof *t->threads);
	t->threads[t->n] = (struct thread){ .name = name, .up = t->n };
	table_set(&t->names, name, t->n + 1);
	return t->n++;
}

/* --- subjects --- */

/* A prefix such as "Re: ", "AW[2]: " or "Fwd: " in the usual languages; returns its length, 0 without one. */
static size_t prefix_length(struct str s, bool *reply)
{
	static const char replies[] = "re aw sv vs antw odp rif res ynt \xe5\x9b\x9e\xe5\xa4\x8d";
	static const char forwards[] = "fw fwd wg tr vb rv enc i \xe8\xbd\xac\xe5\x8f\x91";
	size_t n = 0;

	while (n < s.n && n < 8 && (ascii_alpha(s.p[n]) || (unsigned char)s.p[n] >= 0x80))
		n++;
	struct str word = str_sub(s, 0, n);
	bool is_reply = str_among(word, replies);

	if (n == 0 || (!is_reply && !str_among(word, forwards)))
		return 0;
	if (n < s.n && s.p[n] == '[')
		n += str_find(str_sub(s, n, 6), ']') + 1;
	if (n < s.n && s.p[n] == ' ')
		n++;
	if (str_starts(str_sub(s, n, s.n), STR_LIT("\xef\xbc\x9a")))
		n += 3;
	else if (n < s.n && s.p[n] == ':')
		n++;
	else
		return 0;
	*reply = *reply || is_reply;
	return n;
}

/* The subject without what replies put before it, in lower case and with single blanks. */
static struct str base_subject(struct str s, char p[SUBJECT_MAX], bool *reply)
{
	size_t n = 0;
	size_t skip;

	s = str_trim(s);
	while ((skip = prefix_length(s, reply)) > 0)
		s = str_trim(str_sub(s, skip, s.n));
	for (size_t i = 0; i < s.n && n < SUBJECT_MAX; i++)
		if (!ascii_blank(s.p[i]) || (n > 0 && p[n - 1] != ' '))
			p[n++] = ascii_blank(s.p[i]) ? ' ' : ascii_lower(s.p[i]);
	return str_at(p, n);
}

/* --- messages --- */

/* 1 + the thread of the message with that id, or 0. */
static uint32_t thread_of(const struct threads *t, struct str id)
{
	uint32_t at = id.n > 0 ? table_find(&t->ids, hash_of(t, id)) : 0;

	return at > 0 ? t->messages[at - 1].thread + 1 : 0;
}

static uint32_t choose(struct threads *t, const struct threads_hint *hint)
{
	char text[SUBJECT_MAX];
	bool reply = false;
	struct str subject = base_subject(hint->subject, text, &reply);
	uint32_t found = thread_of(t, hint->parent);
	uint64_t of_subject = hash_of(t, subject);

	found = found > 0 ? found : thread_of(t, hint->root);
	if (found == 0 && hint->root.n > 0)
		found = named(t, name_of(hint->root)) + 1;
	if (found == 0 && reply && subject.n > 0)
		found = table_find(&t->subjects, of_subject);
	if (found == 0)
		found = named(t, name_of(hint->id.n > 0 ? hint->id : hint->key)) + 1;
	if (!reply && subject.n > 0)
		table_set(&t->subjects, of_subject, found);
	return found - 1;
}

uint64_t threads_add(struct threads *t, const struct threads_hint *hint)
{
	uint32_t thread = choose(t, hint);
	uint64_t id = hash_of(t, hint->id);

	/* Replies that came before it have named a thread by it; and it may know that two threads are one. */
	if (hint->id.n > 0 && table_find(&t->names, name_of(hint->id)) > 0)
		join(t, thread, named(t, name_of(hint->id)));
	if (hint->root.n > 0 && table_find(&t->names, name_of(hint->root)) > 0)
		join(t, thread, named(t, name_of(hint->root)));
	if (hint->parent.n > 0 && table_find(&t->names, name_of(hint->parent)) == 0)
		table_set(&t->names, name_of(hint->parent), thread + 1);
	t->messages = mem_grow(t->messages, t->n_messages, &t->messages_cap, sizeof *t->messages);
	t->messages[t->n_messages] = (struct threads_message){
		.thread = thread,
		.parent = hint->parent.n > 0 ? hash_of(t, hint->parent) : 0,
	};
	t->n_messages++;
	if (hint->id.n > 0 && table_find(&t->ids, id) == 0)
		table_set(&t->ids, id, t->n_messages);
	return t->threads[thread].name;
}

/* Is it right to say that message i answers message at? Not when that one already answers it, over however many. */
static bool may_answer(const struct threads *t, uint32_t i, uint32_t at)
{
	for (unsigned steps = 0; steps < LONGEST_CHAIN; steps++) {
		if (at == i)
			return false;
		if (t->messages[at].answered == 0)
			return true;
		at = t->messages[at].answered - 1;
	}
	return false;
}

void threads_link(struct threads *t)
{
	for (uint32_t i = 0; i < t->n_messages; i++)
		t->messages[i].answered = 0;
	for (uint32_t i = 0; i < t->n_messages; i++) {
		struct threads_message *m = &t->messages[i];
		uint32_t at = m->parent != 0 ? table_find(&t->ids, m->parent) : 0;

		if (at > 0 && threads_find(t, t->messages[at - 1].thread) == threads_find(t, m->thread) &&
			may_answer(t, i, at - 1))
			m->answered = at;
	}
}

void threads_free(struct threads *t)
{
	table_free(&t->ids);
	table_free(&t->names);
	table_free(&t->subjects);
	mem_free(t->threads);
	mem_free(t->messages);
	*t = (struct threads){ .n = 0 };
}
