#include <config.h>

#include "cmd/listscrub/write/report.h"

#include "base/mem.h"
#include "cmd/listscrub/judge/batch.h"
#include "cmd/listscrub/judge/judge.h"
#include "cmd/listscrub/read/input.h"
#include "cmd/listscrub/settings.h"
#include "cmd/listscrub/write/findings.h"
#include "cmd/listscrub/write/report_page.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"
#include "text/utf8.h"

#define SHOWN_MAX 120

void report_init(struct report *r)
{
	random_seed(&r->domains);
	r->examples = mem_array(REASON_COUNT, sizeof *r->examples);
}

void report_free(struct report *r)
{
	for (size_t i = 0; r->examples != NULL && i < REASON_COUNT; i++)
		for (size_t k = 0; k < REPORT_EXAMPLES; k++)
			mem_free(r->examples[i].rows[k]);
	mem_free(r->examples);
	mem_free(r->counts);
	set_free(&r->domains);
}

static void count_domain(struct report *r, const struct pending *p)
{
	bool added;
	struct set_entry *e = set_add(&r->domains, p->more->domain, &added);

	if (added) {
		r->counts = mem_grow(r->counts, r->n, &r->cap, sizeof *r->counts);
		e->value = r->n;
		r->counts[r->n++] = (struct report_domain){ .kept = 0 };
	}
	if (p->reason == REASON_NONE)
		r->counts[e->value].kept++;
	else
		r->counts[e->value].rejected++;
}

/* Between U+2068 and U+2069: what is written from right to left turns round nothing beside it. */
static void add_shown(struct buf *text, struct str s)
{
	buf_add_text(text, "\xe2\x81\xa8"); /* NOLINT(misc-misleading-bidirectional): closed below */
	utf8_show(text, s, SHOWN_MAX);
	buf_add_text(text, "\xe2\x81\xa9");
}

/* "line 12: joe@@example: the address has …", as it may be shown. */
static void keep_example(struct report_example *example, const struct pending *p)
{
	const struct pending_more *more = p->more;
	struct buf text = { .limit = 0 };
	size_t i = 0;

	while (i < REPORT_EXAMPLES && example->rows[i] != NULL)
		i++;
	if (i == REPORT_EXAMPLES)
		return;
	buf_printf(&text, "line %llu: ", (unsigned long long)p->line);
	add_shown(&text, more->cell.p != NULL ? more->cell : p->raw);
	if (pending_detail(p).n > 0) {
		buf_add_text(&text, " \xe2\x80\x94 ");
		add_shown(&text, pending_detail(p));
	}
	example->rows[i] = mem_copy(buf_text(&text), buf_len(&text));
	buf_free(&text);
}

void report_row(struct report *r, const struct pending *p)
{
	if (p->more->domain.n > 0)
		count_domain(r, p);
	if (p->reason != REASON_NONE)
		keep_example(&r->examples[p->reason], p);
}

bool report_check(const char *path, struct err *err)
{
	struct file_new file = { .fd = -1 };
	bool ok = file_new_begin(&file, path, 0666, err);

	file_new_abort(&file);
	return ok;
}

bool report_write(const struct report *r, const struct findings *f, const char *path, struct err *err)
{
	struct buf page = { .limit = 0 };
	struct file_new file = { .fd = -1 };
	bool ok;

	report_page(&page, r, f);
	ok = file_new_begin(&file, path, 0666, err) && file_write(file.fd, buf_str(&page), path, err) &&
		file_new_commit(&file, err);
	file_new_abort(&file);
	buf_free(&page);
	return ok;
}
