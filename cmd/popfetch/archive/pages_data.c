#include <config.h>

#include "cmd/popfetch/archive/pages_state.h"

#include <stdio.h>

#include "text/json.h"

/*
 * What archive.js searches. A page on a disk may not read other files but as scripts, so each piece is one call
 * of a function. Messages are in the order in which they came, so that a later run changes the last piece and
 * adds others.
 */

static void add_message(struct pages *p, struct json *j, size_t i)
{
	const struct record *r = &p->record;
	uint32_t thread = p->thread[i];
	uint64_t n = 0;
	char path[64];

	json_array(j);
	json_str(j, r->key);
	json_str(j, r->date);
	json_str(j, r->from);
	json_str(j, r->to);
	json_str(j, r->subject);
	(void)str_number(r->size, UINT64_MAX, &n);
	json_uint(j, n);
	n = 0;
	(void)str_number(r->attachments, UINT64_MAX, &n);
	json_uint(j, n);
	json_uint(j, p->sizes[thread]);
	pages_thread_path(path, p->catalog->threads.threads[thread].name);
	json_text(j, p->sizes[thread] > 1 ? path : "");
	json_close(j, ']');
}

static bool write_piece(struct pages *p, size_t number)
{
	size_t first = number * PAGES_DATA;
	struct json j;
	char name[32];
	bool ok = true;

	buf_clear(&p->out);
	buf_printf(&p->out, "popfetchArchive(%zu,", number);
	json_init(&j, &p->out);
	json_array(&j);
	for (size_t i = first; ok && i < p->catalog->n && i < first + PAGES_DATA; i++) {
		ok = pages_read(p, i);
		if (ok) {
			buf_add_text(&p->out, "\n");
			add_message(p, &j, i);
		}
	}
	json_close(&j, ']');
	buf_add_text(&p->out, ");\n");
	snprintf(name, sizeof name, "data/%zu.js", number);
	return ok && pages_put(p, name);
}

bool pages_write_data(struct pages *p)
{
	bool ok = true;

	for (size_t i = 0; ok && i * PAGES_DATA < p->catalog->n; i++)
		ok = write_piece(p, i);
	return ok;
}
