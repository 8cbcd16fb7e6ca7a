#include <config.h>

#include <stdlib.h>

#include "base/buf.h"
#include "mail/header/word.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct str s = str_at((const char *)p, n);
	struct buf out = { .limit = 0 };
	struct buf back = { .limit = 0 };

	word_parameter(s, "filename", &out);
	if (!utf8_valid(buf_str(&out)))
		abort();
	buf_clear(&out);
	word_add_parameter(&out, "filename", s, n % 2 == 0);
	if (!str_ascii(buf_str(&out)) || !str_clean(buf_str(&out)) || !word_parameter(buf_str(&out), "filename", &back))
		abort();
	buf_free(&out);
	buf_free(&back);
	return 0;
}
