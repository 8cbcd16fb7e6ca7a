#include <config.h>

#include "cmd/mailsend/compose/envelope.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/say.h"
#include "io/file.h"
#include "mail/address/address.h"
#include "proto/reply.h"

#define ALIAS_LIMIT ((size_t)4 << 20)
#define INCLUDE_DEPTH 10

/* Where names and addresses come from. */
struct origin {
	enum err_kind kind; /* of what is wrong with them */
	const char *where;  /* for messages */
	enum address_manner manner;
	bool only_known; /* a name without a domain must be in the aliases or of a local user */
	unsigned depth;  /* of :include: files */
};

static char *text_of(struct str s)
{
	return mem_copy(s.n > 0 ? s.p : "", s.n);
}

void envelope_free(struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++) {
		mem_free(e->rcpts[i].shown);
		mem_free(e->rcpts[i].wire);
		mem_free(e->rcpts[i].orcpt);
		mem_free(e->rcpts[i].reply);
	}
	mem_free(e->rcpts);
	mem_free(e->from);
	mem_free(e->domain);
	set_free(&e->seen);
	aliases_free(&e->aliases);
	*e = (struct envelope){ 0 };
}

/* As it goes onto the wire: the domain in A-labels, unless the local part needs SMTPUTF8 anyway. */
static char *wire_form(const struct address *a, struct str bare)
{
	struct buf wire = { 0 };

	if (a->local_utf8) {
		buf_add(&wire, bare);
	} else {
		buf_add(&wire, a->local);
		buf_add_char(&wire, '@');
		buf_add(&wire, a->domain_utf8 ? buf_str(&a->ascii) : a->domain);
	}
	char *text = text_of(buf_str(&wire));

	buf_free(&wire);
	return text;
}

/* rfc822;xtext (RFC 3461, 4.2). An address outside ASCII has no such form. */
static char *orcpt_of(const char *wire)
{
	struct buf out = { 0 };

	buf_add_text(&out, "rfc822;");
	for (const char *p = wire; *p != '\0'; p++) {
		if (*p <= ' ' || *p >= 0x7f || *p == '+' || *p == '=')
			buf_printf(&out, "+%02X", (unsigned char)*p);
		else
			buf_add_char(&out, *p);
	}
	char *text = text_of(buf_str(&out));

	buf_free(&out);
	return text;
}

static void append(struct envelope *e, const struct address *a, struct str bare, struct str key)
{
	bool added;

	set_add(&e->seen, key, &added);
	if (!added)
		return;
	e->rcpts = mem_grow(e->rcpts, e->n, &e->cap, sizeof *e->rcpts);
	struct recipient *r = &e->rcpts[e->n++];

	*r = (struct recipient){ .shown = text_of(bare) };
	r->wire = a != NULL ? wire_form(a, bare) : text_of(bare);
	r->utf8 = a != NULL && a->local_utf8;
	r->orcpt = a != NULL && !r->utf8 ? orcpt_of(r->wire) : NULL;
}

/* What is not an address: an error, or a recipient of its own that is refused while the others are served. */
static bool refuse(struct envelope *e, struct str text, const struct origin *from, const struct err *why,
	struct err *err)
{
	bool words = from->only_known && str_find(text, '@') == text.n;

	if (!e->tolerant || words || from->kind == ERR_CONFIG) {
		if (err != NULL)
			*err = *why;
		return false;
	}
	append(e, NULL, text, text);
	struct recipient *r = &e->rcpts[e->n - 1];

	if (r->verdict != VERDICT_NONE || !str_eq(str_of(r->shown), text))
		return true;
	if (e->refused++ == 0)
		e->fault = *why;
	r->here = true;
	envelope_verdict(r, VERDICT_REFUSED, NULL, why->text);
	return true;
}

static bool add_list(struct envelope *e, struct str list, const struct origin *from, struct err *err);
static bool add_user(struct envelope *e, struct str name, const struct origin *from, struct err *err);
static bool add_targets(struct envelope *e, const struct alias *alias, struct str targets, const struct origin *from,
	struct err *err);

/* Is it a domain of this machine, whose local names the aliases know? */
static bool is_local_domain(struct str domain)
{
	char host[256] = "";

	if (str_among(domain, "localhost localhost.localdomain"))
		return true;
	return gethostname(host, sizeof host - 1) == 0 && host[0] != '\0' && str_ieq(domain, str_of(host));
}

