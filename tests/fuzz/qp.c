#include <config.h>

#include <stdlib.h>

#include "base/buf.h"
#include "text/qp.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct str s = str_at((const char *)p, n);
	struct buf a = { .limit = 0 };
	struct buf b = { .limit = 0 };
	struct qp whole = { .n = 0 };
	struct qp cut = { .n = 0 };

	qp_decode(&a, s);
	buf_clear(&a);
	qp_add(&whole, &a, s);
	for (size_t i = 0; i < n; i++)
		qp_add(&cut, &b, str_at(s.p + i, 1));
	if (!qp_end(&whole, &a) || !qp_end(&cut, &b) || !str_eq(buf_str(&a), buf_str(&b)))
		abort();
	buf_free(&a);
	buf_free(&b);
	return 0;
}
