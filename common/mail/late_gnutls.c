#include <config.h>

#include "mail/late_gnutls.h"

#include <stddef.h>

#include "base/late.h"

#ifdef GNUTLS_SONAME

#define X(f) #f,
static const char *const names[] = { LATE_GNUTLS(X) NULL };
#undef X

const struct late_gnutls *late_gnutls(void)
{
	static union {
		struct late_gnutls functions;
		void (*table[sizeof(struct late_gnutls) / sizeof(void (*)(void))])(void);
	} loaded;
	static int is_loaded;

	if (!is_loaded) {
		late_load(GNUTLS_SONAME, names, loaded.table);
		is_loaded = 1;
	}
	return &loaded.functions;
}

#endif
