#include <config.h>

#include "text/html.h"

#include "base/buf.h"

static const char *escaped(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\0':
		return "\xef\xbf\xbd";
	default:
		return NULL;
	}
}

bool html_add(struct buf *out, struct str s)
{
	bool ok = true;

	for (size_t i = 0; i < s.n; i++) {
		const char *text = escaped(s.p[i]);

		ok &= text != NULL ? buf_add_text(out, text) : buf_add_char(out, s.p[i]);
	}
	return ok;
}
