#include <config.h>

#include "cmd/mailbulk/letter/campaign.h"

#include <gnutls/crypto.h>

#include "base/mem.h"
#include "text/hex.h"
#include "cli/say.h"
#include "cli/tokenkey.h"
#include "cmd/mailbulk/letter/letter.h"
#include "cmd/mailbulk/settings.h"
#include "io/file.h"
#include "mail/address/address.h"
#include "mail/header/header.h"
#include "mail/message/dkim.h"
#include "mail/message/html_text.h"

#define TEMPLATE_LIMIT ((size_t)16 << 20)

/* LF line ends, no BOM. */
static void normalise(struct buf *text)
{
	struct str s = buf_str(text);
	struct buf out = { 0 };

	if (str_starts(s, STR_LIT("\xef\xbb\xbf")))
		s = str_sub(s, 3, s.n);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r' || i + 1 >= s.n || s.p[i + 1] != '\n')
			buf_add_char(&out, s.p[i]);
	buf_free(text);
	*text = out;
}

/* A template: its fields, then its body as text or, when its Content-Type says so, HTML. */
static bool load_template(struct campaign *c, struct str source, struct err *err)
{
	size_t header = header_length(source);
	struct str type = STR_LIT("text/plain");
	unsigned line = 1 + (unsigned)str_count(str_sub(source, 0, header), '\n');

	if (!campaign_load_fields(c, str_sub(source, 0, header), &type, err))
		return false;
	struct str body = str_sub(source, header, source.n);

	if (str_istarts(type, STR_LIT("text/html"))) {
		if (c->settings->html != NULL)
			return err_set(err, ERR_DATA, "%s: its body is HTML already: --html has no place",
				c->settings->template_path);
		return campaign_load_body(c, &c->html, body, line, "text/html", err);
	}
	if (!str_istarts(type, STR_LIT("text/plain")))
		return err_set(err, ERR_DATA,
			"%s: Content-Type is %.*s: a template's body is text/plain or text/html; --html, --attach and "
			"--inline make the other parts",
			c->settings->template_path, STR_ARGS(type));
	if (c->settings->html != NULL && str_trim(body).n == 0)
		return true;
	return campaign_load_body(c, &c->text, body, line, "text/plain", err);
}

static bool load_html(struct campaign *c, struct buf *source, struct err *err)
{
	if (c->settings->html == NULL)
		return true;
	if (!file_read(c->settings->html, TEMPLATE_LIMIT, source, err))
		return false;
	normalise(source);
	return campaign_load_body(c, &c->html, buf_str(source), 1, "text/html", err);
}

static bool load_unsubscribe(struct campaign *c, struct err *err)
{
	const struct option_list *given = &c->settings->unsubscribe;

	c->unsubscribe = mem_array(given->n, sizeof *c->unsubscribe);
	for (size_t i = 0; i < given->n; i++) {
		struct str text = str_of(given->values[i]);

		if (!str_istarts(text, STR_LIT("https://")) && !str_istarts(text, STR_LIT("http://")) &&
			!str_istarts(text, STR_LIT("mailto:")))
			return err_set(err, ERR_USAGE,
				"--unsubscribe: \"%s\" is neither an https: nor a mailto: address", given->values[i]);
		c->unsubscribe[i] = template_new(text, 1, err);
		if (c->unsubscribe[i] == NULL)
			return err_prefix(err, "--unsubscribe");
		c->n_unsubscribe++;
		campaign_note(c, c->unsubscribe[i], "--unsubscribe");
	}
	return true;
}

static bool load_keys(struct campaign *c, struct err *err)
{
	const struct settings *s = c->settings;
	const struct account *a = &s->account;
	struct buf pem = { 0 };

	if (s->token_key != NULL && !tokenkey_read(&c->token_key, s->token_key, err))
		return false;
	if (a->keys.dkim_key == NULL && a->keys.dkim_domain == NULL && a->keys.dkim_selector == NULL)
		return true;
	if (a->keys.dkim_key == NULL || a->keys.dkim_domain == NULL || a->keys.dkim_selector == NULL)
		return err_set(err, ERR_USAGE, "--dkim-domain, --dkim-selector and --dkim-key belong together");
	if (!file_read(a->keys.dkim_key, 65536, &pem, err))
		return false;
	c->dkim_key = dkim_key_new(buf_str(&pem), err);
	buf_wipe(&pem);
	if (c->dkim_key == NULL)
		return err_prefix(err, "%s", a->keys.dkim_key);
	c->signer = signer_new(c->dkim_key);
	return true;
}

