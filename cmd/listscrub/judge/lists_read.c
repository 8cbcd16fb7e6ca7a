#include <config.h>

#include "cmd/listscrub/judge/lists.h"

#include "io/file.h"
#include "mail/address/address.h"
#include "mail/address/domain.h"
#include "mail/list/list.h"
#include "text/utf8.h"

/* Lists of roles and of domains as others wrote them: one a line, or the first column of a table. */

#define LIST_MAX ((size_t)64 << 20)
#define SHOWN_MAX 40

/* A domain as A-labels, without the "@", "*." and the like that others put before it. */
static bool add_domain(struct set *s, struct str entry)
{
	struct buf ascii = { .limit = 0 };
	bool ok;

	while (entry.n > 1 && (entry.p[0] == '*' || entry.p[0] == '@' || entry.p[0] == '.'))
		entry = str_sub(entry, 1, entry.n);
	ok = domain_to_ascii(&ascii, entry) == DOMAIN_OK;
	if (ok)
		(void)set_add(s, buf_str(&ascii), NULL);
	buf_free(&ascii);
	return ok;
}

/* A local part in lower case; some put an "@" after it. */
static bool add_role(struct set *s, struct str entry)
{
	struct address a = { .domain_fault = 0 };
	struct buf lower = { .limit = 0 };
	size_t n = entry.n - str_ends(entry, STR_LIT("@"));
	bool ok;

	for (size_t i = 0; i < n; i++)
		buf_add_char(&lower, ascii_lower(entry.p[i]));
	buf_add_text(&lower, "@example.org");
	ok = address_parse(&a, buf_str(&lower), 0) == ADDRESS_OK;
	if (ok)
		(void)set_add(s, str_sub(buf_str(&lower), 0, n), NULL);
	address_free(&a);
	buf_free(&lower);
	return ok;
}

static void add_bad(struct safety_file *f, enum safety_kind kind, uint64_t line, struct str entry)
{
	struct buf why = { .limit = 0 };

	buf_add_char(&why, '\'');
	utf8_show(&why, entry, SHOWN_MAX);
	buf_add_text(&why, kind == SAFETY_DOMAIN ? "' is not a domain" : "' is not a role (the part before the @)");
	safety_bad(f, line, buf_text(&why));
	buf_free(&why);
}

static void take_row(struct set *s, struct safety_file *f, enum safety_kind kind, const struct csv_row *row)
{
	struct str entry = row->cells[0].value;
	bool first = !f->begun;

	entry = address_trim(str_sub(entry, 0, str_find(entry, '#')));
	if (entry.n == 0)
		return;
	f->begun = true;
	if (first && str_among(entry, kind == SAFETY_DOMAIN ? "domain domains" : "role roles"))
		f->named = true;
	else if (kind == SAFETY_DOMAIN ? add_domain(s, entry) : add_role(s, entry))
		f->entries[kind]++;
	else
		add_bad(f, kind, row->line, entry);
}

bool lists_read(struct set *s, struct safety_file *f, enum safety_kind kind, const char *path, bool allow_empty,
	struct err *err)
{
	const struct list_asked asked = { .name = f->name, .header = LIST_HEADER_NO };
	struct list_reader list = { .told = false };
	struct buf octets = { .limit = LIST_MAX };
	struct csv_row row;
	enum csv_event event = CSV_END;

	if (file_is_directory(path))
		return err_set(err, ERR_DATA, "%s is " LIST_NOT_DIRECTORY, path);
	bool ok = file_read(path, LIST_MAX, &octets, err);

	if (ok) {
		list_reader_init(&list, &asked);
		memcpy(list_reader_room(&list, buf_len(&octets) + 1), buf_str(&octets).p, buf_len(&octets));
		(void)list_reader_fed(&list, buf_len(&octets));
		(void)list_reader_eof(&list);
		while ((event = list_reader_next(&list, &row, err)) == CSV_ROW)
			take_row(s, f, kind, &row);
		list_reader_free(&list);
	}
	buf_free(&octets);
	return ok && event == CSV_END && safety_check(f, allow_empty, err);
}
