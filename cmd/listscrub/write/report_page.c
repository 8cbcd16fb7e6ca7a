#include <config.h>

#include "cmd/listscrub/write/report_page.h"

#include "base/mem.h"
#include "cmd/listscrub/judge/judge.h"
#include "cmd/listscrub/judge/mx.h"
#include "cmd/listscrub/settings.h"
#include "cmd/listscrub/read/input.h"
#include "cmd/listscrub/returns/bounces.h"
#include "cmd/listscrub/write/findings.h"
#include "cmd/listscrub/write/report.h"
#include "io/clock.h"
#include "mail/address/domain.h"
#include "text/date.h"
#include "text/html.h"
#include "text/utf8.h"

#define TOP_DOMAINS 20
#define BAR_WIDTH 420u
#define LISTS_SHOWN 5
#define NAME_SHOWN 120
#define LIST_SHOWN 600
#define DOMAIN_SHOWN 80

/* Digits in groups of three with a thin no-break space, which reads well in every language. */
static void number(struct buf *out, uint64_t n)
{
	char digits[24];
	unsigned count = 0;

	do {
		digits[count++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	while (count-- > 0) {
		buf_add_char(out, digits[count]);
		if (count > 0 && count % 3 == 0)
			buf_add_text(out, "\xe2\x80\xaf");
	}
}

static unsigned scaled(uint64_t n, uint64_t most, unsigned width)
{
	unsigned w = most > 0 ? (unsigned)((double)n / (double)most * width) : 0;

	return n > 0 && w == 0 ? 1 : w;
}

/* Of the whole, in tenths of a hundredth; neither nothing nor all is said of what is some. */
static void percent(struct buf *out, uint64_t n, uint64_t whole)
{
	unsigned tenths = whole > 0 ? (unsigned)((double)n / (double)whole * 1000 + 0.5) : 0;

	bool few = n > 0 && tenths == 0;
	bool most = n < whole && tenths == 1000;

	tenths = few ? 1 : most ? 999 : tenths;
	buf_printf(out, "%s%u.%u\xe2\x80\xaf%%", few ? "&lt;" : most ? "&gt;" : "", tenths / 10, tenths % 10);
}

/* What a list says, as it may be shown: cut to a length, without control characters, and with no say in the direction
 * of what stands around it. */
static void shown(struct buf *out, struct str s, size_t most)
{
	struct buf text = { .limit = 0 };

	utf8_show(&text, s, most);
	buf_add_text(out, "<bdi>");
	html_add(out, buf_str(&text));
	buf_add_text(out, "</bdi>");
	buf_free(&text);
}

/* A bar: the part that is kept, the part that is not, on a track as long as the longest. */
static void bar(struct buf *out, uint64_t kept, uint64_t dropped, uint64_t most)
{
	unsigned k = scaled(kept, most, BAR_WIDTH);
	unsigned d = scaled(dropped, most, BAR_WIDTH);

	buf_printf(out,
		"<svg viewBox=\"0 0 %u 14\" height=\"14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
		"<rect class=\"g\" y=\"6\" width=\"%u\" height=\"2\"/>",
		BAR_WIDTH, BAR_WIDTH);
	if (k > 0)
		buf_printf(out, "<rect class=\"k\" width=\"%u\" height=\"14\" rx=\"2\"/>", k);
	if (d > 0)
		buf_printf(out, "<rect class=\"d\" x=\"%u\" width=\"%u\" height=\"14\" rx=\"2\"/>", k, d);
	buf_add_text(out, "</svg>");
}

static void tile(struct buf *out, uint64_t n, const char *text)
{
	buf_add_text(out, "<div class=\"tile\"><b>");
	number(out, n);
	buf_printf(out, "</b><span>%s</span></div>\n", text);
}

static void add_tiles(struct buf *out, const struct counts *c)
{
	buf_add_text(out, "<div class=\"tiles\">\n");
	tile(out, c->read, "rows read");
	tile(out, c->kept, "kept");
	tile(out, c->read - c->kept, "rejected");
	tile(out, c->normalised, "addresses put into normal form");
	if (c->suggestions > 0)
		tile(out, c->suggestions, "likely typing errors");
	if (c->elsewhere > 0)
		tile(out, c->elsewhere, "rows of other shares");
	buf_add_text(out, "</div>\n");
}

static void add_whole(struct buf *out, const struct counts *c)
{
	buf_add_text(out, "<div class=\"whole\">");
	bar(out, c->kept, c->read - c->kept, c->read);
	buf_add_text(out, "<p><span><i class=\"k\"></i>");
	percent(out, c->kept, c->read);
	buf_add_text(out, " kept</span><span><i class=\"d\"></i>");
	percent(out, c->read - c->kept, c->read);
	buf_add_text(out, " rejected</span></p></div>\n");
}

/* Reasons that there are, by their counts; of equal ones the one that is tried first. Returns how many. */
static size_t sort_reasons(const struct counts *c, unsigned order[REASON_COUNT])
{
	size_t n = 0;

	for (unsigned r = REASON_NONE + 1; r < REASON_COUNT; r++) {
		size_t at = n;

		if (c->rejected[r] == 0)
			continue;
		for (; at > 0 && c->rejected[order[at - 1]] < c->rejected[r]; at--)
			order[at] = order[at - 1];
		order[at] = r;
		n++;
	}
	return n;
}

static void add_reasons(struct buf *out, const struct counts *c)
{
	unsigned order[REASON_COUNT];
	size_t n = sort_reasons(c, order);
	uint64_t most = n > 0 ? c->rejected[order[0]] : 0;

	if (most == 0) {
		buf_add_text(out, "<h2>Reasons</h2>\n<p>Every row was kept.</p>\n");
		return;
	}
	buf_add_text(out, "<h2>Reasons</h2>\n<table>\n");
	for (size_t i = 0; i < n; i++) {
		unsigned r = order[i];

		buf_printf(out, "<tr><td>%s<br><small>%s</small></td><td class=\"n\">", reason_name((enum reason)r),
			reason_text((enum reason)r));
		number(out, c->rejected[r]);
		buf_add_text(out, "</td><td class=\"n s\">");
		percent(out, c->rejected[r], c->read);
		buf_add_text(out, "</td><td class=\"b\">");
		bar(out, 0, c->rejected[r], most);
		buf_add_text(out, "</td></tr>\n");
	}
	buf_add_text(out, "</table>\n");
}

static void add_examples(struct buf *out, const struct report *r)
{
	buf_add_text(out, "<h2>Examples</h2>\n");
	for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		const struct report_example *e = &r->examples[i];

		if (e->rows[0] == NULL)
			continue;
		buf_printf(out, "<details><summary>%s</summary><ul>", reason_name((enum reason)i));
		for (size_t k = 0; k < REPORT_EXAMPLES && e->rows[k] != NULL; k++) {
			buf_add_text(out, "<li>");
			html_add(out, str_of(e->rows[k]));
			buf_add_text(out, "</li>");
		}
		buf_add_text(out, "</ul></details>\n");
	}
}

/* --- domains --- */

static uint64_t rows_of(const struct report *r, size_t i)
{
	return r->counts[i].kept + r->counts[i].rejected;
}

/* The entries with most rows, in falling order; of equal ones the first seen. Returns how many. */
static size_t top_domains(const struct report *r, size_t top[TOP_DOMAINS])
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		size_t at = n;

		while (at > 0 && rows_of(r, i) > rows_of(r, top[at - 1]))
			at--;
		if (at == TOP_DOMAINS)
			continue;
		if (n < TOP_DOMAINS)
			n++;
		for (size_t k = n - 1; k > at; k--)
			top[k] = top[k - 1];
		top[at] = i;
	}
	return n;
}

