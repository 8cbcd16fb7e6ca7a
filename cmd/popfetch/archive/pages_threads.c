#include <config.h>

#include "cmd/popfetch/archive/pages_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "mail/page/page.h"
#include "text/html.h"

/*
 * A message's page refers to its thread by a name that never changes: "threads/0a1.html#t0a1…". The file has
 * all threads of two and more messages whose names begin with these three digits, and a style sheet that shows
 * the one that is asked for. A thread that became part of another one has a line that leads there.
 */

#define FILES 4096u
#define MOST_SHOWN 1000u
#define DEEPEST 8u
#define NOTHING UINT32_MAX

struct tree { /* of one thread, by the place of its messages in the slice */
	uint32_t first;
	uint32_t next;
	uint32_t up;
};

struct threads_page {
	struct pages *pages;
	uint32_t *messages; /* of threads of two and more, by file, thread and date */
	size_t n;
	uint32_t *joined; /* threads that became part of another one, by file */
	size_t n_joined;
	uint32_t *place; /* of a message in the thread that is being written: 1 + its place */
	struct tree *tree;
	bool used[FILES]; /* a message refers to this file */
};

static const struct pages *sorting; /* qsort has no argument for it */

static uint64_t name_of(const struct pages *p, uint32_t thread)
{
	return p->catalog->threads.threads[thread].name;
}

static unsigned file_of(const struct pages *p, uint32_t thread)
{
	return (unsigned)(name_of(p, thread) >> 52);
}

