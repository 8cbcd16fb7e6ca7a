#include <config.h>

#include "cmd/popfetch/fetch.h"

#include "base/mem.h"
#include "cli/say.h"
#include "text/json.h"

/* What became of one account, told at its end. */

static char *copy(struct str s)
{
	return s.n > 0 ? mem_copy(s.p, s.n) : NULL;
}

void tally_refused(struct tally *t, struct str uid, struct str reason)
{
	t->refused++;
	t->refusals = mem_grow(t->refusals, t->n_refusals, &t->cap_refusals, sizeof *t->refusals);
	t->refusals[t->n_refusals++] = (struct tally_left){ .uid = copy(uid), .reason = copy(reason) };
}

void tally_too_large(struct tally *t, struct str uid, uint64_t size, struct str from, struct str subject)
{
	t->too_large = mem_grow(t->too_large, t->n_too_large, &t->cap_too_large, sizeof *t->too_large);
	t->too_large[t->n_too_large++] =
		(struct tally_left){ .uid = copy(uid), .size = size, .from = copy(from), .subject = copy(subject) };
}

static void free_left(struct tally_left *left, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		mem_free(left[i].uid);
		mem_free(left[i].reason);
		mem_free(left[i].from);
		mem_free(left[i].subject);
	}
	mem_free(left);
}

void tally_free(struct tally *t)
{
	free_left(t->refusals, t->n_refusals);
	free_left(t->too_large, t->n_too_large);
}

static void json_left(struct json *j, const char *key, const struct tally_left *left, size_t n)
{
	json_key(j, key);
	json_array(j);
	for (size_t i = 0; i < n; i++) {
		json_object(j);
		json_key(j, "uid");
		json_text(j, left[i].uid);
		if (left[i].size > 0) {
			json_key(j, "size");
			json_uint(j, left[i].size);
			json_key(j, "from");
			json_text(j, left[i].from);
			json_key(j, "subject");
			json_text(j, left[i].subject);
		} else {
			json_key(j, "reason");
			json_text(j, left[i].reason);
		}
		json_close(j, '}');
	}
	json_close(j, ']');
}

void tally_show(const struct tally *t)
{
	struct buf line = { 0 };

	buf_printf(&line, "%s: %llu of %llu messages fetched (%llu bytes)", t->account, (unsigned long long)t->fetched,
		(unsigned long long)t->listed, (unsigned long long)t->octets);
	if (t->known > 0)
		buf_printf(&line, ", %llu known", (unsigned long long)t->known);
	if (t->large > 0)
		buf_printf(&line, ", %llu too large", (unsigned long long)t->large);
	if (t->old > 0)
		buf_printf(&line, ", %llu too old", (unsigned long long)t->old);
	if (t->refused > 0)
		buf_printf(&line, ", %llu refused", (unsigned long long)t->refused);
	if (t->skipped > 0)
		buf_printf(&line, ", %llu skipped", (unsigned long long)t->skipped);
	if (t->deferred > 0)
		buf_printf(&line, ", %llu deferred", (unsigned long long)t->deferred);
	if (t->deleted > 0)
		buf_printf(&line, ", %llu deleted", (unsigned long long)t->deleted);
	if (t->marked > 0)
		buf_printf(&line, ", %llu marked as seen", (unsigned long long)t->marked);
	if (t->left > 0)
		buf_printf(&line, ", %llu left", (unsigned long long)t->left);
	say_note("%s", buf_text(&line));
	buf_free(&line);
}

void tally_show_json(const struct tally *t)
{
	struct buf out = { 0 };
	struct json j;

	json_init(&j, &out);
	json_object(&j);
	json_key(&j, "account");
	json_text(&j, t->name != NULL ? t->name : t->account);
	json_key(&j, "user");
	json_text(&j, t->user);
	const struct {
		const char *name;
		uint64_t n;
	} numbers[] = { { "listed", t->listed }, { "fetched", t->fetched }, { "octets", t->octets },
		{ "known", t->known }, { "new", t->listed - t->known }, { "left", t->left }, { "marked", t->marked },
		{ "too_old", t->old }, { "skipped", t->skipped }, { "deferred", t->deferred },
		{ "deleted", t->deleted } };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		json_key(&j, numbers[i].name);
		json_uint(&j, numbers[i].n);
	}
	json_left(&j, "refused", t->refusals, t->n_refusals);
	json_left(&j, "too_large", t->too_large, t->n_too_large);
	json_key(&j, "reason");
	json_text(&j, t->reason);
	json_key(&j, "retry_after");
	if (t->retry_after > 0)
		json_uint(&j, t->retry_after);
	else
		json_null(&j);
	json_key(&j, "seconds");
	json_seconds(&j, t->seconds);
	json_key(&j, "status");
	json_int(&j, t->status);
	json_close(&j, '}');
	buf_add_char(&out, '\n');
	say_raw(buf_str(&out));
	buf_free(&out);
}
