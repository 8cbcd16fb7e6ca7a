#include <config.h>

#include <stdlib.h>

#include "mail/address/address.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct address_list l = { .in_group = false };
	int got;

	address_list_init(&l, str_at((const char *)p, n));
	for (size_t i = 0; (got = address_list_next(&l)) != 0; i++)
		if (i > n || buf_len(&l.bare) > n || (got > 0 && buf_len(&l.bare) == 0))
			abort();
	address_list_free(&l);
	return 0;
}
