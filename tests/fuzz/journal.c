#include <config.h>

#include "base/err.h"
#include "io/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet is the length of the cuts; what is kept must lie within what was read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journal_scan scan = { 0 };
	struct str rest = { (const char *)data, size };
	size_t step = size > 0 ? 1 + data[0] % 64 : 1;
	uint64_t whole = 0;
	bool ok = true;

	for (; ok && rest.n > 0; rest = str_sub(rest, step, rest.n))
		ok = journal_scan_feed(&scan, str_sub(rest, 0, step), NULL);
	journal_scan_end(&scan, &whole, NULL);
	if (ok && whole > size)
		__builtin_trap();
	return 0;
}
