#include <config.h>

#include "cmd/mailbulk/letter/letter.h"

#include <gnutls/crypto.h>

#include "base/mem.h"
#include "text/hex.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/letter/values.h"
#include "mail/address/address.h"
#include "mail/header/header.h"
#include "text/date.h"
#include "text/template.h"

/* What the head of one letter is made from, and where it goes. */
struct head {
	struct letter *letter;
	const struct campaign *campaign;
	const struct values *values;
	struct buf *out;
	struct buf *value; /* the field being made */
	struct buf *rendered;
	struct err *err;
};

static bool put(struct head *h, const char *name, struct str value)
{
	return header_add(h->out, str_of(name), value, h->err) || err_prefix(h->err, "%s", name);
}

static bool put_addresses(struct head *h, const struct field *field)
{
	bool from = str_ieq(str_of(field->name), STR_LIT("From"));

	buf_clear(h->value);
	if (from)
		buf_clear(&h->letter->from);
	return (mailboxes_add(h->value, buf_str(h->rendered), field->single, from ? &h->letter->from : NULL, h->err) ||
		       err_prefix(h->err, "%s", field->name)) &&
		put(h, field->name, buf_str(h->value));
}

static bool judge_raw(struct head *h, const struct field *field, struct str value)
{
	bool fatal;
	const char *why = field_fault(str_of(field->name), value, &fatal);

	return why == NULL || !fatal || err_set(h->err, ERR_DATA, "%s: \"%.*s\" %s", field->name, STR_ARGS(value), why);
}

/* A field whose value comes out empty is left out: so a section can make a field optional. */
static bool put_field(struct head *h, const struct field *field)
{
	struct template_data data = values_data(h->values);

	buf_clear(h->rendered);
	if (!template_render(field->value, &data, TEMPLATE_HEADER, h->rendered, h->err))
		return err_prefix(h->err, "%s", field->name);
	struct str value = str_trim(buf_str(h->rendered));

	if (value.n == 0)
		return true;
	if (field->kind == FIELD_TEXT && str_ieq(str_of(field->name), STR_LIT("Subject"))) {
		buf_clear(&h->letter->subject);
		buf_add(&h->letter->subject, value);
	}
	if (str_ieq(str_of(field->name), STR_LIT("Message-ID"))) {
		buf_clear(&h->letter->message_id);
		buf_add(&h->letter->message_id, value);
	}
	switch (field->kind) {
	case FIELD_ADDRESSES:
		return put_addresses(h, field);
	case FIELD_RAW:
		return judge_raw(h, field, value) && put(h, field->name, value);
	default:
		return header_add_text(h->out, str_of(field->name), value, h->err) ||
			err_prefix(h->err, "%s", field->name);
	}
}

/* A line that was made before. */
static bool put_fixed(struct head *h, const struct buf *line, const struct buf *bare)
{
	if (buf_len(bare) > 0) {
		buf_clear(&h->letter->from);
		buf_add(&h->letter->from, buf_str(bare));
	}
	return buf_add(h->out, buf_str(line));
}

static bool put_from(struct head *h)
{
	const struct settings *s = h->campaign->settings;
	const char *from = s->from != NULL ? s->from : s->account.from;

	if (buf_len(&h->letter->from) > 0)
		return true;
	if (buf_len(&h->campaign->from_fixed) > 0)
		return put_fixed(h, &h->campaign->from_fixed, &h->campaign->from_bare);
	if (from == NULL)
		return err_set(h->err, ERR_DATA, "there is no From: neither in the template nor as --from");
	buf_clear(h->value);
	return (mailboxes_add(h->value, str_of(from), false, &h->letter->from, h->err) ||
		       err_prefix(h->err, "--from")) &&
		put(h, "From", buf_str(h->value));
}

/* The domain of From, which is mostly that of the message before. */
static void take_id_domain(struct letter *l)
{
	struct address a = { 0 };

	if (buf_len(&l->id_domain) > 0 && str_eq(buf_str(&l->id_from), buf_str(&l->from)))
		return;
	buf_clear(&l->id_from);
	buf_clear(&l->id_domain);
	buf_add(&l->id_from, buf_str(&l->from));
	address_parse(&a, buf_str(&l->from), ADDRESS_ENVELOPE);
	buf_add(&l->id_domain, buf_str(&a.ascii));
	address_free(&a);
}

/*
 * The same row of the same sending always gets the same Message-ID, so that a copy that was wanted (--resend-unknown)
 * can be recognised where it arrives. Identical messages share one.
 */
static bool put_message_id(struct head *h)
{
	struct letter *l = h->letter;
	struct buf *id = &l->message_id;
	unsigned char sum[32];
	char hex[2 * 12 + 1];

	if (buf_len(id) > 0)
		return true;
	buf_clear(h->value);
	buf_add_text(h->value, h->campaign->id);
	if (!h->campaign->identical)
		buf_add_text(h->value, h->values->key);
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, buf_str(h->value).p, buf_len(h->value), sum) != 0)
		mem_die();
	buf_add_char(id, '<');
	hex_encode(hex, sum, 12);
	buf_add_text(id, hex);
	buf_add_char(id, '@');
	take_id_domain(l);
	buf_add(id, buf_str(&l->id_domain));
	buf_add_char(id, '>');
	return put(h, "Message-ID", buf_str(id));
}

