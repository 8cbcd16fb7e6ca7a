#include <config.h>

#include "mail/late_gnutls.h"

#include <pthread.h>
#include <stddef.h>

#include "base/late.h"

#ifdef GNUTLS_SONAME

#define X(f) #f,
static const char *const names[] = { LATE_GNUTLS(X) NULL };
#undef X

static union {
	struct late_gnutls functions;
	void (*table[sizeof(struct late_gnutls) / sizeof(void (*)(void))])(void);
} loaded;

static void load(void)
{
	late_load(GNUTLS_SONAME, names, loaded.table);
}

/* Once, also where several threads are the first to ask: those of listscrub hash. */
const struct late_gnutls *late_gnutls(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, load);
	return &loaded.functions;
}

#endif
