#include <config.h>

#include "cmd/popfetch/visit.h"

#include <unistd.h>

#include "cli/say.h"
#include "io/file.h"
#include "mail/header/header.h"
#include "mail/header/word.h"
#include "text/csv.h"
#include "text/date.h"

/* What is told of messages that are not fetched: --list, and those that are too large. Their headers come by TOP. */

#define SHOWN_MAX 100 /* of those that are too large */

/* A field for people, UTF-8. */
static void add_field(struct buf *out, struct str header, const char *name)
{
	struct str body = header_find(header, name);
	struct buf text = { 0 };

	if (body.p != NULL && header_unfold(&text, body))
		word_decode(out, str_trim(buf_str(&text)));
	buf_free(&text);
}

static void add_date(struct buf *out, struct str header)
{
	struct str body = header_find(header, "Date");
	struct buf text = { 0 };
	int64_t when;

	if (body.p != NULL && header_unfold(&text, body) && date_parse_mail(buf_str(&text), &when))
		date_add_iso(out, when);
	buf_free(&text);
}

static void show_large(struct visit *v, size_t i, struct str header)
{
	const struct pop3_item *item = &v->pop3.items[i];
	struct buf from = { 0 };
	struct buf subject = { 0 };

	add_field(&from, header, "From");
	add_field(&subject, header, "Subject");
	say_note("%s: message %u (UID %s) is left, it has %llu bytes: from %s: %s", v->server->label,
		(unsigned)item->number, visit_uid(v, i), (unsigned long long)item->size,
		buf_len(&from) > 0 ? buf_text(&from) : "nobody",
		buf_len(&subject) > 0 ? buf_text(&subject) : "no subject");
	tally_too_large(v->tally, pop3_uid(&v->pop3, item), item->size, buf_str(&from), buf_str(&subject));
	buf_free(&from);
	buf_free(&subject);
}

/* A line of --list; header: empty where the server does not give it. */
static bool print_line(struct visit *v, size_t i, struct str header)
{
	const struct pop3_item *item = &v->pop3.items[i];
	struct buf out = { .limit = SIZE_MAX };
	struct buf cell = { 0 };
	bool ok;

	if (v->settings->account.names.n > 0) {
		csv_add_cell(&out, str_of(v->server->label), ',');
		buf_add_char(&out, ',');
	}
	buf_printf(&out, "%u,%llu,", (unsigned)item->number, (unsigned long long)item->size);
	csv_add_cell(&out, pop3_uid(&v->pop3, item), ',');
	if (v->settings->list_full) {
		add_date(&cell, header);
		buf_printf(&out, ",%s,", buf_text(&cell));
		buf_clear(&cell);
		add_field(&cell, header, "From");
		csv_add_cell(&out, buf_str(&cell), ',');
		buf_add_char(&out, ',');
		buf_clear(&cell);
		add_field(&cell, header, "Subject");
		csv_add_cell(&out, buf_str(&cell), ',');
		buf_add_text(&out, v->keys[i] == NULL ? "," : v->known[i] ? ",known" : ",new");
	}
	buf_add_char(&out, '\n');
	ok = file_write(STDOUT_FILENO, buf_str(&out), "standard output", &v->err);
	buf_free(&cell);
	buf_free(&out);
	return ok;
}

/* Once, also for several accounts. */
static bool print_head(struct visit *v)
{
	static bool printed;
	struct buf out = { 0 };
	bool ok;

	if (printed)
		return true;
	printed = true;
	buf_printf(&out, "%snumber,size,uid%s\n", v->settings->account.names.n > 0 ? "account," : "",
		v->settings->list_full ? ",date,from,subject,status" : "");
	ok = file_write(STDOUT_FILENO, buf_str(&out), "standard output", &v->err);
	buf_free(&out);
	return ok;
}

static void ask(struct visit *v, size_t i)
{
	v->fates[i] = FATE_SHOW;
	v->looks++;
	pop3_top(&v->pop3, v->pop3.items[i].number, 0);
}

bool show_list(struct visit *v)
{
	bool ok = print_head(v);

	for (size_t i = 0; i < v->pop3.n_items && ok; i++)
		if (v->settings->list_full)
			ask(v, i);
		else
			ok = print_line(v, i, STR_NONE);
	return ok;
}

void show_ask(struct visit *v)
{
	size_t n = 0;

	if (v->shown || v->tally->large == 0 || v->sink == NULL)
		return;
	v->shown = true;
	for (size_t i = 0; i < v->pop3.n_items && n < SHOWN_MAX; i++)
		if (v->fates[i] == FATE_LEAVE && plan_is_large(v, i)) {
			n++;
			if (v->pop3.caps & POP3_CAP_TOP)
				ask(v, i);
			else
				show_large(v, i, STR_NONE);
		}
}

bool show_header(struct visit *v, size_t i, struct str header)
{
	v->looks--;
	v->fates[i] = FATE_LEAVE;
	if (v->settings->list)
		return print_line(v, i, header);
	show_large(v, i, header);
	return true;
}
