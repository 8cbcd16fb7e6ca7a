#include <config.h>

#include "cmd/listscrub/judge/judge.h"

#include "mail/address/domain.h"

/* The plain sort of address, which most are: its comparing form is its octets in lower case. */
static bool take_plain(struct judge *j, struct str cell, struct verdict *v)
{
	bool capitals;
	size_t at = address_plain_key(cell, j->plain, &capitals); /* (what is behind cells is readable) */

	if (at == 0)
		return false;
	v->key = str_at(j->plain, cell.n);
	v->domain = str_at(j->plain + at + 1, cell.n - at - 1);
	if (capitals) {
		char *room = arena_room(j->arena, cell.n);

		memcpy(room, cell.p, at + 1);
		memcpy(room + at + 1, v->domain.p, v->domain.n);
		v->address = str_at(room, cell.n);
	}
	return true;
}

/* A domain in three forms, made label by label. */
struct domain_forms {
	struct buf *shadow; /* A-labels made plain ones of the same length: to be judged as plain */
	struct buf ascii;
	struct buf written;
};

/* "ab--c" stands in plain ASCII names only: domain_to_ascii knows. */
static bool is_odd(struct str label)
{
	return label.n > 3 && label.p[2] == '-' && label.p[3] == '-' && !idn_is_special(label);
}

/* False: a label that has to be judged with its neighbours, or is none. */
static bool add_labels(struct judge *j, struct str domain, struct domain_forms *forms)
{
	while (domain.p != NULL) {
		struct str label = str_cut(&domain, '.');
		const struct idn_label *known = idn_is_special(label) ? idn_find(&j->idn, label) : NULL;

		if (known != NULL ? known->ascii == NULL : is_odd(label))
			return false;
		buf_add(&forms->ascii, known != NULL ? str_of(known->ascii) : label);
		buf_add(&forms->written, known != NULL ? str_of(known->written) : label);
		if (known == NULL)
			buf_add(forms->shadow, label);
		for (size_t n = known != NULL ? strlen(known->ascii) : 0; n > 0; n--)
			buf_add_char(forms->shadow, 'x');
		if (domain.p != NULL) {
			buf_add_char(&forms->ascii, '.');
			buf_add_char(&forms->written, '.');
			buf_add_char(forms->shadow, '.');
		}
	}
	return true;
}

static void lower(struct buf *b)
{
	for (size_t i = b->off; i < b->end; i++)
		b->p[i] = ascii_lower(b->p[i]);
}

/* The shadow is judged; where it stands in the key the real domain takes its place. */
static bool judge_shadow(struct judge *j, struct str cell, struct str local_at, struct domain_forms *forms,
	struct verdict *v)
{
	struct str shadow = buf_str(forms->shadow);
	bool capitals;

	if (shadow.n > ADDRESS_PLAIN_ROOM - 2 || buf_room(forms->shadow, ADDRESS_PLAIN_SLACK) == NULL)
		return false;
	shadow = buf_str(forms->shadow);
	if (address_plain_key(shadow, j->plain, &capitals) == 0)
		return false;
	lower(&forms->ascii);
	lower(&forms->written);
	v->key = str_at(j->plain, shadow.n);
	v->domain = str_sub(v->key, local_at.n, v->key.n);
	memcpy(j->plain + local_at.n, buf_str(&forms->ascii).p, v->domain.n);
	buf_cut(forms->shadow, local_at.n);
	buf_add(forms->shadow, buf_str(j->set->ascii ? &forms->ascii : &forms->written));
	if (!str_eq(buf_str(forms->shadow), cell))
		v->address = arena_copy(j->arena, buf_str(forms->shadow));
	return true;
}

