#ifndef PIPEMAIL_TESTS_RANDOM_H
#define PIPEMAIL_TESTS_RANDOM_H

#include "base/buf.h"

/* Numbers that look random and are the same in every run (xorshift64): for properties over many
 * inputs. */
static uint64_t random_state = 88172645463325252u;

__attribute__((unused)) static uint64_t random_below_64(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

__attribute__((unused)) static size_t random_below(size_t n)
{
	return (size_t)random_below_64(n);
}

/* up to max octets, each one of alphabet, or any octet when that is empty. */
__attribute__((unused)) static void random_octets(struct buf *out, size_t max, struct str alphabet)
{
	buf_clear(out);
	for (size_t n = random_below(max + 1); n > 0; n--)
		buf_add_char(out, alphabet.n > 0 ? alphabet.p[random_below(alphabet.n)] : (char)random_below(256));
}

#endif
