#include <config.h>

#include "cmd/mailsend/prepare.h"

#include "base/mem.h"
#include "cmd/mailsend/compose/compose.h"
#include "cmd/mailsend/compose/fields.h"
#include "cmd/mailsend/compose/finished.h"
#include "cmd/mailsend/compose/identity.h"
#include "io/clock.h"
#include "io/file.h"
#include "mail/address/address.h"
#include "mail/address/domain.h"

#define KEY_LIMIT ((size_t)64 << 10)

/* The option that names the envelope's sender, or NULL. Beside a finished message -f is that. */
static const char *sender_option(const struct settings *s)
{
	return s->envelope_from != NULL || s->composing ? s->envelope_from : s->from;
}

static bool is_nobody(const char *sender)
{
	struct str bare = str_trim(str_of(sender));

	return bare.n == 0 || str_eq(bare, STR_LIT("<>"));
}

/* Where bounces go. */
static bool find_reverse_path(const struct settings *s, struct envelope *e, const struct buf *from, struct err *err)
{
	const char *option = sender_option(s);
	const char *set = identity_set_from(s);
	struct buf bare = { 0 };
	bool ok = true;

	if (set != NULL && (option == NULL || !is_nobody(option)))
		ok = address_one(str_of(set), &bare, NULL) ||
			err_set(err, ERR_USAGE, "--set-from: '%s' is not an address", set);
	else if (option == NULL)
		buf_add(&bare, buf_str(from));
	else if (!is_nobody(option))
		ok = identity_mailbox(s, option, s->envelope_from != NULL && !s->as_sendmail ? "--envelope-from" : "-f",
			ERR_USAGE, &bare, NULL, err);
	ok = ok && envelope_set_from(e, buf_text(&bare), option == NULL && !s->composing ? ERR_DATA : ERR_USAGE, err);
	buf_free(&bare);
	return ok;
}

/* The mailbox for the header, its address and name. */
static bool find_author(const struct settings *s, const struct outgoing *o, struct buf *bare, struct buf *name,
	struct err *err)
{
	const char *option = sender_option(s);
	struct buf value = { 0 };
	const char *where = "-f";
	enum err_kind kind = ERR_USAGE;
	bool ok = true;

	if (s->composing && s->from != NULL) {
		buf_add_text(&value, s->from);
	} else if (!s->composing) {
		where = "From";
		kind = ERR_DATA;
		/* What its header says is not ours to judge where an option names the sender. */
		ok = finished_sender(o, &value, err) || option != NULL;
	}
	if (ok && buf_len(&value) == 0) {
		bool named = !s->composing && option != NULL && !is_nobody(option);

		if (named)
			buf_add_text(&value, option);
		where = named ? "-f" : s->account.from != NULL ? "from" : "$EMAIL";
		kind = named || s->account.from == NULL ? ERR_USAGE : ERR_CONFIG;
		ok = named || identity_default(s, STR_NONE, &value);
	}
	ok = ok && identity_mailbox(s, buf_text(&value), where, kind, bare, name, err);
	buf_free(&value);
	return ok;
}

/* What it was from before --set-from goes to Reply-To, unless there is one. */
static void add_reply_to(struct settings *s, struct buf *former)
{
	const char **values;

	if (!s->composing || s->reply_to.n > 0)
		return;
	values = options_keep(mem_array(1, sizeof *values));
	values[0] = options_keep(mem_copy(buf_text(former), buf_len(former)));
	s->reply_to = (struct option_list){ .values = values, .n = 1 };
}

/* Who it is from: the mailbox for the header, and with that the envelope's sender and the domain of local names. */
static bool find_sender(struct settings *s, const struct outgoing *o, struct envelope *e, struct buf *from,
	struct err *err)
{
	const char *set = identity_set_from(s);
	struct buf bare = { 0 };
	struct buf name = { 0 };
	struct buf domain = { 0 };
	struct buf former = { 0 };
	bool ok = find_author(s, o, &bare, &name, err) && find_reverse_path(s, e, &bare, err);
	bool lmtp = s->account.smtp.n > 0 && str_istarts(str_of(s->account.smtp.values[0]), STR_LIT("lmtp:"));

