#include <config.h>

#include "cmd/mailbulk/check/findings.h"

#include <string.h>

#include "base/mem.h"
#include "cmd/mailbulk/check/preflight.h"
#include "text/json.h"

static struct finding *find(struct findings *f, const char *rule, bool error)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->all[i].rule, rule) == 0 && f->all[i].error == error)
			return &f->all[i];
	f->all = mem_resize(f->all, f->n + 1, sizeof *f->all);
	f->all[f->n] = (struct finding){ .rule = rule, .error = error };
	return &f->all[f->n++];
}

void findings_add(struct findings *f, const char *rule, bool error, uint64_t line, const char *text)
{
	struct finding *found = find(f, rule, error);

	found->count++;
	if (found->n_rows < FINDING_ROWS)
		found->rows[found->n_rows++] =
			(struct finding_row){ .line = line, .text = mem_copy(text, strlen(text)) };
}

void findings_free(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < f->all[i].n_rows; k++)
			mem_free(f->all[i].rows[k].text);
	mem_free(f->all);
	*f = (struct findings){ .n = 0 };
}

static void add_finding(struct json *j, const struct finding *f)
{
	json_object(j);
	json_key(j, "rule");
	json_text(j, f->rule);
	json_key(j, "severity");
	json_text(j, f->error ? "error" : "warning");
	json_key(j, "count");
	json_uint(j, f->count);
	json_key(j, "text");
	json_text(j, f->rows[0].text);
	json_key(j, "rows");
	json_array(j);
	for (size_t i = 0; i < f->n_rows; i++) {
		if (f->rows[i].line == 0)
			continue;
		json_object(j);
		json_key(j, "line");
		json_uint(j, f->rows[i].line);
		json_key(j, "text");
		json_text(j, f->rows[i].text);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

void findings_json(const struct preflight *p, int status, struct buf *out)
{
	const struct {
		const char *name;
		uint64_t n;
	} counts[] = { { "messages", p->rows }, { "suppressed", p->suppressed }, { "duplicates", p->duplicates },
		{ "bad", p->bad }, { "largest", p->largest }, { "errors", p->errors }, { "warnings", p->warnings } };
	struct json j;

	json_init(&j, out);
	json_object(&j);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		json_key(&j, counts[i].name);
		json_uint(&j, counts[i].n);
	}
	json_key(&j, "status");
	json_int(&j, status);
	json_key(&j, "findings");
	json_array(&j);
	for (size_t i = 0; i < p->findings.n; i++)
		add_finding(&j, &p->findings.all[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	buf_add_char(out, '\n');
}
