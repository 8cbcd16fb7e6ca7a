#include <config.h>

#include "mail/address/domain_local.h"

#include <idn2.h>
#include <unictype.h>

#include "base/mem.h"
#include "text/utf8.h"

#define MIDDLE_DOT 0xb7u
#define KERAIA 0x375u
#define GERESH 0x5f3u
#define GERSHAYIM 0x5f4u
#define KATAKANA_MIDDLE_DOT 0x30fbu
#define JOINER 0x200du

static bool has_script(uint32_t code, const char *names)
{
	const uc_script_t *script = code > 0 ? uc_script((ucs4_t)code) : NULL;

	return script != NULL && str_among(str_of(script->name), names);
}

static bool has_japanese(struct str label)
{
	uint32_t code;

	for (size_t n; label.n > 0; label = str_sub(label, n, label.n)) {
		n = utf8_decode(label, &code);
		if (n == 0)
			return false;
		if (has_script(code, "Hiragana Katakana Han"))
			return true;
	}
	return false;
}

/* before and after: 0 at the ends of the label. */
static bool may_stand(struct str label, uint32_t before, uint32_t code, uint32_t after)
{
	switch (code) {
	case MIDDLE_DOT:
		return before == 'l' && after == 'l';
	case KERAIA:
		return has_script(after, "Greek");
	case GERESH:
	case GERSHAYIM:
		return has_script(before, "Hebrew");
	case KATAKANA_MIDDLE_DOT:
		return has_japanese(label);
	default:
		return true;
	}
}

/* Three signs with a stroke: neither letters nor digits, and the library takes them all the same. */
static bool is_struck_sign(uint32_t code)
{
	return code == 0x2260 || code == 0x226e || code == 0x226f;
}

static enum domain_fault check_written(struct str label)
{
	struct str rest = label;
	uint32_t before = 0;
	uint32_t code = 0;

	while (rest.n > 0) {
		uint32_t after = 0;
		size_t n = utf8_decode(rest, &code);

		if (n == 0 || is_struck_sign(code))
			return DOMAIN_IDNA;
		rest = str_sub(rest, n, rest.n);
		(void)utf8_decode(rest, &after);
		if (!may_stand(label, before, code, rest.n > 0 ? after : 0))
			return DOMAIN_CONTEXT;
		before = code;
	}
	return DOMAIN_OK;
}

static bool is_sign(uint32_t code)
{
	return code > 0 && uc_is_general_category_withtable(code, UC_CATEGORY_MASK_S);
}

/* A blank or a control, or no shape at all. Not the joiner that makes one emoji of two. */
static bool is_unseen(uint32_t before, uint32_t code, uint32_t after)
{
	if (code == JOINER && is_sign(before) && is_sign(after))
		return false;
	return uc_is_property_default_ignorable_code_point((ucs4_t)code) ||
		uc_is_general_category_withtable(code,
			UC_CATEGORY_MASK_Z | UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Co);
}

static bool has_unseen(struct str label)
{
	uint32_t before = 0;
	uint32_t code = 0;

	while (label.n > 0) {
		uint32_t after = 0;
		size_t n = utf8_decode(label, &code);

		if (n == 0)
			return true;
		label = str_sub(label, n, label.n);
		(void)utf8_decode(label, &after);
		if (is_unseen(before, code, label.n > 0 ? after : 0))
			return true;
		before = code;
	}
	return false;
}

/* Joiners are part of the spelling of some languages: the library knows where. */
static bool library_takes(struct str label)
{
	uint8_t *ascii = NULL;
	char *text = mem_copy(label.p, label.n);
	bool ok = idn2_lookup_u8((uint8_t *)text, &ascii, IDN2_NO_TR46 | IDN2_NFC_INPUT) == IDN2_OK;

	idn2_free(ascii);
	mem_free(text);
	return ok;
}

struct str domain_cut_label(struct str *s)
{
	static const struct str stops[] = { { ".", 1 }, { "\xe3\x80\x82", 3 }, { "\xef\xbc\x8e", 3 },
		{ "\xef\xbd\xa1", 3 } };
	struct str whole = *s;
	size_t at = whole.n;
	size_t n = 0;

	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
		size_t found = str_search(whole, stops[i]);

		if (found < at) {
			at = found;
			n = stops[i].n;
		}
	}
	*s = n > 0 ? str_sub(whole, at + n, whole.n) : STR_NONE;
	return str_sub(whole, 0, at);
}

enum domain_fault domain_check_labels(struct str written, struct str unicode)
{
	enum domain_fault fault = DOMAIN_OK;

	while (unicode.p != NULL && fault == DOMAIN_OK) {
		struct str label = str_cut(&unicode, '.');

		if (!str_istarts(domain_cut_label(&written), STR_LIT("xn--")))
			fault = check_written(label);
		else if (has_unseen(label) && !library_takes(label))
			fault = DOMAIN_IDNA;
	}
	return fault;
}
