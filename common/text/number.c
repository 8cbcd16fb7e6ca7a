#include <config.h>

#include "text/number.h"

const char *number_grouped(char text[32], uint64_t n)
{
	char *p = text + 31;

	*p = '\0';
	for (unsigned digits = 0; digits == 0 || n > 0; n /= 10, digits++) {
		if (digits > 0 && digits % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + n % 10);
	}
	return p;
}
