#include <config.h>

#include "mail/returns/dsn.h"

#include "base/mem.h"
#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/returns/dsn_state.h"
#include "text/utf8.h"

/*
 * What is tried in which order: complaints and reports in fields are for programs and certain, so they come first;
 * prose is read only from what looks like a mail server and is not an auto-reply; an unsubscribe request is the
 * last.
 */

static void clear(struct dsn *d)
{
	for (size_t i = 0; i < d->n; i++)
		mem_free(d->reports[i].owned);
	mem_free(d->owned);
	d->owned = NULL;
	d->facts = (struct dsn_facts){ .kind = DSN_IS_UNKNOWN };
	d->n = 0;
}

void dsn_free(struct dsn *d)
{
	clear(d);
	mem_free(d->reports);
	*d = (struct dsn){ 0 };
}

/* Written by a person's program in that person's absence: says nothing about the address. Mail
 * servers too call their reports replied automatically. */
static bool is_auto_reply(const struct dsn_mail *m)
{
	static const char *const fields[] = { "X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Response",
		NULL };
	static const char starts[] = "auto:|autoreply|auto reply|auto-reply|automatic reply|automatic response|"
				     "automatische antwort|out of office|out of the office|vacation|abwesenheit|"
				     "r\xc3\xa9ponse automatique|respuesta autom|risposta automatica|"
				     "automatisch antwoord|resposta autom";
	struct str submitted = str_trim(header_find(m->header, "Auto-Submitted"));

	for (size_t i = 0; fields[i] != NULL; i++)
		if (header_find(m->header, fields[i]).p != NULL)
			return true;
	/* Buttons of mail programs call their unsubscribe mails so too: dsn_read_unsubscribe tells them apart. */
	if (str_istarts(submitted, STR_LIT("auto-replied")) && !dsn_is_server(m))
		return !dsn_is_of_button(m);
	return dsn_starts(buf_str(&m->subject), starts) ||
		str_ieq(str_trim(header_find(m->header, "Precedence")), STR_LIT("auto_reply"));
}

/* Line ends of old Macs, and of programs that lost the rest of them. */
static bool has_only_cr(struct str message)
{
	struct str head = str_sub(message, 0, 65536);

	return str_find(head, '\n') == head.n && str_find(head, '\r') < head.n;
}

static struct str with_lf(struct str message, struct buf *out)
{
	if (!has_only_cr(message))
		return message;
	message = str_sub(message, 0, DSN_LOOK_AT);
	for (size_t i = 0; i < message.n; i++)
		buf_add_char(out, message.p[i] == '\r' ? '\n' : message.p[i]);
	return buf_str(out);
}

static enum dsn_kind kind_of(const struct dsn *d, const struct dsn_mail *m, bool feedback, bool away)
{
	if (feedback)
		return d->n > 0 || d->facts.nameless != DSN_NOTHING ? DSN_IS_COMPLAINT : DSN_IS_NOTICE;
	if (d->n > 0)
		return d->reports[0].class == DSN_UNSUBSCRIBE ? DSN_IS_REQUEST : DSN_IS_BOUNCE;
	if (away)
		return DSN_IS_AWAY;
	/* Delays, successes and receipts. */
	if (dsn_mail_has(m, "message/disposition-notification") || dsn_mail_has(m, "message/delivery-status") ||
		dsn_mail_has(m, "message/global-delivery-status") || (dsn_is_bounce(m) && dsn_is_pending(m)))
		return DSN_IS_NOTICE;
	return DSN_IS_UNKNOWN;
}

void dsn_read(struct dsn *d, struct str message)
{
	struct buf lines = { .limit = DSN_LOOK_AT };
	struct dsn_mail m;
	bool feedback;
	bool away;
	bool fields;

	clear(d);
	dsn_mail_load(&m, with_lf(message, &lines));
	/* Fields are for programs: nobody's absence is told in them. */
	fields = dsn_mail_has(&m, "message/delivery-status") || dsn_mail_has(&m, "message/global-delivery-status");
	feedback = dsn_read_feedback(d, &m);
	away = !feedback && !fields && is_auto_reply(&m);
	if (!feedback && !away && !dsn_read_fields(d, &m) && !dsn_read_text(d, &m))
		dsn_read_unsubscribe(d, &m);
	dsn_take_facts(d, &m, kind_of(d, &m, feedback, away));
	dsn_mail_free(&m);
	buf_free(&lines);
}
