#include <config.h>

#include "cmd/listscrub/returns/gone.h"

#include <gnutls/crypto.h>

#include "base/mem.h"
#include "mail/address/address.h"
#include "text/csv.h"
#include "text/date.h"
#include "text/hex.h"
#include "text/utf8.h"

/* What came back, printed; and one person taken out of the files. */

void gone_print(const struct bounces *b, struct buf *out)
{
	struct sheet s;

	sheet_begin(&s, gone_columns);
	for (size_t i = 0; i < b->n; i++) {
		const struct bounce *e = &b->entries[i];
		enum dsn_class class = DSN_NOTHING;
		const struct bounce_word *w = bounces_verdict(b, e, &class);

		if (w != NULL)
			gone_fill(&s, sheet_row(&s, bounces_text(b, e->key), bounces_text(b, e->address)), b, w, class);
	}
	sheet_add_text(&s, out);
	sheet_close(&s);
}

void gone_yes_print(const struct bounces *b, struct buf *out)
{
	struct sheet s;

	sheet_begin(&s, gone_yes_columns);
	for (size_t i = 0; i < b->n; i++) {
		const struct bounce *e = &b->entries[i];

		if (bounces_is_confirmed(b, e))
			gone_yes_fill(&s, sheet_row(&s, bounces_text(b, e->key), bounces_text(b, e->address)), b, e);
	}
	sheet_add_text(&s, out);
	sheet_close(&s);
}

static void add_cell(struct buf *out, struct str s)
{
	struct buf clean = { .limit = 0 };

	utf8_show(&clean, s, 300);
	csv_add_cell(out, buf_str(&clean), ',');
	buf_free(&clean);
}

void gone_print_unproved(const struct bounces *b, struct buf *out)
{
	buf_add_text(out, "email,reason,code,date,source,words\n");
	for (size_t i = 0; i < b->n_claims; i++) {
		const struct claim *c = &b->claims[i];
		const struct bounce_word w = { .reason = c->reason };

		if (c->proved && !c->dropped)
			continue;
		add_cell(out, bounces_text(b, c->address));
		buf_printf(out, ",%s,", c->class == DSN_NOTHING ? "confirm" : bounces_reason(&w, c->class));
		add_cell(out, bounces_text(b, c->code));
		buf_add_char(out, ',');
		if (c->when != 0)
			(void)date_add_iso(out, c->when);
		buf_add_char(out, ',');
		add_cell(out, bounces_text(b, c->source));
		buf_add_char(out, ',');
		add_cell(out, bounces_text(b, c->words));
		buf_add_char(out, '\n');
	}
}

/* --- forgetting --- */

bool gone_forget(struct sheet *s, const char *address, bool hash, struct err *err)
{
	struct address a = { .domain_fault = 0 };
	struct buf key = { .limit = 0 };
	struct buf cell = { .limit = 0 };
	unsigned char sum[32];
	char hex[65];
	size_t row;
	bool ok = address_parse(&a, str_of(address), ADDRESS_QUOTED | ADDRESS_LITERALS) == ADDRESS_OK;

	address_free(&a);
	if (!ok)
		return err_set(err, ERR_USAGE, "--forget: '%s' is not an address", address);
	sheet_key(&key, str_of(address));
	row = sheet_find(s, buf_str(&key));
	if (row != SIZE_MAX)
		sheet_remove(s, row);
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, buf_str(&key).p, buf_len(&key), sum) != 0)
		mem_die();
	hex_encode(hex, sum, 32);
	buf_printf(&cell, "sha256:%.64s", hex);
	if (hash && sheet_find(s, buf_str(&cell)) == SIZE_MAX)
		(void)sheet_row(s, buf_str(&cell), buf_str(&cell));
	buf_free(&key);
	buf_free(&cell);
	return true;
}
