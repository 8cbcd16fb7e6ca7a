#include <config.h>

#include "cmd/popfetch/archive/pages_state.h"

#include <stdio.h>

#include "mail/page/page.h"
#include "text/date.h"
#include "text/html.h"

/* What the pages of lists have in common. */

bool pages_read(struct pages *p, size_t i)
{
	return catalog_read(p->catalog, i, &p->line, &p->record, p->err);
}

bool pages_put(struct pages *p, const char *name)
{
	return !p->out.full ? folder_update(p->folder, name, buf_str(&p->out), p->err)
			    : err_set(p->err, ERR_SOFTWARE, "%s/%s: the page is too long", p->folder->path, name);
}

/* --- names --- */

void pages_message_path(char path[64], struct str key)
{
	snprintf(path, 64, "messages/%.2s/%.30s.html", key.p, key.p + 2);
}

void pages_thread_path(char path[64], uint64_t name)
{
	snprintf(path, 64, "threads/%03x.html#t%016llx", (unsigned)(name >> 52), (unsigned long long)name);
}

void pages_month(char name[16], int64_t date)
{
	struct buf iso = { .limit = 0 };

	if (date != CATALOG_UNDATED && date_add_iso(&iso, date))
		snprintf(name, 16, "%.7s.html", buf_text(&iso));
	else
		snprintf(name, 16, "undated.html");
	buf_free(&iso);
}

void pages_add_month(struct buf *out, int64_t date)
{
	static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August",
		"September", "October", "November", "December" };
	char name[16];
	uint64_t month = 0;

	pages_month(name, date);
	if (date != CATALOG_UNDATED && str_number(str_at(name + 5, 2), 12, &month) && month > 0)
		buf_printf(out, "%s %.4s", months[month - 1], name);
	else
		buf_add_text(out, "Without a date");
}

/* --- what all have --- */

void pages_begin(struct pages *p, const char *title, const char *up, bool with_script)
{
	buf_clear(&p->out);
	buf_add_text(&p->out, "<!doctype html>\n<html lang=\"en\">\n<head>\n");
	if (with_script)
		buf_add_text(&p->out,
			"<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
			"<meta name=\"color-scheme\" content=\"light dark\">\n"
			"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'self' file:; "
			"style-src 'self' file:; base-uri 'none'; form-action 'none'\">\n");
	else
		page_add_meta(&p->out, true);
	buf_printf(&p->out, "<title>%s</title>\n<link rel=\"stylesheet\" href=\"%sstyle.css\">\n", title, up);
	if (with_script)
		buf_printf(&p->out, "<script defer src=\"%sarchive.js\"></script>\n", up);
	buf_add_text(&p->out, "</head>\n<body>\n");
}

void pages_end(struct pages *p)
{
	buf_add_text(&p->out, "</main>\n</body>\n</html>\n");
}

void pages_table(struct pages *p, const char *caption)
{
	buf_printf(&p->out,
		"<table class=\"list\"><caption>%s</caption>\n<thead><tr><th scope=\"col\" class=\"d\">Date (UTC)</th>"
		"<th scope=\"col\" class=\"f\">From</th><th scope=\"col\" class=\"s\">Subject</th>"
		"<th scope=\"col\" class=\"n\">Size</th></tr></thead>\n<tbody>\n",
		caption);
}

void pages_table_end(struct pages *p)
{
	buf_add_text(&p->out, "</tbody></table>\n");
}

/* "12 kB", as archive.js has it too. */
static void add_size(struct buf *out, struct str size)
{
	uint64_t n = 0;

	(void)str_number(size, UINT64_MAX, &n);
	if (n < 1000)
		buf_printf(out, "%llu B", (unsigned long long)n);
	else if (n < 1000000)
		buf_printf(out, "%llu kB", (unsigned long long)(n + 500) / 1000);
	else
		buf_printf(out, "%llu.%llu MB", (unsigned long long)(n / 1000000),
			(unsigned long long)(n / 100000 % 10));
}

void pages_add_row(struct pages *p, size_t i, const char *up)
{
	const struct record *r = &p->record;
	struct buf *out = &p->out;
	uint32_t thread = p->thread[i];
	char path[64];

	/* (A number or a date of the file is no more trusted than the rest.) */
	buf_add_text(out, "<tr><td class=\"d\">");
	html_add(out, str_sub(r->date, 0, 10));
	buf_add_text(out, " ");
	html_add(out, str_sub(r->date, 11, 5));
	buf_add_text(out, "</td><td class=\"f\">");
	page_add_shown(out, r->from, 300);
	pages_message_path(path, r->key);
	buf_printf(out, "</td><td class=\"s\"><a href=\"%s%s\">", up, path);
	page_add_shown(out, r->subject.n > 0 ? r->subject : STR_LIT("(no subject)"), 500);
	buf_add_text(out, "</a>");
	if (r->attachments.n > 0 && !str_eq(r->attachments, STR_LIT("0"))) {
		buf_add_text(out, " <small>");
		html_add(out, r->attachments);
		buf_printf(out, " file%s</small>", str_eq(r->attachments, STR_LIT("1")) ? "" : "s");
	}
	if (p->sizes[thread] > 1 && *up == '\0') {
		pages_thread_path(path, p->catalog->threads.threads[thread].name);
		buf_printf(out, " <a class=\"t\" href=\"%s\">thread of %u</a>", path, p->sizes[thread]);
	}
	buf_add_text(out, "</td><td class=\"n\" data-n=\"");
	html_add(out, r->size);
	buf_add_text(out, "\">");
	add_size(out, r->size);
	buf_add_text(out, "</td></tr>\n");
}
