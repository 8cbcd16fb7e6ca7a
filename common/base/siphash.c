#include <config.h>

#include "base/siphash.h"

uint64_t siphash(const uint64_t key[2], struct str s)
{
	return siphash_with(1, 3, false, key, s).low;
}
