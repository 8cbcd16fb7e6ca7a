#include <config.h>

#include <stdlib.h>

#include "base/buf.h"
#include "io/converter.h"
#include "mail/header/word.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct str s = str_at((const char *)p, n);
	struct buf out = { .limit = 0 };
	struct buf back = { .limit = 0 };

	static bool opened;

	if (!opened)
		converter_open_all();
	opened = true;
	word_decode(&back, s);
	word_encode_phrase(&out, s);
	if (!str_ascii(buf_str(&out)) || !str_clean(buf_str(&out)))
		abort();
	buf_clear(&out);
	buf_clear(&back);
	word_encode_text(&out, s, n % 80);
	word_decode(&back, buf_str(&out));
	if (!str_ascii(buf_str(&out)) || (utf8_valid(s) && !str_eq(buf_str(&back), s)))
		abort();
	buf_free(&out);
	buf_free(&back);
	return 0;
}
