#include <config.h>

#include "io/converter.h"
#include "mail/returns/dsn.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is reported is an address, and words on one line that are UTF-8. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dsn d = { 0 };
	static bool opened;

	if (!opened)
		converter_open_all();
	opened = true;

	dsn_read(&d, str_at((const char *)data, size));
	for (size_t i = 0; i < d.n; i++) {
		struct dsn_report *r = &d.reports[i];

		if (r->recipient.n == 0 || !str_clean(r->recipient) || !str_clean(r->diagnostic) ||
			!utf8_valid(r->diagnostic) || r->class == DSN_NOTHING)
			__builtin_trap();
	}
	dsn_free(&d);
	return 0;
}