static int by_thread(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;
	uint64_t nx = name_of(sorting, sorting->thread[x]);
	uint64_t ny = name_of(sorting, sorting->thread[y]);
	int64_t dx = sorting->catalog->entries[x].date;
	int64_t dy = sorting->catalog->entries[y].date;

	if (nx != ny)
		return nx < ny ? -1 : 1;
	if (dx != dy)
		return dx < dy ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int by_name(const void *a, const void *b)
{
	uint64_t x = name_of(sorting, *(const uint32_t *)a);
	uint64_t y = name_of(sorting, *(const uint32_t *)b);

	return x < y ? -1 : x > y;
}

/* --- one thread --- */

/* Who answers whom, among n messages in the order of their dates. Returns the first. */
static uint32_t grow(struct threads_page *t, const uint32_t *messages, uint32_t n)
{
	uint32_t roots = NOTHING;

	for (uint32_t k = 0; k < n; k++)
		t->place[messages[k]] = k + 1;
	for (uint32_t k = 0; k < n; k++)
		t->tree[k] = (struct tree){ NOTHING, NOTHING, NOTHING };
	for (uint32_t k = n; k-- > 0;) {
		uint32_t answered = t->pages->catalog->threads.messages[messages[k]].answered;
		uint32_t up = answered > 0 ? t->place[answered - 1] : 0;
		uint32_t *list = up > 0 ? &t->tree[up - 1].first : &roots;

		t->tree[k].up = up > 0 ? up - 1 : NOTHING;
		t->tree[k].next = *list;
		*list = k;
	}
	for (uint32_t k = 0; k < n; k++)
		t->place[messages[k]] = 0;
	return roots;
}

static bool add_item(struct pages *p, uint32_t message, unsigned depth)
{
	struct record *r = &p->record;
	char path[64];

	if (!pages_read(p, message))
		return false;
	pages_message_path(path, r->key);
	buf_printf(&p->out, "<li class=\"d%u\"><a href=\"../%s\">", depth < DEEPEST ? depth : DEEPEST, path);
	page_add_shown(&p->out, r->subject.n > 0 ? r->subject : STR_LIT("(no subject)"), 500);
	buf_add_text(&p->out, "</a> <small>");
	page_add_shown(&p->out, r->from, 300);
	buf_add_text(&p->out, " \xc2\xb7 ");
	html_add(&p->out, str_sub(r->date, 0, 10));
	buf_add_char(&p->out, ' ');
	html_add(&p->out, str_sub(r->date, 11, 5));
	buf_add_text(&p->out, "</small></li>\n");
	return true;
}

static bool add_thread(struct threads_page *t, const uint32_t *messages, size_t all)
{
	struct pages *p = t->pages;
	uint32_t n = all < MOST_SHOWN ? (uint32_t)all : MOST_SHOWN;
	uint32_t at = grow(t, messages, n);
	unsigned depth = 0;
	bool ok = pages_read(p, messages[0]);

	if (!ok)
		return false;
	buf_printf(&p->out, "<section id=\"t%016llx\"><h2>", (unsigned long long)name_of(p, p->thread[messages[0]]));
	page_add_shown(&p->out, p->record.subject.n > 0 ? p->record.subject : STR_LIT("(no subject)"), 500);
	buf_printf(&p->out, "</h2><p>%zu messages</p>\n<ol class=\"tree\">\n", all);
	while (ok && at != NOTHING) {
		ok = add_item(p, messages[at], depth);
		if (t->tree[at].first != NOTHING) {
			at = t->tree[at].first;
			depth++;
			continue;
		}
		for (; at != NOTHING && t->tree[at].next == NOTHING; depth -= depth > 0)
			at = t->tree[at].up;
		if (at != NOTHING)
			at = t->tree[at].next;
	}
	buf_add_text(&p->out, "</ol>\n");
	if (n < all)
		buf_printf(&p->out, "<p>The first %u are shown; search for the subject to find the others.</p>\n", n);
	buf_add_text(&p->out, "</section>\n");
	return ok;
}

/* --- one file --- */

static void add_joined(struct pages *p, uint32_t thread)
{
	char path[64];

	pages_thread_path(path, name_of(p, threads_find(&p->catalog->threads, thread)));
	buf_printf(&p->out,
		"<section id=\"t%016llx\"><p>This thread is part of another one: <a href=\"../%s\">show it</a>.</p></section>\n",
		(unsigned long long)name_of(p, thread), path);
}

static bool write_file(struct threads_page *t, unsigned file, size_t *at, size_t *joined)
{
	struct pages *p = t->pages;
	char name[32];
	bool ok = true;

	pages_begin(p, "Threads", "../", false);
	buf_add_text(&p->out,
		"<header class=\"page\"><nav><a href=\"../index.html\">All messages</a></nav><h1>Thread</h1></header>\n"
		"<main class=\"threads\">\n");
	while (ok && *at < t->n && file_of(p, p->thread[t->messages[*at]]) == file) {
		size_t n = p->sizes[p->thread[t->messages[*at]]];

		ok = add_thread(t, t->messages + *at, n);
		*at += n;
	}
	for (; *joined < t->n_joined && file_of(p, t->joined[*joined]) == file; ++*joined)
		add_joined(p, t->joined[*joined]);
	buf_add_text(&p->out, "<p class=\"none\">There is no other message in this thread.</p>\n");
	pages_end(p);
	snprintf(name, sizeof name, "threads/%03x.html", file);
	return ok && pages_put(p, name);
}

/* The threads and files that there are, in the order of the files. */
static void gather(struct threads_page *t)
{
	struct pages *p = t->pages;
	const struct threads *threads = &p->catalog->threads;

	for (uint32_t i = 0; i < p->catalog->n; i++) {
		t->used[file_of(p, threads->messages[i].thread)] = true;
		t->used[file_of(p, p->thread[i])] = true;
		if (p->sizes[p->thread[i]] > 1)
			t->messages[t->n++] = i;
	}
	for (uint32_t i = 0; i < threads->n; i++)
		if (threads->threads[i].up != i && t->used[file_of(p, i)])
			t->joined[t->n_joined++] = i;
	sorting = p;
	qsort(t->messages, t->n, sizeof *t->messages, by_thread);
	qsort(t->joined, t->n_joined, sizeof *t->joined, by_name);
}

bool pages_write_threads(struct pages *p)
{
	struct threads_page t = { .pages = p };
	size_t at = 0;
	size_t joined = 0;
	bool ok = true;

	t.messages = mem_array(p->catalog->n + 1, sizeof *t.messages);
	t.place = mem_array(p->catalog->n + 1, sizeof *t.place);
	t.joined = mem_array(p->catalog->threads.n + 1, sizeof *t.joined);
	t.tree = mem_array(MOST_SHOWN, sizeof *t.tree);
	gather(&t);
	for (unsigned file = 0; ok && file < FILES; file++)
		if (t.used[file])
			ok = write_file(&t, file, &at, &joined);
	mem_free(t.messages);
	mem_free(t.place);
	mem_free(t.joined);
	mem_free(t.tree);
	return ok;
}
