#include <config.h>

#include "mail/message/mime_lines.h"

#include "base/mem.h"

struct mime_lines *mime_lines_new(struct str lines)
{
	struct mime_lines *l = mem_alloc(sizeof *l);

	buf_add(&l->raw, lines);
	mime_scan_add(&l->scan, lines);
	return l;
}

void mime_lines_free(struct mime_lines *l)
{
	if (l == NULL)
		return;
	buf_free(&l->raw);
	buf_free(&l->plain);
	buf_free(&l->qp);
	buf_free(&l->page.text);
	mem_free(l);
}

void mime_runs_scan(const struct mime_run *runs, size_t n, struct str text, struct mime_scan *scan)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		mime_scan_add(scan, str_sub(text, at, runs[i].at - at));
		if (!mime_scan_join(scan, &runs[i].lines->scan))
			mime_scan_add(scan, str_sub(text, runs[i].at, runs[i].n));
		at = runs[i].at + runs[i].n;
	}
	mime_scan_add(scan, str_sub(text, at, text.n));
}

/* Nothing of an earlier line is held, so that whole lines can follow as they were made. */
static bool begins_line(const struct mime_encoder *e)
{
	return e->encoding == MIME_QP ? e->qp.n == 0 && !e->qp.cr
				      : e->encoding == MIME_7BIT && e->text && !e->in_line && !e->cr;
}

static bool put_lines(struct mime_lines *l, struct mime_encoder *e, struct buf *out)
{
	struct buf *made = e->encoding == MIME_QP ? &l->qp : &l->plain;

	if (!begins_line(e))
		return mime_encode(e, out, buf_str(&l->raw));
	if (buf_len(made) == 0) {
		struct mime_encoder own = { .encoding = e->encoding, .text = true };
		bool ok = mime_encode(&own, made, buf_str(&l->raw)) && begins_line(&own);

		mime_encoder_free(&own);
		if (!ok) {
			buf_clear(made);
			return mime_encode(e, out, buf_str(&l->raw));
		}
	}
	return buf_add(out, buf_str(made));
}

bool mime_runs_encode(const struct mime_run *runs, size_t n, struct str text, struct mime_encoder *e, struct buf *out)
{
	size_t at = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++) {
		ok = mime_encode(e, out, str_sub(text, at, runs[i].at - at)) && put_lines(runs[i].lines, e, out);
		at = runs[i].at + runs[i].n;
	}
	return ok && mime_encode(e, out, str_sub(text, at, text.n));
}
