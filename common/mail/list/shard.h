#ifndef PIPEMAIL_MAIL_SHARD_H
#define PIPEMAIL_MAIL_SHARD_H

#include "base/str.h"

struct err;

/*
 * --shard K/N: which of N shares an address falls into. The hash is fixed for ever (SipHash-1-3 under the key 0, 1 of
 * the address's comparing form), so that listscrub and mailbulk on any machine agree, and copies of one address, which
 * have the same form, are never in two shares.
 */
struct shard {
	uint32_t k; /* 1 to n; 0: no sharding */
	uint32_t n;
};

/* "K/N", 1 <= K <= N <= 100000; 64 otherwise. */
bool shard_parse(struct shard *s, const char *text, struct err *err);
/* key: address_key_provider's form, so that the shares are the same with and without --fold=provider. */
bool shard_has(const struct shard *s, struct str key);

#endif
