#include <config.h>

#include "cmd/mailsend/compose/envelope.h"

#include <stdio.h>

#include "base/mem.h"
#include "io/file.h"
#include "mail/address/address.h"
#include "proto/reply.h"

#define ALIAS_DEPTH 10

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
	buf_free(&e->aliases);
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

static bool add_address(struct envelope *e, struct str bare, enum err_kind kind, const char *where, struct err *err)
{
	struct address a = { 0 };
	struct buf key = { 0 };
	enum address_fault fault = address_parse(&a, bare, ADDRESS_ENVELOPE);
	bool ok = fault == ADDRESS_OK;

	if (ok) {
		address_key(&a, &key);
		append(e, &a, bare, buf_str(&key));
	} else {
		err_set(err, kind, "%s: %.*s: %s", where, STR_ARGS(bare), address_fault_text(&a, fault));
	}
	address_free(&a);
	buf_free(&key);
	return ok;
}

/* The right-hand side of an alias, or STR_NONE. "default" is for names that have none. */
static struct str find_alias(const struct envelope *e, struct str name)
{
	struct str rest = buf_str(&e->aliases);

	while (rest.p != NULL) {
		struct str line = str_cut(&rest, '\n');
		struct str value = str_sub(line, 0, str_find(line, '#'));
		struct str left = str_trim(str_cut(&value, ':'));

		if (value.p != NULL && str_ieq(left, name))
			return str_trim(value);
	}
	return STR_NONE;
}

static bool add_list(struct envelope *e, struct str list, enum err_kind kind, const char *where, unsigned depth,
	struct err *err);

/* A name without a domain: an alias, else somebody here. */
static bool add_local(struct envelope *e, struct str name, enum err_kind kind, const char *where, unsigned depth,
	struct err *err)
{
	struct str alias = find_alias(e, name);

	if (alias.p == NULL)
		alias = find_alias(e, STR_LIT("default"));
	if (alias.p != NULL && depth < ALIAS_DEPTH && !str_ieq(alias, name))
		return add_list(e, alias, ERR_CONFIG, "--aliases", depth + 1, err);
	for (size_t i = 0; i < name.n; i++)
		if (ascii_control(name.p[i]) || strchr(" <>()[]:;,@\\\"", name.p[i]) != NULL)
			return err_set(err, kind, "%s: %.*s: is no address", where, STR_ARGS(name));
	if (e->domain == NULL) {
		append(e, NULL, name, name);
		return true;
	}
	struct buf full = { 0 };

	buf_add(&full, name);
	buf_printf(&full, "@%s", e->domain);
	bool ok = add_address(e, buf_str(&full), kind, where, err);

	buf_free(&full);
	return ok;
}

static bool add_list(struct envelope *e, struct str list, enum err_kind kind, const char *where, unsigned depth,
	struct err *err)
{
	struct address_list l = { 0 };
	bool ok = true;
	int got = 0;

	address_list_init(&l, list);
	while (ok && (got = address_list_next(&l)) > 0) {
		struct str bare = buf_str(&l.bare);

		if (str_find(bare, '@') < bare.n)
			ok = add_address(e, bare, kind, where, err);
		else
			ok = add_local(e, bare, kind, where, depth, err);
	}
	if (ok && got < 0)
		ok = err_set(err, kind, "%s: %.*s: is no address", where, STR_ARGS(buf_str(&l.bare)));
	address_list_free(&l);
	return ok;
}

bool envelope_add_list(struct envelope *e, struct str list, enum err_kind kind, const char *where, struct err *err)
{
	return add_list(e, list, kind, where, 0, err);
}

bool envelope_set_from(struct envelope *e, const char *address, enum err_kind kind, struct err *err)
{
	struct str bare = str_trim(str_of(address));
	struct address a = { 0 };
	bool ok = true;

	if (str_eq(bare, STR_LIT("<>")))
		bare = STR_NONE;
	mem_free(e->from);
	e->from = NULL;
	if (bare.n == 0) {
		e->from = mem_copy("", 0);
		return true;
	}
	address_unwrap(str_of(address), &bare, NULL);
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
	return file_read(path, (size_t)4 << 20, &e->aliases, err);
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