/* A path in an :include: file is as it stands there; its targets are those of the alias. */
static bool add_include(struct envelope *e, const struct alias *alias, struct str path, const struct origin *from,
	struct err *err)
{
	struct buf text = { 0 };
	char *name = text_of(path);
	struct str line;
	bool ok = file_read(name, ALIAS_LIMIT, &text, err);
	struct str rest = buf_str(&text);

	if (!ok) {
		err_prefix(err, "%s:%u: :include:", e->aliases.path, alias->line);
		err->kind = ERR_CONFIG;
	}
	while (ok && aliases_line(&rest, &line))
		ok = add_targets(e, alias, line, from, err);
	buf_free(&text);
	mem_free(name);
	return ok;
}

static bool add_targets(struct envelope *e, const struct alias *alias, struct str targets, const struct origin *from,
	struct err *err)
{
	struct alias_target t;
	bool ok = true;

	while (ok && aliases_target(&targets, &t)) {
		switch (t.kind) {
		case ALIAS_ADDRESS:
			ok = add_list(e, t.text, from, err);
			break;
		case ALIAS_LOCAL:
			ok = add_user(e, t.text, from, err);
			break;
		case ALIAS_INCLUDE:
			if (from->depth >= INCLUDE_DEPTH)
				return err_set(err, ERR_CONFIG, "%s:%u: :include: files include one another",
					e->aliases.path, alias->line);
			ok = add_include(e, alias, t.text,
				&(struct origin){ from->kind, from->where, from->manner, false, from->depth + 1 }, err);
			break;
		case ALIAS_COMMAND:
		case ALIAS_FILE:
			return err_set(err, ERR_CONFIG,
				"%s:%u: %s: %.*s is a %s; mailsend sends by SMTP only, give an address there",
				e->aliases.path, alias->line, alias->name, STR_ARGS(t.text),
				t.kind == ALIAS_FILE ? "file" : "command");
		}
	}
	return ok;
}

/* Who gets the mail of an alias. Each is looked up once; inside its own targets its name is the local user. */
static bool add_alias(struct envelope *e, struct alias *alias, struct err *err)
{
	char where[80];

	if (alias->done)
		return true;
	snprintf(where, sizeof where, "alias %.60s", alias->name);
	alias->open = true;
	bool ok = add_targets(e, alias, str_of(alias->targets),
		&(struct origin){ ERR_CONFIG, where, ADDRESS_LENIENT, false, 0 }, err);

	alias->open = false;
	alias->done = true;
	return ok;
}

/* The alias of a name, or the one for names that have none, where it is not being looked up already. */
static struct alias *find_alias(const struct envelope *e, struct str name)
{
	struct alias *alias = aliases_find(&e->aliases, name);

	if (alias == NULL)
		alias = aliases_find(&e->aliases, STR_LIT("default"));
	return alias != NULL && !alias->open ? alias : NULL;
}

static bool add_address(struct envelope *e, struct str bare, const struct origin *from, struct err *err)
{
	struct address a = { 0 };
	struct buf key = { 0 };
	enum address_fault fault = address_parse(&a, bare, ADDRESS_ENVELOPE);
	struct alias *alias = fault == ADDRESS_OK && is_local_domain(a.domain) ? find_alias(e, a.local) : NULL;
	bool ok = fault == ADDRESS_OK;

	if (alias != NULL) {
		ok = add_alias(e, alias, err);
	} else if (ok) {
		address_key(&a, &key);
		append(e, &a, bare, buf_str(&key));
	} else {
		struct err why = { 0 };

		err_set(&why, from->kind, "%s: %.*s: %s", from->where, STR_ARGS(bare), address_fault_text(&a, fault));
		ok = refuse(e, bare, from, &why, err);
	}
	address_free(&a);
	buf_free(&key);
	return ok;
}

static bool refuse_malformed(struct envelope *e, struct str text, const struct origin *from, struct err *err)
{
	struct err why = { 0 };

	err_set(&why, from->kind, "%s: %.*s: is not an address", from->where, STR_ARGS(text));
	return refuse(e, text, from, &why, err);
}

/* A local user, with our domain where there is one. */
static bool add_user(struct envelope *e, struct str name, const struct origin *from, struct err *err)
{
	for (size_t i = 0; i < name.n; i++)
		if (ascii_control(name.p[i]) || strchr(" <>()[]:;,@\\\"", name.p[i]) != NULL)
			return refuse_malformed(e, name, from, err);
	if (e->domain == NULL) {
		append(e, NULL, name, name);
		return true;
	}
	struct buf full = { 0 };

	buf_add(&full, name);
	buf_printf(&full, "@%s", e->domain);
	bool ok = add_address(e, buf_str(&full), from, err);

	buf_free(&full);
	return ok;
}