static void add_domain_name(struct buf *out, struct str ascii)
{
	struct buf unicode = { .limit = 0 };
	bool ok = domain_to_unicode(&unicode, ascii) == DOMAIN_OK;

	/* (A domain in A-labels needs no escaping.) */
	if (ascii.n > DOMAIN_SHOWN)
		buf_printf(out, "<td class=\"t\" title=\"%.*s\">", STR_ARGS(ascii));
	else
		buf_add_text(out, "<td class=\"t\">");
	shown(out, ok ? buf_str(&unicode) : ascii, DOMAIN_SHOWN);
	buf_add_text(out, "</td>");
	buf_free(&unicode);
}

static void add_domains(struct buf *out, const struct report *r)
{
	size_t top[TOP_DOMAINS];
	size_t n = top_domains(r, top);

	buf_add_text(out, "<h2>Domains</h2>\n<p>");
	number(out, r->n);
	buf_printf(out, " different domain%s%s</p>\n<table>\n", r->n == 1 ? "" : "s",
		r->n > n ? "; those with most rows:" : ".");
	buf_add_text(out, "<tr><th>domain</th><th class=\"n\">kept</th><th class=\"n\">rejected</th><th></th></tr>\n");
	for (size_t i = 0; i < n; i++) {
		const struct set_entry *e = &r->domains.entries[top[i]];
		const struct report_domain *d = &r->counts[top[i]];

		buf_add_text(out, "<tr>");
		add_domain_name(out, str_at(e->p, e->n));
		buf_add_text(out, "<td class=\"n\">");
		number(out, d->kept);
		buf_add_text(out, "</td><td class=\"n\">");
		number(out, d->rejected);
		buf_add_text(out, "</td><td class=\"b\">");
		bar(out, d->kept, d->rejected, rows_of(r, top[0]));
		buf_add_text(out, "</td></tr>\n");
	}
	buf_add_text(out, "</table>\n");
}

/* --- what a reader should know besides --- */

static void note(struct buf *out, uint64_t n, const char *text)
{
	if (n == 0)
		return;
	buf_printf(out, "<li>%s: ", text);
	number(out, n);
	buf_add_text(out, "</li>\n");
}

