#include <config.h>

#include "mail/domain_local.h"

#include <unictype.h>

#include "text/utf8.h"

#define MIDDLE_DOT 0xb7u
#define KERAIA 0x375u
#define GERESH 0x5f3u
#define GERSHAYIM 0x5f4u
#define KATAKANA_MIDDLE_DOT 0x30fbu

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

static bool label_ok(struct str label)
{
	struct str rest = label;
	uint32_t before = 0;
	uint32_t code = 0;

	while (rest.n > 0) {
		uint32_t after = 0;
		size_t n = utf8_decode(rest, &code);

		if (n == 0)
			return false;
		rest = str_sub(rest, n, rest.n);
		(void)utf8_decode(rest, &after);
		if (!may_stand(label, before, code, rest.n > 0 ? after : 0))
			return false;
		before = code;
	}
	return true;
}

bool domain_context_ok(struct str name)
{
	while (name.p != NULL)
		if (!label_ok(str_cut(&name, '.')))
			return false;
	return true;
}
