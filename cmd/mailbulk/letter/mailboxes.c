#include <config.h>

#include "cmd/mailbulk/letter/letter.h"

#include "mail/address/address.h"
#include "text/utf8.h"

static bool judge(struct str bare, struct err *err)
{
	struct address a = { 0 };
	enum address_fault fault = address_parse(&a, bare, ADDRESS_ENVELOPE);
	struct buf shown = { 0 };

	if (fault != ADDRESS_OK) {
		utf8_show(&shown, bare, 80);
		err_set(err, ERR_DATA, "\"%s\" is no address: %s", buf_text(&shown), address_fault_text(&a, fault));
	}
	buf_free(&shown);
	address_free(&a);
	return fault == ADDRESS_OK;
}

/* A name in quotes of the template: "{{name}}" <…>. The quotes are the writer's, what they hold is the value's. */
static struct str unquote(struct str name)
{
	if (name.n >= 2 && name.p[0] == '"' && name.p[name.n - 1] == '"')
		return str_trim(str_sub(name, 1, name.n - 2));
	return name;
}

/* One mailbox, whatever characters the name has: the address stands in the last pair of angle brackets. */
static bool add_single(struct buf *out, struct str rendered, struct buf *bare, struct err *err)
{
	struct str name = { "", 0 };
	struct str address = str_trim(rendered);

	if (address.n > 0 && address.p[address.n - 1] == '>') {
		size_t at = str_after_last(address, '<');

		if (at == 0)
			return err_set(err, ERR_DATA, "a \">\" without its \"<\"");
		name = unquote(str_trim(str_sub(address, 0, at - 1)));
		address = str_trim(str_sub(address, at, address.n - at - 1));
	}
	if (!judge(address, err))
		return false;
	if (bare != NULL)
		buf_add(bare, address);
	return address_add_mailbox(out, name, address) || err_set(err, ERR_DATA, "it is too long");
}

bool mailboxes_add(struct buf *out, struct str rendered, bool single, struct buf *bare, struct err *err)
{
	struct address_list list = { 0 };
	size_t n = 0;
	bool ok = true;
	int found;

	if (single)
		return add_single(out, rendered, bare, err);
	address_list_init(&list, rendered);
	while (ok && (found = address_list_next(&list)) != 0) {
		if (found < 0) {
			ok = err_set(err, ERR_DATA, "it is no list of addresses");
			break;
		}
		ok = judge(buf_str(&list.bare), err);
		if (n++ > 0)
			buf_add_text(out, ", ");
		if (ok && bare != NULL)
			buf_add(bare, buf_str(&list.bare));
		ok = ok && address_add_mailbox(out, buf_str(&list.name), buf_str(&list.bare));
	}
	if (ok && bare != NULL && n != 1)
		ok = err_set(err, ERR_DATA, "exactly one address has to stand there");
	/* A group without members, "undisclosed-recipients:;" */
	if (ok && n == 0)
		ok = str_ascii(rendered) ? buf_add(out, str_trim(rendered))
					 : err_set(err, ERR_DATA, "it is no list of addresses");
	address_list_free(&list);
	return ok;
}
