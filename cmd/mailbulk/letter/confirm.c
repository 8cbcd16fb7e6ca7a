#include <config.h>

#include "cmd/mailbulk/letter/campaign.h"

#include <gnutls/crypto.h>

#include "base/mem.h"
#include "cmd/mailbulk/letter/values.h"
#include "cmd/mailbulk/settings.h"
#include "io/clock.h"
#include "mail/returns/token.h"
#include "text/hex.h"

/*
 * Requests that people confirm (--confirm): {{confirm}} is a link by mail or web with a token that only this address
 * has, and Reply-To is where a "yes" goes. listscrub --update-confirmed reads the answers.
 */

static bool is_mailto(const struct campaign *c)
{
	return str_istarts(str_of(c->settings->confirm), STR_LIT("mailto:"));
}

bool campaign_load_confirm(struct campaign *c, struct str text, struct str html, struct err *err)
{
	const char *given = c->settings->confirm;
	unsigned char sum[32];
	struct buf all = { 0 };
	char hex[65];

	if (given == NULL)
		return true;
	if (!str_istarts(str_of(given), STR_LIT("https://")) && !str_istarts(str_of(given), STR_LIT("http://")) &&
		!is_mailto(c))
		return err_set(err, ERR_USAGE, "--confirm: \"%s\" is neither an https: nor a mailto: address", given);
	if (buf_len(&c->token_key) == 0)
		return err_set(err, ERR_USAGE, "--confirm needs --token-key FILE: its tokens prove who says yes");
	c->confirm = template_new(str_of(given), 1, err);
	if (c->confirm == NULL)
		return err_prefix(err, "--confirm");
	if (!is_mailto(c) && template_constant(c->confirm))
		return err_set(err, ERR_USAGE, "--confirm: the link is the same for all: {{token}} belongs in it");
	campaign_note(c, c->confirm, "--confirm");
	/* What people agree to is the text as it was written. */
	buf_add(&all, text);
	buf_add(&all, html);
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, buf_str(&all).p, buf_len(&all), sum) != 0)
		mem_die();
	hex_encode(hex, sum, 32);
	buf_add_text(&c->agreed, hex);
	buf_free(&all);
	c->asked = clock_wall() / 86400;
	return true;
}

void confirm_make_token(struct values *v)
{
	const struct campaign *c = v->campaign;
	struct str address = buf_len(&c->test_key) > 0 ? buf_str(&c->test_key) : buf_str(&v->folded);

	buf_clear(&v->confirm_token);
	if (c->confirm != NULL)
		token_add_confirm(&v->confirm_token, buf_str(&c->token_key), address, str_of(c->settings->list_id),
			buf_str(&c->agreed), c->asked);
}

/* "join@example.org" becomes "join+TOKEN@example.org", unless the token is in it. */
static void add_address(struct buf *out, struct str address, struct str token)
{
	size_t at = str_find(address, '@');

	buf_add(out, str_sub(address, 0, at));
	if (str_search(address, token) == address.n) {
		buf_add_char(out, '+');
		buf_add(out, token);
	}
	buf_add(out, str_sub(address, at, address.n));
}

static void add_mailto(struct buf *out, struct str link, struct str token)
{
	struct str rest = str_sub(link, strlen("mailto:"), link.n);
	size_t question = str_find(rest, '?');
	struct str query = str_sub(rest, question + 1, rest.n);

	buf_add_text(out, "mailto:");
	add_address(out, str_sub(rest, 0, question), token);
	if (str_isearch(query, STR_LIT("subject=")) == query.n) {
		buf_add_text(out, "?subject=confirm%20");
		buf_add(out, token);
		if (query.n > 0)
			buf_add_char(out, '&');
	} else {
		buf_add_char(out, '?');
	}
	buf_add(out, query);
}

bool confirm_render(struct values *v, const struct template_data *data, struct err *err)
{
	struct buf link = { 0 };
	bool ok;

	buf_clear(&v->confirm);
	buf_clear(&v->reply_to);
	if (v->campaign->confirm == NULL)
		return true;
	v->confirming = true;
	ok = template_render(v->campaign->confirm, data, TEMPLATE_URL, &link, err) || err_prefix(err, "--confirm");
	v->confirming = false;
	if (ok && is_mailto(v->campaign)) {
		struct str address = buf_str(&link);

		address = str_sub(address, strlen("mailto:"), str_find(address, '?') - strlen("mailto:"));
		add_mailto(&v->confirm, buf_str(&link), buf_str(&v->confirm_token));
		add_address(&v->reply_to, address, buf_str(&v->confirm_token));
	} else if (ok) {
		buf_add(&v->confirm, buf_str(&link));
	}
	buf_free(&link);
	return ok;
}