/* A plain local part at an internationalised domain. False: the long way will tell. */
static bool take_international(struct judge *j, struct str cell, struct str bare, struct verdict *v)
{
	struct domain_forms forms = { .shadow = &j->shadow };
	size_t at = str_after_last(bare, '@');
	bool ok = false;
	struct str local_at = str_sub(bare, 0, at);
	struct str domain = str_sub(bare, at, bare.n);

	if (at == 0 || bare.n > ADDRESS_PLAIN_ROOM - 2 || !str_ascii(local_at) || !str_clean(bare) ||
		(str_ascii(domain) && str_isearch(domain, STR_LIT("xn--")) == domain.n))
		return false;
	buf_clear(&j->shadow);
	buf_add(&j->shadow, local_at);
	ok = add_labels(j, domain, &forms) && judge_shadow(j, cell, local_at, &forms, v);
	buf_free(&forms.ascii);
	buf_free(&forms.written);
	return ok;
}

/* The domain as it is written: in lower case, and in A-labels where it was or where that is asked for. */
static void add_domain(struct buf *out, const struct judge *j)
{
	const struct address *a = &j->address;

	if (a->domain.n > 0 && a->domain.p[0] == '[')
		buf_add(out, a->domain);
	else if (j->set->ascii || !a->domain_utf8)
		buf_add(out, buf_str(&a->ascii));
	else
		domain_show_like(out, buf_str(&a->ascii), a->domain);
}

/* What goes into the cell when it is not what stands there. */
static void write_address(struct judge *j, struct str cell, struct verdict *v)
{
	struct buf out = { .limit = 0 };

	buf_add(&out, j->address.local);
	buf_add_char(&out, '@');
	add_domain(&out, j);
	struct str written = buf_str(&out);

	if (!str_eq(written, cell))
		v->address = arena_copy(j->arena, written);
	buf_free(&out);
}

/* What is wrong; of the two forms that have an option, whether it is only that. */
static const char *fault_text(const struct judge *j, enum address_fault fault)
{
	if (fault == ADDRESS_LITERAL)
		return j->set->literal ? "the address in brackets is malformed"
				       : "the domain is an address in brackets (see --literal)";
	if (fault == ADDRESS_LOCAL_QUOTED)
		return j->set->quoted ? "the local part is badly quoted" : "the local part is quoted (see --quoted)";
	return address_fault_text(&j->address, fault);
}

static enum reason fault(struct judge *j, enum address_fault fault, struct verdict *v)
{
	if (j->details)
		v->detail = arena_copy(j->arena, str_of(fault_text(j, fault)));
	return REASON_SYNTAX;
}

/* Blanks around an address are taken off; a line break or a NUL beside it was put there by somebody. */
static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_control(s.p[i]) && s.p[i] != '\t')
			return true;
	return false;
}

enum reason judge_address(struct judge *j, struct str cell, struct verdict *v)
{
	unsigned flags = (j->set->literal ? ADDRESS_LITERALS : 0u) | (j->set->quoted ? ADDRESS_QUOTED : 0u);
	struct str bare;

	if (take_plain(j, cell, v))
		return REASON_NONE;
	if (has_control(cell) && str_trim(cell).n > 0)
		return fault(j, ADDRESS_CONTROL, v);
	if (!address_unwrap(cell, &bare, NULL) && bare.n > 0) {
		if (j->details)
			v->detail = str_isearch(bare, STR_LIT("mailto:")) < bare.n
				? STR_LIT("more than one address, text around it, or a link with % in it")
				: STR_LIT("more than one address, or text around it");
		return REASON_SYNTAX;
	}
	if (bare.n == 0) {
		v->detail = STR_LIT("the cell with the address is blank");
		return REASON_EMPTY;
	}
	if (take_international(j, cell, bare, v))
		return REASON_NONE;
	enum address_fault found = address_parse(&j->address, bare, flags);

	if (found != ADDRESS_OK)
		return fault(j, found, v);
	if (str_find(buf_str(&j->address.ascii), '.') == buf_len(&j->address.ascii) && j->address.domain.p[0] != '[') {
		v->detail = STR_LIT("the domain has no dot");
		return REASON_SYNTAX;
	}
	buf_clear(&j->key);
	address_key(&j->address, &j->key);
	(void)buf_room(&j->key, 8);
	v->key = buf_str(&j->key);
	v->domain = str_sub(v->key, v->key.n - buf_len(&j->address.ascii), v->key.n);
	write_address(j, cell, v);
	return REASON_NONE;
}