/* A name without a domain: an alias, else somebody here. */
static bool add_local(struct envelope *e, struct str name, const struct origin *from, struct err *err)
{
	struct alias *alias = find_alias(e, name);

	if (alias != NULL)
		return add_alias(e, alias, err);
	if (from->only_known && !envelope_knows(e, name))
		return err_set(err, from->kind,
			"%s: %.*s: neither an address nor a name in the aliases or of a local user", from->where,
			STR_ARGS(name));
	return add_user(e, name, from, err);
}

static bool knows(void *e, struct str name)
{
	return envelope_knows(e, name);
}

bool envelope_knows(const struct envelope *e, struct str name)
{
	char *word;
	bool found;

	if (aliases_find(&e->aliases, name) != NULL || str_among(name, "root postmaster"))
		return true;
	word = text_of(name);
	found = getpwnam(word) != NULL;
	mem_free(word);
	return found;
}

static bool add_list(struct envelope *e, struct str list, const struct origin *from, struct err *err)
{
	struct address_list l = { .manner = from->manner, .known = knows, .arg = e };
	bool ok = true;
	int got = 0;

	address_list_init(&l, list);
	while (ok && (got = address_list_next(&l)) != 0) {
		struct str bare = buf_str(&l.bare);

		if (got < 0) {
			ok = refuse_malformed(e, bare, from, err);
			continue;
		}
		/* Whoever was meant as a recipient of their own would be lost without a word. */
		if (l.joined)
			say_note("%s: \"%.*s\" is read as the name of %.*s: no word in it gets mail of its own",
				from->where, STR_ARGS(buf_str(&l.name)), STR_ARGS(bare));
		if (str_find(bare, '@') < bare.n)
			ok = add_address(e, bare, from, err);
		else
			ok = add_local(e, bare, from, err);
	}
	address_list_free(&l);
	return ok;
}

bool envelope_add_list(struct envelope *e, struct str list, enum err_kind kind, const char *where, struct err *err)
{
	/* In a header, commas in names are a program's mistake and known as such; on a command line they may as well be
	 * a person's, who can be asked: the words of "Doe, Jane <j@b>" are nobody's names. */
	bool mailboxes = kind == ERR_USAGE && str_find(list, '<') < list.n;
	const struct origin from = { kind, where, kind == ERR_DATA ? ADDRESS_JOINED : ADDRESS_LENIENT,
		e->only_known || mailboxes, 0 };

	return add_list(e, list, &from, err);
}

bool envelope_set_from(struct envelope *e, const char *address, enum err_kind kind, struct err *err)
{
	struct str bare = str_trim(str_of(address));
	struct address a = { 0 };
	bool ok = true;

	if (bare.n >= 2 && bare.p[0] == '<' && bare.p[bare.n - 1] == '>')
		bare = str_trim(str_sub(bare, 1, bare.n - 2));
	mem_free(e->from);
	e->from = NULL;
	if (bare.n == 0) {
		e->from = mem_copy("", 0);
		return true;
	}
	enum address_fault fault = address_parse(&a, bare, ADDRESS_ENVELOPE);

	if (fault == ADDRESS_OK) {
		e->from = wire_form(&a, bare);
		e->from_utf8 = a.local_utf8;
	} else {
		ok = err_set(err, kind, "sender %.*s: %s", STR_ARGS(bare), address_fault_text(&a, fault));
	}
	address_free(&a);
	return ok;
}

bool envelope_aliases(struct envelope *e, const char *path, struct err *err)
{
	struct buf text = { 0 };
	bool ok = file_read(path, ALIAS_LIMIT, &text, err) && aliases_parse(&e->aliases, path, buf_str(&text), err);

	buf_free(&text);
	return ok;
}

void envelope_verdict(struct recipient *r, enum verdict verdict, const struct reply *reply, const char *text)
{
	struct buf words = { .limit = 4096 };

	r->verdict = verdict;
	if (reply != NULL) {
		r->code = reply->code;
		snprintf(r->enhanced, sizeof r->enhanced, "%.*s", STR_ARGS(str_sub(reply->enhanced, 0, 15)));
		reply_show(reply, &words);
	} else if (text != NULL) {
		buf_add_text(&words, text);
	}
	if (buf_len(&words) > 0) {
		mem_free(r->reply);
		r->reply = text_of(buf_str(&words));
	}
	buf_free(&words);
}

const char *envelope_verdict_name(enum verdict verdict)
{
	static const char *const names[] = { "not sent", "sent", "refused", "deferred", "unknown", "not sent" };

	return names[verdict];
}
