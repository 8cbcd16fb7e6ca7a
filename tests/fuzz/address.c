#include <config.h>

#include <stdlib.h>

#include "mail/address/address.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	unsigned flags = ADDRESS_ENVELOPE;
	struct address a = { .domain_fault = 0 };
	struct buf key = { .limit = 0 };
	struct buf again = { .limit = 0 };
	struct str bare;

	/* What is taken is clean and has a key; a key that is an address is its own key. */
	address_unwrap(str_at((const char *)p, n), &bare, &key);
	buf_clear(&key);
	if (address_parse(&a, bare, flags) == ADDRESS_OK) {
		if (!str_clean(bare) || !address_key(&a, &key))
			abort();
		if (address_parse(&a, buf_str(&key), flags) == ADDRESS_OK && address_key(&a, &again) &&
			!str_eq(buf_str(&key), buf_str(&again)))
			abort();
	}
	address_free(&a);
	buf_free(&key);
	buf_free(&again);
	return 0;
}
