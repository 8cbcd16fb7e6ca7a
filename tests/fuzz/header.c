#include <config.h>

#include <stdlib.h>

#include "base/buf.h"
#include "mail/header/header.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct str s = str_at((const char *)p, n);
	struct buf out = { .limit = 0 };
	struct header_reader r;
	struct header_field f;

	/* Every octet is given out once; whatever may be written again is one field. */
	header_init(&r, s);
	for (size_t seen = 0; header_next(&r, &f) != HEADER_END;) {
		seen += f.whole.n;
		if (f.whole.n == 0 || seen + r.rest.n != n)
			abort();
		buf_clear(&out);
		if (header_add(&out, f.name, f.body, NULL) || header_add_text(&out, f.name, f.body, NULL))
			if (header_length(buf_str(&out)) != buf_len(&out))
				abort();
		header_unfold(&out, f.body);
	}
	buf_free(&out);
	return 0;
}