static void digest_part(gnutls_hash_hd_t hash, struct str s)
{
	unsigned char n[8];

	/* The same on every machine: shares of one campaign run on several. */
	for (size_t i = 0; i < sizeof n; i++)
		n[i] = (unsigned char)((uint64_t)s.n >> 8 * i);
	gnutls_hash(hash, n, sizeof n);
	gnutls_hash(hash, s.p != NULL ? s.p : "", s.n);
}

static void digest_list(gnutls_hash_hd_t hash, const struct option_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		digest_part(hash, str_of(list->values[i]));
	digest_part(hash, STR_LIT("."));
}

static bool digest_constant(gnutls_hash_hd_t hash, const struct constant *k, struct err *err)
{
	struct attached_reader r = { .open = false };
	struct mime_encoder e;
	struct str octets;
	const char *type;
	uint64_t n;
	bool ok;

	if (k->attached.path == NULL) {
		digest_part(hash, buf_str(&k->encoded));
		return true;
	}
	n = mime_part_stream(&k->part, true, &e, &type) ? k->part.encoded_size : base64_lines_size(k->part.file_size);
	gnutls_hash(hash, &n, sizeof n);
	ok = attached_begin(&r, &k->attached, e.encoding, e.text, err);
	while ((ok = ok && attached_next(&r, &octets, err)) && octets.n > 0)
		gnutls_hash(hash, octets.p, octets.n);
	attached_end(&r);
	return ok;
}

/* Of the text and what is said about it, not of the list: rows may come and go. */
static bool take_fingerprint(struct campaign *c, struct str text, struct str html, struct err *err)
{
	const struct settings *s = c->settings;
	unsigned char sum[32];
	gnutls_hash_hd_t hash;
	bool ok = true;

	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
		return err_set(err, ERR_SOFTWARE, "GnuTLS has no SHA-256");
	digest_part(hash, text);
	digest_part(hash, html);
	digest_list(hash, &s->attach);
	digest_list(hash, &s->inlines);
	digest_list(hash, &s->headers);
	digest_part(hash, str_of(s->from));
	if (s->confirm != NULL)
		digest_part(hash, str_of(s->confirm));
	for (size_t i = 0; i < c->n_partials; i++)
		digest_part(hash, buf_str(&c->partials[i].source));
	for (size_t i = 0; ok && i < c->n_constants; i++)
		ok = digest_constant(hash, &c->constants[i], err);
	gnutls_hash_deinit(hash, sum);
	if (!ok)
		return false;
	hex_encode(c->fingerprint, sum, 16);
	memcpy(c->id, c->fingerprint, sizeof c->id);
	return true;
}

/* Without a To of its own each message names its recipient, and so is personal. */
static bool is_identical(const struct campaign *c)
{
	for (size_t i = 0; i < c->n_templates; i++)
		if (!template_constant(c->templates[i].t))
			return false;
	return campaign_field(c, "To") != NULL && !c->settings->verp && c->confirm == NULL;
}

static bool take_test(struct campaign *c, struct err *err)
{
	struct address a = { 0 };
	enum address_fault fault;

	if (c->settings->test == NULL)
		return true;
	fault = address_parse(&a, str_of(c->settings->test), ADDRESS_ENVELOPE);
	if (fault != ADDRESS_OK)
		err_set(err, ERR_USAGE, "--test: \"%s\" is no address: %s", c->settings->test,
			address_fault_text(&a, fault));
	else
		address_key(&a, &c->test_key);
	buf_add_text(&c->test_mailbox, c->settings->test);
	address_free(&a);
	return fault == ADDRESS_OK;
}

