#include <config.h>

#include "cmd/popfetch/visit.h"

#include <gnutls/crypto.h>

#include "base/mem.h"

void hash_begin(struct visit *v)
{
	gnutls_hash_hd_t hash = NULL;

	hash_drop(v);
	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0)
		mem_die();
	v->hash = hash;
}

void hash_add(struct visit *v, struct str octets)
{
	if (v->hash != NULL)
		gnutls_hash(v->hash, octets.p, octets.n);
}

void hash_drop(struct visit *v)
{
	if (v->hash != NULL)
		gnutls_hash_deinit(v->hash, NULL);
	v->hash = NULL;
}

static void finish(struct visit *v, unsigned char digest[32])
{
	gnutls_hash_deinit(v->hash, digest);
	v->hash = NULL;
	v->sum = 0;
	for (size_t i = 0; i < sizeof v->sum; i++)
		v->sum = v->sum << 8 | digest[i];
}

void hash_sum(struct visit *v)
{
	unsigned char digest[32];

	finish(v, digest);
}

const char *hash_end(struct visit *v)
{
	unsigned char digest[32];
	struct buf key = { 0 };
	struct set_entry *e;

	finish(v, digest);
	buf_add_char(&key, 'h');
	for (size_t i = 0; i < sizeof digest; i++)
		buf_printf(&key, "%02x", digest[i]);
	e = set_add(&v->hashes, buf_str(&key), NULL);
	if (++e->value > 1)
		buf_printf(&key, " %llu", (unsigned long long)e->value);
	const char *text = visit_key(v, buf_str(&key));

	buf_free(&key);
	return text;
}
