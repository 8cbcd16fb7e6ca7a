#include <config.h>

#include <stdlib.h>

#include "base/buf.h"
#include "text/base64.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct str s = str_at((const char *)p, n);
	struct buf a = { .limit = 0 };
	struct buf b = { .limit = 0 };

	base64_decode_loose(&a, s);
	buf_clear(&a);
	/* Each content has one strict form. */
	if (base64_decode(&a, s) && (!base64_add(&b, buf_str(&a)) || !str_eq(buf_str(&b), s)))
		abort();
	buf_free(&a);
	buf_free(&b);
	return 0;
}
