#include <config.h>

#include "mail/address/domain.h"

#include <idn2.h>
#include <unictype.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mail/address/domain_local.h"
#include "text/utf8.h"

/*
 * Names of ASCII letters, digits and hyphens are judged here; all others go through libidn2 and are judged again
 * afterwards, as only then full stops and letters of other widths have become plain ones. What the library does
 * not check is in domain_context.c.
 */

#define LABEL_MAX ((size_t)63)
#define NAME_MAX_OCTETS ((size_t)253)
#define INPUT_MAX ((size_t)1024) /* the longest name of four-octet characters is shorter */

static enum domain_fault check_label(struct str label)
{
	if (label.n == 0)
		return DOMAIN_EMPTY_LABEL;
	for (size_t i = 0; i < label.n; i++)
		if (!ascii_alpha(label.p[i]) && !ascii_digit(label.p[i]) && label.p[i] != '-')
			return DOMAIN_CHARACTER;
	if (label.n > LABEL_MAX)
		return DOMAIN_LABEL_LONG;
	return label.p[0] == '-' || label.p[label.n - 1] == '-' ? DOMAIN_HYPHEN : DOMAIN_OK;
}

static bool all_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]))
			return false;
	return true;
}

static enum domain_fault check_name(struct str s)
{
	struct str label = STR_NONE;
	struct str rest = s;

	if (s.n == 0)
		return DOMAIN_EMPTY;
	while (rest.p != NULL) {
		label = str_cut(&rest, '.');
		enum domain_fault fault = check_label(label);

		if (fault != DOMAIN_OK)
			return fault;
	}
	if (s.n > NAME_MAX_OCTETS)
		return DOMAIN_LONG;
	return all_digits(label) ? DOMAIN_NUMERIC : DOMAIN_OK;
}

static struct str without_dot(struct str s)
{
	return s.n > 1 && s.p[s.n - 1] == '.' ? str_sub(s, 0, s.n - 1) : s;
}

static bool has_a_label(struct str s)
{
	while (s.p != NULL)
		if (str_istarts(str_cut(&s, '.'), STR_LIT("xn--")))
			return true;
	return false;
}

/* The classes of RFC 5893, 2, as bits. */
enum bidi {
	BIDI_L = 1,
	BIDI_R = 2,
	BIDI_AL = 4,
	BIDI_AN = 8,
	BIDI_EN = 16,
	BIDI_WEAK = 32, /* ES, CS, ET, ON, BN: anywhere but at an end */
	BIDI_NSM = 64,
	BIDI_OTHER = 128,
};

static unsigned bidi_class(uint32_t code)
{
	switch (uc_bidi_class(code)) {
	case UC_BIDI_L:
		return BIDI_L;
	case UC_BIDI_R:
		return BIDI_R;
	case UC_BIDI_AL:
		return BIDI_AL;
	case UC_BIDI_AN:
		return BIDI_AN;
	case UC_BIDI_EN:
		return BIDI_EN;
	case UC_BIDI_NSM:
		return BIDI_NSM;
	case UC_BIDI_ES:
	case UC_BIDI_CS:
	case UC_BIDI_ET:
	case UC_BIDI_ON:
	case UC_BIDI_BN:
		return BIDI_WEAK;
	default:
		return BIDI_OTHER;
	}
}

/* What is in a label: the classes met, the first, and the last that is no NSM. */
struct bidi_label {
	unsigned met, first, last;
};

static struct bidi_label bidi_scan(struct str label)
{
	struct bidi_label b = { 0, 0, 0 };
	uint32_t code;

	for (size_t n; label.n > 0; label = str_sub(label, n, label.n)) {
		n = utf8_decode(label, &code);
		unsigned class = n > 0 ? bidi_class(code) : BIDI_OTHER;

		b.met |= class;
		if (b.first == 0)
			b.first = class;
		if (class != BIDI_NSM)
			b.last = class;
		if (n == 0)
			break;
	}
	return b;
}

/* The six rules of RFC 5893, 2. */
static bool bidi_label_ok(struct bidi_label b)
{
	unsigned forbidden;

	if (b.first == BIDI_L) {
		forbidden = BIDI_R | BIDI_AL | BIDI_AN | BIDI_OTHER;
		return (b.met & forbidden) == 0 && (b.last & (BIDI_L | BIDI_EN)) != 0;
	}
	forbidden = BIDI_L | BIDI_OTHER;
	return (b.first & (BIDI_R | BIDI_AL)) != 0 && (b.met & forbidden) == 0 &&
		(b.last & (BIDI_R | BIDI_AL | BIDI_EN | BIDI_AN)) != 0 &&
		(b.met & (BIDI_EN | BIDI_AN)) != (BIDI_EN | BIDI_AN);
}

