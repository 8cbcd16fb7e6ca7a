#include <config.h>

#include "base/mem.h"
#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/returns/dsn_state.h"

/* What a message shows of itself, kept for those who know what was sent. */

#define FACTS_MOST ((size_t)32 << 10)

static void add_id(struct buf *out, struct str header)
{
	struct buf line = { .limit = 4096 };
	struct str id;

	header_unfold(&line, header_find(header, "Message-ID"));
	id = str_trim(buf_str(&line));
	if (str_starts(id, STR_LIT("<")))
		id = str_sub(id, 1, str_find(id, '>') - 1);
	buf_add(out, str_sub(id, 0, 500));
	buf_free(&line);
}

static void add_addresses(struct buf *out, struct str header, const char *name)
{
	struct address_list list = { 0 };

	address_list_init(&list, header_find(header, name));
	while (address_list_next(&list) == 1 && buf_len(&list.bare) < 400 && buf_add(out, buf_str(&list.bare)))
		buf_add_char(out, ' ');
	address_list_free(&list);
}

static bool is_automatic(const struct dsn_mail *m, enum dsn_kind kind)
{
	struct str submitted = str_trim(header_find(m->header, "Auto-Submitted"));

	return kind == DSN_IS_AWAY || kind == DSN_IS_BOUNCE || kind == DSN_IS_NOTICE || m->server ||
		(submitted.n > 0 && !str_ieq(submitted, STR_LIT("no"))) ||
		dsn_is(str_trim(header_find(m->header, "Precedence")), "bulk|junk|list|auto_reply");
}

/* Slices are made when nothing moves any more: first their ends are noted. */
void dsn_take_facts(struct dsn *d, const struct dsn_mail *m, enum dsn_kind kind)
{
	static const char *const fields[] = { "To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To" };
	struct buf all = { .limit = FACTS_MOST };
	struct dsn_facts *f = &d->facts;
	size_t ends[6];
	const char *p;

	add_id(&all, m->header);
	ends[0] = buf_len(&all);
	add_id(&all, buf_str(&m->returned));
	ends[1] = buf_len(&all);
	buf_add(&all, buf_str(&m->sender));
	ends[2] = buf_len(&all);
	buf_add(&all, str_sub(buf_str(&m->subject), 0, 1000));
	ends[3] = buf_len(&all);
	buf_add(&all, str_sub(dsn_first_line(buf_str(&m->text)), 0, 300));
	ends[4] = buf_len(&all);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		add_addresses(&all, m->header, fields[i]);
	add_addresses(&all, buf_str(&m->returned), "Return-Path");
	ends[5] = buf_len(&all);
	p = d->owned = mem_copy(buf_len(&all) > 0 ? buf_str(&all).p : "", buf_len(&all));
	f->message_id = str_at(p, ends[0]);
	f->returned_id = str_at(p + ends[0], ends[1] - ends[0]);
	f->sender = str_at(p + ends[1], ends[2] - ends[1]);
	f->subject = str_at(p + ends[2], ends[3] - ends[2]);
	f->first_line = str_at(p + ends[3], ends[4] - ends[3]);
	f->to = str_at(p + ends[4], ends[5] - ends[4]);
	f->kind = kind;
	f->when = m->when;
	f->automatic = is_automatic(m, kind);
	buf_free(&all);
}
