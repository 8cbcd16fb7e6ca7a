#include <config.h>

#include <stdlib.h>

#include "base/buf.h"
#include "text/date.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct str s = str_at((const char *)p, n);
	struct buf out = { .limit = 0 };
	int64_t first = 0;
	int64_t second = 0;

	/* What was read can be written and is read as the same moment. */
	date_parse_age(s, &first);
	if (date_parse_any(s, &first) == DATE_OK && date_add_iso(&out, first))
		if (date_parse_any(buf_str(&out), &second) != DATE_OK || first != second)
			abort();
	buf_clear(&out);
	if (date_parse_mail(s, &first) && date_add_mail(&out, first, -210))
		if (!date_parse_mail(buf_str(&out), &second) || first != second)
			abort();
	buf_free(&out);
	return 0;
}
