#include <config.h>

#include "cmd/popfetch/archive/pages_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"

#define PER_PAGE 500u

static void page_name(char name[32], int64_t date, size_t number)
{
	char month[16];

	pages_month(month, date);
	if (number == 0)
		snprintf(name, 32, "%s", month);
	else
		snprintf(name, 32, "%.*s-%zu.html", (int)(strchr(month, '.') - month), month, number + 1);
}

/* Links to the pages of a month, when there are several. */
static void add_pages(struct pages *p, int64_t date, size_t here, size_t n)
{
	char name[32];

	if (n < 2)
		return;
	buf_add_text(&p->out, "<nav class=\"pages\" aria-label=\"Pages of this month\">");
	for (size_t i = 0; i < n; i++) {
		page_name(name, date, i);
		if (i == here)
			buf_printf(&p->out, " <b aria-current=\"page\">%zu</b>", i + 1);
		else
			buf_printf(&p->out, " <a href=\"%s\">%zu</a>", name, i + 1);
	}
	buf_add_text(&p->out, "</nav>\n");
}

/* Links to the months before and after. */
static void add_neighbours(struct pages *p, size_t month)
{
	char name[16];

	buf_add_text(&p->out, "<header class=\"page\"><nav><a href=\"index.html\">All messages</a>");
	for (size_t i = month > 0 ? month - 1 : 0; i <= month + 1 && i < p->n_months; i++) {
		if (i == month)
			continue;
		pages_month(name, p->months[i].from);
		buf_printf(&p->out, " <a href=\"%s\" rel=\"%s\">", name, i < month ? "next" : "prev");
		pages_add_month(&p->out, p->months[i].from);
		buf_add_text(&p->out, "</a>");
	}
	buf_add_text(&p->out, "</nav><h1>");
	pages_add_month(&p->out, p->months[month].from);
	buf_printf(&p->out, "</h1><p>%zu message%s</p></header>\n<main>\n", p->months[month].n,
		p->months[month].n == 1 ? "" : "s");
}

static bool write_month(struct pages *p, size_t month, size_t first)
{
	const struct pages_months *m = &p->months[month];
	size_t n = (m->n + PER_PAGE - 1) / PER_PAGE;
	struct buf title = { .limit = 0 };
	char name[32];
	bool ok = true;

	pages_add_month(&title, m->from);
	/* The last page first: it is the one that may be new, and the others lead to it. */
	for (size_t page = n; ok && page-- > 0;) {
		pages_begin(p, buf_text(&title), "", true);
		add_neighbours(p, month);
		add_pages(p, m->from, page, n);
		pages_table(p, "Newest first");
		for (size_t i = page * PER_PAGE; ok && i < m->n && i < (page + 1) * PER_PAGE; i++) {
			ok = pages_read(p, p->order[first + i]);
			if (ok)
				pages_add_row(p, p->order[first + i], "");
		}
		pages_table_end(p);
		add_pages(p, m->from, page, n);
		pages_end(p);
		page_name(name, m->from, page);
		ok = ok && pages_put(p, name);
	}
	buf_free(&title);
	return ok;
}

/* The months that have messages, the newest first, and which of them have a page. */
static void list_months(struct pages *p)
{
	char last[16] = "";

	for (size_t i = 0; i < p->catalog->n; i++) {
		int64_t date = p->catalog->entries[p->order[i]].date;
		char name[16];

		pages_month(name, date);
		if (strcmp(name, last) != 0) {
			p->months = mem_grow(p->months, p->n_months, &p->months_cap, sizeof *p->months);
			p->months[p->n_months++] = (struct pages_months){ .from = date,
				.there = faccessat(p->folder->fd, name, F_OK, 0) == 0 };
			memcpy(last, name, sizeof last);
		}
		p->months[p->n_months - 1].n++;
	}
}

bool pages_write_months(struct pages *p)
{
	bool ok = true;

	list_months(p);
	/* New months before the others, which lead to them. */
	for (int turn = 0; turn < 2; turn++) {
		size_t first = 0;

		for (size_t i = 0; ok && i < p->n_months; i++) {
			if (p->months[i].there == (turn == 1))
				ok = write_month(p, i, first);
			first += p->months[i].n;
		}
	}
	return ok;
}
