#include <config.h>

#include "cmd/mailbulk/letter/letter.h"

#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/letter/values.h"
#include "mail/address/address.h"
#include "mail/returns/token.h"

#define LOCAL_LIMIT 64u

/*
 * VERP: bounces+ann=example.net@example.org, from which any reader of bounces learns the address. Where that would be
 * longer than a local part may be, or is not ASCII, the row's key stands there, which the journal explains. With a
 * token key, bounces+ann=example.net+MAC@example.org: nobody else can make such an address up.
 */
static void add_verp(struct buf *out, const struct address *sender, const struct values *v)
{
	struct str to = buf_str(&v->mailbox);
	struct str key = buf_str(&v->campaign->token_key);
	size_t more = key.n > 0 ? 1 + TOKEN_RETURN : 0;
	bool plain = str_ascii(to) && sender->local.n + 1 + to.n + more <= LOCAL_LIMIT;
	size_t begin;

	buf_add(out, sender->local);
	buf_add_char(out, '+');
	begin = buf_len(out);
	for (size_t i = 0; plain && i < to.n; i++)
		plain = ascii_alpha(to.p[i]) || ascii_digit(to.p[i]) || strchr("@._-+", to.p[i]) != NULL;
	if (!plain)
		buf_add_text(out, v->key);
	for (size_t i = 0; plain && i < to.n; i++)
		buf_add_char(out, to.p[i] == '@' ? '=' : to.p[i]);
	if (key.n > 0) {
		struct buf token = { 0 };

		token_add_return(&token, key, str_sub(buf_str(out), begin, buf_len(out)));
		buf_add_char(out, '+');
		buf_add(out, buf_str(&token));
		buf_free(&token);
	}
}

bool letter_envelope(struct letter *l, const struct campaign *campaign, const struct values *values, struct err *err)
{
	const struct settings *s = campaign->settings;
	struct str sender = s->envelope_from != NULL ? str_of(s->envelope_from) : buf_str(&l->from);
	struct address a = { 0 };
	enum address_fault fault = address_parse(&a, sender, ADDRESS_ENVELOPE);

	buf_clear(&l->reverse_path);
	buf_clear(&l->recipient);
	if (fault != ADDRESS_OK) {
		err_set(err, ERR_USAGE, "--envelope-from: \"%.*s\" is no address: %s", STR_ARGS(sender),
			address_fault_text(&a, fault));
		address_free(&a);
		return false;
	}
	if (s->verp)
		add_verp(&l->reverse_path, &a, values);
	else
		buf_add(&l->reverse_path, a.local);
	buf_add_char(&l->reverse_path, '@');
	buf_add(&l->reverse_path, a.local_utf8 ? a.domain : buf_str(&a.ascii));
	buf_add(&l->recipient,
		buf_len(&campaign->test_mailbox) > 0 ? buf_str(&campaign->test_mailbox) : buf_str(&values->mailbox));
	l->utf8 = !str_ascii(buf_str(&l->reverse_path)) || !str_ascii(buf_str(&l->recipient));
	address_free(&a);
	return true;
}