/* They hold for every label of a name that has a right-to-left one, and for no other name. */
static bool bidi_ok(struct str name)
{
	bool rtl = false;
	bool ok = true;

	while (name.p != NULL) {
		struct bidi_label b = bidi_scan(str_cut(&name, '.'));

		rtl = rtl || (b.met & (BIDI_R | BIDI_AL | BIDI_AN)) != 0;
		ok = ok && bidi_label_ok(b);
	}
	return ok || !rtl;
}

static enum domain_fault library_fault(int code)
{
	switch (code) {
	case IDN2_OK:
		return DOMAIN_OK;
	case IDN2_TOO_BIG_DOMAIN:
		return DOMAIN_LONG;
	case IDN2_TOO_BIG_LABEL:
	case IDN2_PUNYCODE_BIG_OUTPUT:
		return DOMAIN_LABEL_LONG;
	case IDN2_BIDI:
		return DOMAIN_BIDI;
	default:
		return DOMAIN_IDNA;
	}
}

/* s with a NUL behind it, and the capital sharp s made a small one: libidn2's tables are older than
 * that mapping and make it "ss", which is another domain. */
static char *prepare(struct str s)
{
	static const char capital[] = "\xe1\xba\x9e";
	static const char small[] = "\xc3\x9f";
	struct buf b = { .limit = 0 };

	while (s.n > 0) {
		size_t at = str_search(s, STR_LIT(capital));

		buf_add(&b, str_sub(s, 0, at));
		if (at < s.n)
			buf_add_text(&b, small);
		s = str_sub(s, at + sizeof capital - 1, s.n);
	}
	char *text = mem_copy(buf_text(&b), buf_len(&b));

	buf_free(&b);
	return text;
}

/* The small letters of Latin Extended-A that UTS #46 leaves alone. */
static bool is_small_extended(uint32_t code)
{
	if (code < 0x139 || (code > 0x149 && code < 0x179))
		return code == 0x138 || (code % 2 == 1 && code != 0x133);
	return code % 2 == 0 && code != 0x140 && code != 0x178;
}

/* Characters that no mapping and no normalisation changes, whatever stands beside them, and that are written from left
 * to right: what nearly all names are made of. */