static void add_lists(struct buf *out, const struct safety *lists)
{
	struct buf text = { .limit = 0 };

	for (size_t i = 0; i < lists->n; i++) {
		buf_clear(&text);
		safety_add_text(&text, &lists->files[i]);
		buf_add_text(out, "<li>");
		shown(out, buf_str(&text), LIST_SHOWN);
		buf_add_text(out, "</li>\n");
	}
	buf_free(&text);
}

static void add_returns(struct buf *out, const struct bounces *b)
{
	const char *reason;
	uint64_t n;

	note(out, b->counts.messages, "Messages that came back");
	note(out, b->counts.reports, "Reports found in them, and in results");
	note(out, b->counts.unproved, "Reports without proof that they are about mail of ours");
	note(out, b->counts.kinds[DSN_IS_UNKNOWN], "Messages that were not understood");
	for (size_t i = 0; bounces_count(b, i, &reason, &n); i++) {
		struct buf text = { .limit = 0 };

		buf_printf(&text, "Addresses that are rejected for: %s", reason);
		note(out, n, buf_text(&text));
		buf_free(&text);
	}
}

static void add_notes(struct buf *out, const struct findings *f)
{
	buf_add_text(out, "<h2>What else was found</h2>\n<ul>\n");
	note(out, f->counts->padded, "Rows kept that had too few cells, or blank ones too many");
	note(out, f->counts->blank, "Blank rows (not counted as read)");
	note(out, f->judge->unread.active, "Dates of activity that could not be read (those rows are kept)");
	note(out, f->judge->unread.active_contested,
		"Dates of activity that may have the day or the month first (those rows are kept)");
	note(out, f->judge->unread.consent, "Cells that say neither yes nor no (those rows have no consent)");
	note(out, f->judge->unread.opt_out, "Cells of --opt-out that say neither yes nor no (those rows are dropped)");
	note(out, f->judge->unread.newest, "Dates that could not be read (they count as the oldest)");
	note(out, f->judge->unread.newest_contested,
		"Dates that may have the day or the month first (the earlier reading counts)");
	note(out, f->judge->unread.hashes, "Addresses of which a hash could not be computed (those rows are rejected)");
	add_lists(out, &f->judge->suppress.files);
	add_lists(out, &f->judge->lists.files);
	if (f->judge->bounces != NULL)
		add_returns(out, f->judge->bounces);
	if (f->mx != NULL && f->mx->stopped) {
		buf_add_text(out, "<li>The domains were not judged: ");
		html_add(out, str_of(f->mx->why));
		buf_add_text(out, "</li>\n");
	} else if (f->mx != NULL) {
		note(out, f->mx->domains.used, "Domains looked up, or known from the cache");
		note(out, f->mx->temporary, "Domains without an answer for now (their rows are kept)");
	}
	if (f->in->foreign_line > 0)
		buf_add_text(out,
			"<li>The list is not UTF-8: it was read as Windows-1252 and is written as UTF-8.</li>\n");
	else if (f->in->form.encoding != LIST_UTF8)
		buf_add_text(out, "<li>The list is UTF-16; it is written as UTF-8.</li>\n");
	buf_add_text(out,
		"<li>No mail server was asked about any address: that would tell strangers about the list "
		"and prove nothing.</li>\n</ul>\n");
}

/* Which lists, and when: "2026-11-23 08:05 UTC". */
static void add_title(struct buf *out, const struct input *in)
{
	struct buf date = { .limit = 0 };

	buf_add_text(out, "<p class=\"when\">");
	for (size_t i = 0; i < in->n && i < LISTS_SHOWN; i++) {
		const char *name = in->files[i].name;

		buf_add_text(out, i > 0 ? ", " : "");
		shown(out, str_of(strcmp(name, "-") == 0 ? "standard input" : name), NAME_SHOWN);
	}
	if (in->n > LISTS_SHOWN)
		buf_printf(out, " and %zu more", in->n - LISTS_SHOWN);
	date_add_iso(&date, clock_wall());
	buf_printf(out, " \xc2\xb7 %.10s %.5s UTC</p>\n", buf_text(&date), buf_text(&date) + 11);
	buf_free(&date);
}

void report_page(struct buf *out, const struct report *r, const struct findings *f)
{
	buf_add_text(out, report_page_head);
	add_title(out, f->in);
	add_tiles(out, f->counts);
	if (f->counts->read > 0) {
		add_whole(out, f->counts);
		add_reasons(out, f->counts);
	} else {
		buf_add_text(out, "<p>There was no row to judge.</p>\n");
	}
	if (r->n > 0)
		add_domains(out, r);
	if (f->counts->read > f->counts->kept)
		add_examples(out, r);
	add_notes(out, f);
	buf_add_text(out, "<footer>Made by listscrub " PACKAGE_VERSION ".</footer>\n</main>\n</body>\n</html>\n");
}
