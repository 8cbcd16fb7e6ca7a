#include <config.h>

#include "mail/list/shard.h"

#include "base/err.h"
#include "base/siphash.h"

bool shard_parse(struct shard *s, const char *text, struct err *err)
{
	struct str n = str_of(text);
	struct str k = str_cut(&n, '/');
	uint64_t share;
	uint64_t shares;

	if (!str_number(n, 100000, &shares) || !str_number(k, shares, &share) || share == 0)
		return err_set(err, ERR_USAGE, "--shard '%s': it takes K/N with 1 <= K <= N <= 100000", text);
	*s = (struct shard){ .k = (uint32_t)share, .n = (uint32_t)shares };
	return true;
}

bool shard_has(const struct shard *s, struct str key)
{
	static const uint64_t fixed[2] = { 0, 1 };

	return s->n <= 1 || siphash(fixed, key) % s->n + 1 == s->k;
}
