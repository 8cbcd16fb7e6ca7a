#include <config.h>

#include "cmd/mailbulk/letter/values.h"

#include <gnutls/crypto.h>

#include "base/mem.h"
#include "text/hex.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/rows/list.h"
#include "cmd/mailbulk/settings.h"
#include "mail/returns/token.h"
#include "text/utf8.h"

/*
 * What a template sees of a row. The key of a row is what the journal knows it by, so it must not change between
 * versions: the first 128 bits of SHA-256 of the address's key and the --key cell.
 */

static bool is_builtin(const struct campaign *c, struct str name)
{
	return (str_eq(name, STR_LIT("token")) && buf_len(&c->token_key) > 0) ||
		(str_eq(name, STR_LIT("confirm")) && c->confirm != NULL) ||
		(str_eq(name, STR_LIT("unsubscribe")) && c->n_unsubscribe > 0);
}

bool values_known(const struct campaign *campaign, const struct list *list, struct str name)
{
	return list_column(list, name) != SIZE_MAX || is_builtin(campaign, name);
}

/* A column "address.city" is reached as {{address.city}}: what stands before the dot is an object, known by the first
 * such column. */
static struct template_value get_dotted(const struct values *v, const char *column, struct str name)
{
	struct template_value value = { .type = TEMPLATE_MISSING };
	struct buf whole = { 0 };

	buf_add(&whole, str_sub(str_of(column), 0, str_find(str_of(column), '.') + 1));
	buf_add(&whole, name);
	size_t found = list_column(v->list, buf_str(&whole));

	if (found != SIZE_MAX)
		value = (struct template_value){ .type = TEMPLATE_TEXT, .text = v->row->cells[found] };
	buf_free(&whole);
	return value;
}

/* The column of a tag's name, which is looked for once: a compiled template does not move. */
static size_t column_of(const struct values *v, struct str name)
{
	struct values_known *k = &v->known[(uintptr_t)name.p % VALUES_KNOWN];

	if (k->name != name.p || k->n != name.n)
		*k = (struct values_known){ .name = name.p, .n = name.n, .column = list_column(v->list, name) };
	return k->column;
}

static struct str builtin(const struct values *v, struct str name)
{
	if (str_eq(name, STR_LIT("token")))
		return v->confirming ? buf_str(&v->confirm_token) : str_of(v->token);
	return str_eq(name, STR_LIT("confirm")) ? buf_str(&v->confirm) : buf_str(&v->unsubscribe);
}

static struct template_value get(const void *data, const void *node, struct str name)
{
	const struct values *v = data;
	struct template_value value = { .type = TEMPLATE_MISSING };

	if (node != NULL)
		return get_dotted(v, node, name);
	size_t column = column_of(v, name);

	if (column != SIZE_MAX)
		value = (struct template_value){ .type = TEMPLATE_TEXT,
			.text = column == v->list->email ? buf_str(&v->written) : v->row->cells[column] };
	else if (is_builtin(v->campaign, name))
		value = (struct template_value){ .type = TEMPLATE_TEXT, .text = builtin(v, name) };
	for (size_t i = 0; value.type == TEMPLATE_MISSING && i < v->list->n_columns; i++) {
		struct str whole = str_of(v->list->columns[i]);

		if (str_starts(whole, name) && str_find(whole, '.') == name.n && name.n < whole.n)
			value = (struct template_value){ .type = TEMPLATE_OBJECT, .node = whole.p };
	}
	return value;
}

static bool partial(const void *data, struct str name, struct str *source)
{
	const struct values *v = data;
	const struct partial *p = campaign_partial(v->campaign, name);

	if (p == NULL || !p->found)
		return false;
	*source = buf_str(&p->source);
	return true;
}

struct template_data values_data(const struct values *v)
{
	return (struct template_data){ .get = get, .partial = partial, .data = v };
}

static void make_key(struct values *v)
{
	unsigned char sum[32];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, buf_str(&v->key_text).p, buf_len(&v->key_text), sum) != 0)
		mem_die();
	hex_encode(v->key, sum, 16);
}

static void make_token(struct values *v)
{
	struct str key = buf_str(&v->campaign->token_key);
	/* A test's link must not unsubscribe the row's real address. */
	struct str address =
		buf_len(&v->campaign->test_key) > 0 ? buf_str(&v->campaign->test_key) : buf_str(&v->folded);
	struct buf text = { 0 };

	v->token[0] = '\0';
	if (key.n == 0)
		return;
	token_add_leave(&text, key, address);
	memcpy(v->token, buf_text(&text), buf_len(&text) + 1);
	buf_free(&text);
}

