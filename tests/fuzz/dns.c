#include <config.h>

#include <stddef.h>

#include "proto/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet chooses the type; a question of "a.example" is what the samples answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned types[] = { DNS_A, DNS_MX, DNS_AAAA };
	struct dns_answer answer;

	if (size == 0)
		return 0;
	struct str message = str_at((const char *)data + 1, size - 1);

	dns_read(message, STR_LIT("a.example"), types[data[0] % 3], &answer);
	if ((answer.finding == DNS_ALIAS) != (answer.target[0] != '\0') || strlen(answer.target) > 253)
		__builtin_trap();
	/* A header alone answers nothing. */
	if (size < 13 && answer.finding != DNS_NOTHING)
		__builtin_trap();
	(void)dns_truncated(message);
	return 0;
}
