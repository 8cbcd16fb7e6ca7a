#include <config.h>

#include "mail/late_gsasl.h"

#include <stddef.h>

#include "base/late.h"

#ifdef GSASL_SONAME

#define X(f) #f,
static const char *const names[] = { LATE_GSASL(X) NULL };
#undef X

const struct late_gsasl *late_gsasl(void)
{
	static union {
		struct late_gsasl functions;
		void (*table[sizeof(struct late_gsasl) / sizeof(void (*)(void))])(void);
	} loaded;
	static int is_loaded;

	if (!is_loaded) {
		late_load(GSASL_SONAME, names, loaded.table);
		is_loaded = 1;
	}
	return &loaded.functions;
}

#endif