static bool judge_address(struct values *v, struct str cell, struct err *err)
{
	struct buf name = { 0 };
	struct buf shown = { 0 };
	struct str bare = str_trim(cell);
	enum address_fault fault;

	/* A name around the address is taken off, but no line break: what stands behind one was not meant to be
	 * seen. */
	if (str_clean(bare))
		address_unwrap(cell, &bare, &name);
	buf_free(&name);
	fault = address_parse(&v->address, bare, ADDRESS_ENVELOPE);
	if (fault == ADDRESS_OK) {
		address_key(&v->address, &v->folded);
		buf_add(&v->written, bare);
		buf_add(&v->mailbox, v->address.local);
		buf_add_char(&v->mailbox, '@');
		buf_add(&v->mailbox, v->address.local_utf8 ? v->address.domain : buf_str(&v->address.ascii));
		return true;
	}
	utf8_show(&shown, cell, 80);
	if (fault == ADDRESS_EMPTY)
		err_set(err, ERR_DATA, "it has no address");
	else
		err_set(err, ERR_DATA, "\"%s\" is no address: %s", buf_text(&shown),
			address_fault_text(&v->address, fault));
	buf_add(&v->folded, bare);
	buf_free(&shown);
	return false;
}

static bool all_utf8(const struct list *list, const struct row *row, struct err *err)
{
	for (size_t i = 0; i < list->n_columns; i++)
		if (!utf8_valid(row->cells[i]))
			return err_set(err, ERR_DATA, "its column \"%s\" is not UTF-8", list->columns[i]);
	return true;
}

bool values_set(struct values *v, const struct campaign *campaign, const struct list *list, const struct row *row,
	struct err *err)
{
	bool ok;

	if (v->known == NULL)
		v->known = mem_array(VALUES_KNOWN, sizeof *v->known);
	if (v->list != list)
		memset(v->known, 0, VALUES_KNOWN * sizeof *v->known);
	v->campaign = campaign;
	v->list = list;
	v->row = row;
	buf_clear(&v->mailbox);
	buf_clear(&v->written);
	buf_clear(&v->folded);
	buf_clear(&v->key_text);
	buf_clear(&v->unsubscribe);
	ok = judge_address(v, row->cells[list->email], err) && all_utf8(list, row, err);
	buf_add(&v->key_text, buf_str(&v->folded));
	if (list->key != SIZE_MAX) {
		struct str cell = str_trim(row->cells[list->key]);

		if (cell.n == 0 && ok)
			ok = err_set(err, ERR_DATA, "its column \"%s\" (--key) is empty", list->columns[list->key]);
		buf_add_char(&v->key_text, '\t');
		buf_add(&v->key_text, cell);
	}
	make_key(v);
	make_token(v);
	confirm_make_token(v);
	if (ok) {
		struct template_data data = values_data(v);

		ok = confirm_render(v, &data, err);
	}
	if (!ok || campaign->n_unsubscribe == 0)
		return ok;
	size_t i = 0;

	while (i < campaign->settings->unsubscribe.n &&
		!str_istarts(str_of(campaign->settings->unsubscribe.values[i]), STR_LIT("http")))
		i++;
	return values_link(v, i < campaign->n_unsubscribe ? i : 0, &v->unsubscribe, err);
}

bool values_link(const struct values *v, size_t i, struct buf *out, struct err *err)
{
	struct template_data data = values_data(v);
	size_t before = buf_len(out);

	if (!template_render(v->campaign->unsubscribe[i], &data, TEMPLATE_URL, out, err))
		return err_prefix(err, "--unsubscribe");
	struct str link = str_sub(buf_str(out), before, buf_len(out));

	for (size_t k = 0; k < link.n; k++)
		if (ascii_control(link.p[k]) || strchr(" <>,\"", link.p[k]) != NULL || (link.p[k] & 0x80) != 0)
			return err_set(err, ERR_DATA,
				"--unsubscribe: a link has no blank, comma, quote, < or > in it, "
				"nor anything outside ASCII (%%XX stands for it)");
	return true;
}

void values_free(struct values *v)
{
	address_free(&v->address);
	buf_free(&v->mailbox);
	buf_free(&v->written);
	buf_free(&v->folded);
	buf_free(&v->key_text);
	buf_free(&v->unsubscribe);
	mem_free(v->known);
	v->known = NULL;
	v->list = NULL;
	buf_free(&v->confirm_token);
	buf_free(&v->confirm);
	buf_free(&v->reply_to);
}