static bool is_settled(uint32_t code)
{
	if (code < 0x80)
		return code == '-' || code == '.' || (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z');
	if (code < 0x100)
		return code >= 0xdf && code != 0xf7;
	if (code < 0x180)
		return code != 0x17f && is_small_extended(code);
	return (code >= 0x3ac && code <= 0x3ce) || (code >= 0x430 && code <= 0x45f) ||
		(code >= 0x3041 && code <= 0x3096) || (code >= 0x30a1 && code <= 0x30fa) ||
		(code >= 0x4e00 && code <= 0x9fcc) || (code >= 0xac00 && code <= 0xd7a3);
}

/* Then libidn2 need not look each of them up in the tables, nor we at their directions: that takes three quarters of
 * the time. Hyphens only where nobody could mind them. */
bool domain_is_settled(struct str s)
{
	uint32_t before = '.';
	uint32_t code = '.';

	for (size_t n; s.n > 0; s = str_sub(s, n, s.n), before = code) {
		n = utf8_decode(s, &code);
		if (n == 0 || !is_settled(code) || (code == '-' && (before == '-' || before == '.')) ||
			(code == '.' && before == '-'))
			return false;
	}
	return code != '-';
}

/* What no table of single characters tells: about the whole name, and about neighbours. A-labels of a kind that
 * IDNA2008 would not make may be there all the same. */
static enum domain_fault check_characters(const char *ascii, struct str written)
{
	enum domain_fault fault = DOMAIN_BIDI;
	char *unicode = NULL;

	if (idn2_to_unicode_8z8z(ascii, &unicode, 0) != IDN2_OK)
		return DOMAIN_IDNA;
	if (bidi_ok(str_of(unicode)))
		fault = domain_check_labels(written, str_of(unicode));
	idn2_free(unicode);
	return fault;
}

static void add_lower(struct buf *out, struct str s)
{
	char *room = buf_room(out, s.n);

	if (room == NULL)
		return;
	for (size_t i = 0; i < s.n; i++)
		room[i] = ascii_lower(s.p[i]);
	buf_added(out, s.n);
}

static enum domain_fault convert(struct buf *out, struct str s)
{
	uint8_t *ascii = NULL;

	if (s.n > INPUT_MAX)
		return DOMAIN_LONG;
	if (!utf8_valid(s) || !str_clean(s))
		return DOMAIN_CHARACTER;
	char *input = prepare(s);
	bool settled = domain_is_settled(s);
	int flags = IDN2_NO_ALABEL_ROUNDTRIP | (settled ? IDN2_NO_TR46 | IDN2_NFC_INPUT : 0);
	enum domain_fault fault = library_fault(idn2_lookup_u8((uint8_t *)input, &ascii, flags));

	if (fault == DOMAIN_OK) {
		struct str name = without_dot(str_of((const char *)ascii));

		/* Only now: full stops and letters of other widths have become plain ones. */
		fault = check_name(name);
		if (fault == DOMAIN_OK && !settled)
			fault = check_characters((const char *)ascii, s);
		if (fault == DOMAIN_OK)
			add_lower(out, name);
	}
	idn2_free(ascii);
	mem_free(input);
	return fault;
}

enum domain_fault domain_to_ascii(struct buf *out, struct str s)
{
	if (!str_ascii(s) || has_a_label(s))
		return convert(out, s);
	s = without_dot(s);
	enum domain_fault fault = check_name(s);

	if (fault == DOMAIN_OK)
		add_lower(out, s);
	return fault;
}

/* With the full stop behind it, where there is one. */
static void show_label(struct buf *out, struct str label, bool stop)
{
	char *text = mem_copy(label.p, label.n);
	char *unicode = NULL;
	bool decoded = str_starts(label, STR_LIT("xn--")) && idn2_to_unicode_8z8z(text, &unicode, 0) == IDN2_OK;

	buf_add(out, decoded ? str_of(unicode) : label);
	if (stop)
		buf_add_char(out, '.');
	idn2_free(unicode);
	mem_free(text);
}

void domain_show(struct buf *out, struct str ascii)
{
	while (ascii.p != NULL) {
		struct str label = str_cut(&ascii, '.');

		show_label(out, label, ascii.p != NULL);
	}
}

void domain_show_like(struct buf *out, struct str ascii, struct str written)
{
	while (ascii.p != NULL) {
		struct str label = str_cut(&ascii, '.');

		if (!str_istarts(domain_cut_label(&written), STR_LIT("xn--"))) {
			show_label(out, label, ascii.p != NULL);
			continue;
		}
		buf_add(out, label);
		if (ascii.p != NULL)
			buf_add_char(out, '.');
	}
}

enum domain_fault domain_to_unicode(struct buf *out, struct str s)
{
	struct buf ascii = { .limit = 0 };
	enum domain_fault fault = domain_to_ascii(&ascii, s);

	if (fault == DOMAIN_OK)
		domain_show(out, buf_str(&ascii));
	buf_free(&ascii);
	return fault;
}

const char *domain_fault_text(enum domain_fault fault)
{
	static const char *const texts[] = {
		[DOMAIN_OK] = "the domain is well formed",
		[DOMAIN_EMPTY] = "the domain is empty",
		[DOMAIN_EMPTY_LABEL] = "the domain begins or ends with a dot or has two in a row",
		[DOMAIN_LABEL_LONG] = "a label of the domain is over 63 octets",
		[DOMAIN_LONG] = "the domain is over 253 octets",
		[DOMAIN_CHARACTER] = "the domain has a character that is no letter, digit or hyphen",
		[DOMAIN_HYPHEN] = "a label of the domain begins or ends with a hyphen",
		[DOMAIN_IDNA] = "the domain is no internationalised domain name (IDNA2008)",
		[DOMAIN_BIDI] = "the domain mixes directions of writing (RFC 5893)",
		[DOMAIN_CONTEXT] = "the domain has a character that may not stand where it does (RFC 5892)",
		[DOMAIN_NUMERIC] = "the top-level domain is a number",
		[DOMAIN_DOTLESS] = "the domain is a top-level domain",
	};

	return texts[fault];
}