	if (ok) {
		identity_domain(buf_text(&bare), &domain);
		e->domain = lmtp ? NULL : mem_copy(buf_text(&domain), buf_len(&domain));
		if (set != NULL && s->composing && identity_replace(set, &bare, &name, &former))
			add_reply_to(s, &former);
		address_add_mailbox(from, buf_str(&name), buf_str(&bare));
	}
	buf_free(&bare);
	buf_free(&name);
	buf_free(&domain);
	buf_free(&former);
	return ok;
}

static bool load_dkim(const struct settings *s, struct outgoing *o, const struct envelope *e, struct err *err)
{
	const char *key = s->dkim_key != NULL ? s->dkim_key : s->account.keys.dkim_key;
	const char *domain = s->dkim_domain != NULL ? s->dkim_domain : s->account.keys.dkim_domain;
	const char *selector = s->dkim_selector != NULL ? s->dkim_selector : s->account.keys.dkim_selector;
	struct buf pem = { 0 };
	struct buf ascii = { 0 };

	if (key == NULL && domain == NULL && selector == NULL)
		return true;
	if (key == NULL || selector == NULL)
		return err_set(err, ERR_USAGE, "DKIM needs --dkim-key and --dkim-selector");
	if (domain == NULL)
		domain = e->domain != NULL ? e->domain : "";
	enum domain_fault fault = domain_to_ascii(&ascii, str_of(domain));

	if (fault != DOMAIN_OK)
		return err_set(err, ERR_USAGE, "--dkim-domain %s: %s", domain, domain_fault_text(fault));
	o->dkim_domain = mem_copy(buf_text(&ascii), buf_len(&ascii));
	buf_clear(&ascii);
	fault = domain_to_ascii(&ascii, str_of(selector));
	buf_free(&ascii);
	if (fault != DOMAIN_OK && fault != DOMAIN_NUMERIC)
		return err_set(err, ERR_USAGE, "--dkim-selector %s: %s", selector, domain_fault_text(fault));
	o->dkim_selector = selector;
	o->signed_at = clock_wall();
	if (file_read(key, KEY_LIMIT, &pem, err))
		o->key = dkim_key_new(buf_str(&pem), err);
	buf_wipe(&pem);
	return o->key != NULL || err_prefix(err, "--dkim-key %s", key);
}

static bool add_recipients(const struct settings *s, const struct outgoing *o, struct envelope *e, struct err *err)
{
	const char *aliases = s->aliases != NULL ? s->aliases : s->account.keys.aliases;

	e->only_known = s->composing;
	e->tolerant = !s->all_or_nothing;
	if (aliases != NULL && !envelope_aliases(e, aliases, err))
		return false;
	for (const char **p = s->recipients; *p != NULL; p++)
		if (!envelope_add_list(e, str_of(*p), ERR_USAGE, "recipient", err))
			return false;
	if (s->read_recipients && !finished_recipients(o, e, err))
		return false;
	return s->composing || compose_recipients(e, s, err);
}

/* What the account says, where the command line does not. */
static void take_keys(struct settings *s)
{
	s->spool = s->spool || s->account.keys.spool;
	if (s->fcc == NULL)
		s->fcc = s->account.keys.fcc;
	if (s->log == NULL)
		s->log = s->account.keys.log;
}

/* -f alone does not say whether standard input is a body. A complete header does. */
static bool look_at_input(struct settings *s, struct outgoing *o, struct err *err)
{
	if (!s->may_be_finished || o->input.name != NULL)
		return true;
	if (!source_open(&o->input, "-", err) || !source_as_text(&o->input, err))
		return false;
	if (finished_begins(&o->input, true))
		s->composing = false;
	return true;
}