/* RFC 2369, and RFC 8058 where a link can be posted to. */
static bool put_unsubscribe(struct head *h)
{
	bool https = false;

	if (h->campaign->n_unsubscribe == 0 || campaign_field(h->campaign, "List-Unsubscribe") != NULL)
		return true;
	buf_clear(h->value);
	for (size_t i = 0; i < h->campaign->n_unsubscribe; i++) {
		buf_add_text(h->value, i > 0 ? ", <" : "<");
		if (!values_link(h->values, i, h->value, h->err))
			return false;
		buf_add_char(h->value, '>');
		https |= str_istarts(str_of(h->campaign->settings->unsubscribe.values[i]), STR_LIT("https://"));
	}
	if (!put(h, "List-Unsubscribe", buf_str(h->value)))
		return false;
	return !https || campaign_field(h->campaign, "List-Unsubscribe-Post") != NULL ||
		put(h, "List-Unsubscribe-Post", STR_LIT("List-Unsubscribe=One-Click"));
}

/* RFC 2919: the id in angle brackets, a phrase before it if there is one. */
static bool put_list_id(struct head *h)
{
	const char *id = h->campaign->settings->list_id;

	if (id == NULL || campaign_field(h->campaign, "List-Id") != NULL)
		return true;
	buf_clear(h->value);
	buf_printf(h->value, strchr(id, '<') != NULL ? "%s" : "<%s>", id);
	return put(h, "List-Id", buf_str(h->value));
}

static bool put_given(struct head *h, const char *name, const char *value)
{
	return value == NULL || campaign_field(h->campaign, name) != NULL || put(h, name, str_of(value));
}

/* RFC 3834, 5: a program made a transactional message; a campaign a person did, and Precedence keeps holiday notices
 * away. */
static bool put_manners(struct head *h)
{
	const struct settings *s = h->campaign->settings;

	return put_list_id(h) && put_given(h, "Feedback-ID", s->feedback_id) &&
		put_given(h, "Auto-Submitted", s->transactional ? "auto-generated" : NULL) &&
		put_given(h, "Precedence", s->transactional ? NULL : "bulk");
}

static bool put_date(struct head *h, const struct moment *now)
{
	struct letter *l = h->letter;

	if (campaign_field(h->campaign, "Date") != NULL)
		return true;
	if (buf_len(&l->date) == 0 || l->date_of.wall != now->wall || l->date_of.offset != now->offset) {
		buf_clear(&l->date);
		buf_clear(h->value);
		date_add_mail(h->value, now->wall, now->offset);
		if (!header_add(&l->date, STR_LIT("Date"), buf_str(h->value), h->err)) {
			buf_clear(&l->date);
			return err_prefix(h->err, "Date");
		}
		l->date_of = *now;
	}
	return buf_add(h->out, buf_str(&l->date));
}

static bool put_to(struct head *h)
{
	if (campaign_field(h->campaign, "To") != NULL)
		return true;
	buf_clear(h->value);
	return address_add_mailbox(h->value, STR_LIT(""), buf_str(&h->values->mailbox)) &&
		put(h, "To", buf_str(h->value));
}

/* Where an answer confirms: an address of the row's own. */
static bool put_reply_to(struct head *h)
{
	const struct buf *own = &h->values->reply_to;

	return buf_len(own) == 0 || campaign_field(h->campaign, "Reply-To") != NULL || put(h, "Reply-To", buf_str(own));
}

bool letter_head(struct letter *l, const struct campaign *campaign, const struct values *values,
	const struct moment *now, struct buf *out, struct err *err)
{
	struct head h = { l, campaign, values, out, &l->scratch[0], &l->scratch[1], err };

	buf_clear(&l->from);
	buf_clear(&l->message_id);
	buf_clear(&l->subject);
	for (size_t i = 0; i < campaign->n_fields; i++) {
		const struct field *field = &campaign->fields[i];

		if (!(buf_len(&field->fixed) > 0 ? put_fixed(&h, &field->fixed, &field->bare) : put_field(&h, field)))
			return false;
	}
	if (!put_from(&h) || !put_to(&h) || !put_date(&h, now) || !put_reply_to(&h) || !put_message_id(&h) ||
		!put_unsubscribe(&h))
		return false;
	return campaign->manners_ready ? buf_add(out, buf_str(&campaign->manners)) : put_manners(&h);
}

static void keep(struct buf *to, struct buf *line, bool made)
{
	if (made)
		buf_add(to, buf_str(line));
	buf_clear(line);
}

void letter_prepare(struct campaign *c)
{
	struct letter l = { .size = 0 };
	struct values nobody = { .campaign = c };
	struct buf line = { 0 };
	struct err err = { 0 };
	struct head h = { &l, c, &nobody, &line, &l.scratch[0], &l.scratch[1], &err };

	for (size_t i = 0; i < c->n_fields; i++) {
		struct field *f = &c->fields[i];

		/* What is told of the row besides its line is not kept. */
		if (!template_constant(f->value) || str_ieq(str_of(f->name), STR_LIT("Message-ID")) ||
			str_ieq(str_of(f->name), STR_LIT("Subject")))
			continue;
		buf_clear(&l.from);
		bool made = put_field(&h, f);

		keep(&f->bare, &l.from, made);
		keep(&f->fixed, &line, made);
	}
	buf_clear(&l.from);
	if (c->settings->from != NULL || c->settings->account.from != NULL) {
		bool made = put_from(&h);

		keep(&c->from_bare, &l.from, made);
		keep(&c->from_fixed, &line, made);
	}
	c->manners_ready = put_manners(&h);
	keep(&c->manners, &line, c->manners_ready);
	buf_free(&line);
	buf_free(&l.from);
	buf_free(&l.subject);
	buf_free(&l.scratch[0]);
	buf_free(&l.scratch[1]);
}
