#include <config.h>

#include "cmd/popfetch/archive/pages_state.h"

#include <fcntl.h>
#include <unistd.h>

#include "text/number.h"

#define LATEST 50u

/* The end of index.html by which the next run knows that it is whole and of which messages. */
static void add_seal(struct buf *out, const struct catalog *c)
{
	buf_printf(out, "<!-- popfetch %s, %zu messages -->\n", PACKAGE_VERSION, c->n);
}

/* Years with their months, the newest first. */
static void add_months(struct pages *p)
{
	char year[16] = "";
	char name[16];

	buf_add_text(&p->out, "<section><h2>By month</h2>\n<dl class=\"months\">\n");
	for (size_t i = 0; i < p->n_months; i++) {
		const struct pages_months *m = &p->months[i];

		pages_month(name, m->from);
		if (memcmp(name, year, 4) != 0) {
			buf_add_text(&p->out, *year != '\0' ? "</dd>\n" : "");
			memcpy(year, name, sizeof year);
			if (m->from == CATALOG_UNDATED)
				buf_add_text(&p->out, "<dt>Undated</dt><dd>");
			else
				buf_printf(&p->out, "<dt>%.4s</dt><dd>", name);
		}
		buf_printf(&p->out, "<a href=\"%s\">", name);
		pages_add_month(&p->out, m->from);
		buf_printf(&p->out, "</a> <small>%zu</small> ", m->n);
	}
	buf_add_text(&p->out, *year != '\0' ? "</dd>\n</dl></section>\n" : "</dl></section>\n");
}

static void add_search(struct pages *p)
{
	buf_printf(&p->out,
		"<main data-pieces=\"%zu\">\n<form id=\"find\" role=\"search\" hidden><label for=\"q\">Search sender, recipient, "
		"subject and date</label>\n<input id=\"q\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\"> "
		"<span id=\"said\" role=\"status\"></span></form>\n<section id=\"found\" hidden></section>\n",
		(p->catalog->n + PAGES_DATA - 1) / PAGES_DATA);
}

bool pages_write_front(struct pages *p)
{
	char text[32];
	bool ok = true;

	pages_begin(p, "Mail archive", "", true);
	buf_printf(&p->out, "<header class=\"page\"><h1>Mail archive</h1><p>%s message%s</p></header>\n",
		number_grouped(text, p->catalog->n), p->catalog->n == 1 ? "" : "s");
	add_search(p);
	if (p->catalog->n > 0) {
		buf_add_text(&p->out, "<section id=\"latest\">");
		pages_table(p, "The latest messages");
		for (size_t i = 0; ok && i < p->catalog->n && i < LATEST; i++) {
			ok = pages_read(p, p->order[i]);
			if (ok)
				pages_add_row(p, p->order[i], "");
		}
		pages_table_end(p);
		buf_add_text(&p->out, "</section>\n");
		add_months(p);
	} else {
		buf_add_text(&p->out, "<p>No messages yet.</p>\n");
	}
	pages_end(p);
	add_seal(&p->out, p->catalog);
	return ok && pages_put(p, "index.html");
}

bool pages_current(const struct folder *f, const struct catalog *c)
{
	struct buf seal = { .limit = 0 };
	char end[200];
	int fd = openat(f->fd, "index.html", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool same = false;

	add_seal(&seal, c);
	if (fd >= 0) {
		off_t size = lseek(fd, 0, SEEK_END);
		off_t from = size > (off_t)sizeof end ? size - (off_t)sizeof end : 0;
		ssize_t n = pread(fd, end, sizeof end, from);

		same = n > 0 && str_ends(str_at(end, (size_t)n), buf_str(&seal));
		(void)close(fd);
	}
	buf_free(&seal);
	return same;
}