bool prepare(struct settings *s, struct outgoing *o, struct envelope *e, struct err *err)
{
	struct buf from = { 0 };
	struct buf guess = { 0 };
	struct buf value = { 0 };
	const char *sender;
	bool ok = look_at_input(s, o, err);

	if (ok && s->composing)
		ok = fields_move(s, err);
	else if (ok)
		ok = finished_open(o, "-", err);
	if (!ok)
		goto out;
	sender = s->envelope_from != NULL ? s->envelope_from : s->from;
	if (sender == NULL && !s->composing)
		finished_sender(o, &value, NULL);
	else
		buf_add_text(&value, sender != NULL ? sender : "");
	sender = address_one(buf_str(&value), &guess, NULL) ? buf_text(&guess) : NULL;
	ok = account_load(&s->account, s->account.names.n > 0 ? s->account.names.values[0] : NULL, sender, err);
	if (ok)
		take_keys(s);
	ok = ok && find_sender(s, o, e, &from, err) && add_recipients(s, o, e, err);
	if (ok && s->composing)
		ok = compose(o, e, s, buf_text(&from), err);
	else if (ok)
		ok = finished_wants(o, s, e, buf_text(&from), err);
	if (ok && e->refused > 0 && e->refused == e->n) {
		*err = e->fault;
		ok = false;
	}
	if (ok && e->n == 0 && !s->dry_run)
		ok = err_set(err, s->read_recipients ? ERR_DATA : ERR_USAGE, "%s",
			s->read_recipients ? "no recipient in To, Cc or Bcc" : "no recipient is given");
	ok = ok && load_dkim(s, o, e, err);
out:
	buf_free(&guess);
	buf_free(&value);
	buf_free(&from);
	return ok;
}

/* xtext (RFC 3461, 4) */
static bool add_xtext(struct buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '!' || *p > '~')
			return false;
		if (*p == '+' || *p == '=')
			buf_printf(out, "+%02X", (unsigned char)*p);
		else
			buf_add_char(out, *p);
	}
	return true;
}

static const char *notify_of(const char *dsn, struct err *err)
{
	static const char *const names[] = { "success", "failure", "delay" };
	static const char *const values[] = { NULL, "SUCCESS", "FAILURE", "SUCCESS,FAILURE", "DELAY", "SUCCESS,DELAY",
		"FAILURE,DELAY", "SUCCESS,FAILURE,DELAY" };
	struct str rest = str_of(dsn);
	unsigned set = 0;

	if (str_ieq(rest, STR_LIT("never")))
		return "NEVER";
	while (rest.p != NULL) {
		struct str word = str_trim(str_cut(&rest, ','));
		unsigned i = 0;

		while (i < 3 && !str_ieq(word, str_of(names[i])))
			i++;
		if (i == 3) {
			err_set(err, ERR_USAGE, "--dsn=%s: not never, and not of success, failure, delay", dsn);
			return NULL;
		}
		set |= 1u << i;
	}
	return values[set];
}

bool prepare_wants(const struct settings *s, struct delivery_wants *wants, struct buf *text, struct err *err)
{
	*wants = (struct delivery_wants){
		.require_tls = s->require_tls,
		.dsn_required = s->dsn_required,
		.all_or_nothing = s->all_or_nothing,
		.ends = s->ends,
		.progress = s->account.progress,
	};
	if (s->dsn != NULL && (wants->notify = notify_of(s->dsn, err)) == NULL)
		return false;
	if (s->dsn_return != NULL) {
		if (str_istarts(STR_LIT("headers"), str_of(s->dsn_return)) ||
			str_ieq(str_of(s->dsn_return), STR_LIT("hdrs")))
			wants->ret = "HDRS";
		else if (str_ieq(str_of(s->dsn_return), STR_LIT("full")))
			wants->ret = "FULL";
		else
			return err_set(err, ERR_USAGE, "--dsn-return=%s: headers or full", s->dsn_return);
	}
	if (s->envid != NULL) {
		if (!add_xtext(text, s->envid) || buf_len(text) == 0 || buf_len(text) > 100)
			return err_set(err, ERR_USAGE, "--envid=%s: 1 to 100 printable ASCII characters", s->envid);
		wants->envid = buf_text(text);
	}
	return true;
}
