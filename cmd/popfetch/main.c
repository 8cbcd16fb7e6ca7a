#include <config.h>

#include "cmd/popfetch/fetch.h"

#include "cli/drive.h"
#include "cli/say.h"
#include "text/json.h"

static void show_text(const struct tally *t)
{
	struct buf line = { 0 };

	buf_printf(&line, "%s: %llu of %llu messages fetched (%llu octets)", t->account, (unsigned long long)t->fetched,
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
	say_note("%s", buf_text(&line));
	buf_free(&line);
}

static void show_json(const struct tally *t)
{
	struct buf out = { 0 };
	struct json j;

	json_init(&j, &out);
	json_object(&j);
	json_key(&j, "account");
	json_text(&j, t->account);
	const struct {
		const char *name;
		uint64_t n;
	} numbers[] = { { "listed", t->listed }, { "fetched", t->fetched }, { "octets", t->octets },
		{ "known", t->known }, { "too_large", t->large }, { "too_old", t->old }, { "refused", t->refused },
		{ "skipped", t->skipped }, { "deferred", t->deferred }, { "deleted", t->deleted } };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		json_key(&j, numbers[i].name);
		json_uint(&j, numbers[i].n);
	}
	json_key(&j, "seconds");
	json_seconds(&j, t->seconds);
	json_key(&j, "status");
	json_int(&j, t->status);
	json_close(&j, '}');
	buf_add_char(&out, '\n');
	say_raw(buf_str(&out));
	buf_free(&out);
}

static int one(const struct settings *s, const char *name)
{
	struct tally tally;
	int status = fetch_account(s, name, &tally);

	if (s->summary != NULL)
		show_json(&tally);
	else if (!s->list && (status == 0 || tally.listed > 0))
		show_text(&tally);
	return status;
}

int main(int argc, char **argv)
{
	static struct settings s;
	struct err err = { 0 };
	int status = 0;

	say_init(argc > 0 ? argv[0] : "popfetch");
	drive_signals();
	if (!settings_parse(&s, argc, argv, &err))
		return say_fail(&err);
	if (s.account.names.n == 0)
		return one(&s, NULL);
	/* One account in trouble does not keep the others from their mail; the first trouble is the status. */
	for (size_t i = 0; i < s.account.names.n && drive_stop_signal() == 0; i++) {
		int its = one(&s, s.account.names.values[i]);

		status = status == 0 ? its : status;
	}
	return status;
}
