#ifndef PIPEMAIL_MAIL_SHARD_H
#define PIPEMAIL_MAIL_SHARD_H

#include "base/str.h"

struct err;

/*
 * --shard K/N: which of N shares of a list an address belongs to. The hash must never change (SipHash-1-3, key 0
 * and 1, of the address's key), because listscrub and mailbulk on different machines and of different versions
 * have to agree. Copies of one address have the same key, so they are in the same share.
 */
struct shard {
	uint32_t k; /* 1 to n; 0: no sharding */
	uint32_t n;
};

/* Read "K/N", 1 <= K <= N <= 100000. False with ERR_USAGE; *s is unchanged then. */
bool shard_parse(struct shard *s, const char *text, struct err *err);
/*
 * Is the address with this key in the share? Always true without sharding. key is what address_key_provider makes,
 * so the shares are the same with and without --fold=provider.
 */
bool shard_has(const struct shard *s, struct str key);

#endif