/* HTML that is the same for all has a text alternative that is. */
static bool constant_alternative(struct campaign *c, struct err *err)
{
	struct buf html = { 0 };
	struct buf text = { 0 };
	const struct template_data nothing = { 0 };
	bool ok = template_render(c->html.template, &nothing, TEMPLATE_HTML, &html, err) &&
		html_text_add(&text, buf_str(&html)) &&
		campaign_constant_body(c, &c->text, buf_str(&text), "text/plain", err);

	buf_free(&html);
	buf_free(&text);
	return ok;
}

bool campaign_load(struct campaign *c, const struct settings *settings, struct err *err)
{
	struct buf text = { 0 };
	struct buf html = { 0 };
	bool ok = false;

	*c = (struct campaign){ .settings = settings };
	c->text = (struct body){ .file = MIME_NO_FILE, .name = settings->template_path };
	c->html = (struct body){ .file = MIME_NO_FILE,
		.name = settings->html != NULL ? settings->html : settings->template_path };
	struct str path = str_of(settings->template_path);

	c->directory = mem_copy(path.p, str_after_last(path, '/'));
	if (!file_read(settings->template_path, TEMPLATE_LIMIT, &text, err))
		goto out;
	normalise(&text);
	ok = load_template(c, buf_str(&text), err) && load_html(c, &html, err) && campaign_load_attachments(c, err) &&
		load_unsubscribe(c, err) && campaign_load_partials(c, err) && load_keys(c, err) && take_test(c, err) &&
		campaign_load_confirm(c, buf_str(&text), buf_str(&html), err) &&
		take_fingerprint(c, buf_str(&text), buf_str(&html), err);
	c->text_from_html = c->text.template == NULL && c->html.template != NULL;
	c->identical = ok && is_identical(c);
	if (ok && c->text_from_html && c->html.file != MIME_NO_FILE)
		ok = constant_alternative(c, err);
	if (ok)
		letter_prepare(c);
out:
	buf_free(&text);
	buf_free(&html);
	return ok;
}

static void free_attachments(struct campaign *c)
{
	for (size_t i = 0; i < c->n_attachments; i++) {
		template_free(c->attachments[i].path);
		mem_free(c->attachments[i].type);
		mem_free(c->attachments[i].shown);
		mem_free(c->attachments[i].cid);
	}
	for (size_t i = 0; i < c->n_constants; i++) {
		buf_free(&c->constants[i].encoded);
		attached_free(&c->constants[i].attached);
		mem_free(c->constants[i].body_hash);
		mem_free(c->constants[i].name);
		mem_free(c->constants[i].cid);
	}
	mem_free(c->attachments);
	mem_free(c->constants);
}

static void free_body(struct body *body)
{
	struct mime_lines *lines;

	if (body->template == NULL)
		return;
	for (size_t i = 0; (lines = template_kept(body->template, i)) != NULL; i++)
		mime_lines_free(lines);
	template_free(body->template);
}

void campaign_free(struct campaign *c)
{
	for (size_t i = 0; i < c->n_fields; i++) {
		mem_free(c->fields[i].name);
		mem_free(c->fields[i].source);
		buf_free(&c->fields[i].fixed);
		buf_free(&c->fields[i].bare);
		template_free(c->fields[i].value);
	}
	for (size_t i = 0; i < c->n_partials; i++) {
		mem_free(c->partials[i].name);
		buf_free(&c->partials[i].source);
		template_free(c->partials[i].compiled);
	}
	for (size_t i = 0; i < c->n_unsubscribe; i++)
		template_free(c->unsubscribe[i]);
	free_attachments(c);
	mimetype_free(&c->types);
	free_body(&c->text);
	free_body(&c->html);
	buf_free(&c->from_fixed);
	buf_free(&c->from_bare);
	buf_free(&c->manners);
	mem_free(c->fields);
	mem_free(c->partials);
	mem_free(c->unsubscribe);
	mem_free(c->directory);
	mem_free(c->templates);
	signer_free(c->signer);
	dkim_key_free(c->dkim_key);
	template_free(c->confirm);
	buf_free(&c->agreed);
	buf_wipe(&c->token_key);
	buf_free(&c->test_mailbox);
	buf_free(&c->test_key);
	*c = (struct campaign){ 0 };
}
