#ifndef PIPEMAIL_MAIL_LATE_GSASL_H
#define PIPEMAIL_MAIL_LATE_GSASL_H

#include <gsasl.h>

/*
 * libgsasl, loaded when it is first needed (base/late.h). To be included instead of the library's own headers. A
 * function that is used for the first time is added to both lists; the linker tells when one was forgotten.
 */
#ifdef GSASL_SONAME

/* clang-format off */
#define LATE_GSASL(X) \
	X(gsasl_client_start) \
	X(gsasl_done) \
	X(gsasl_finish) \
	X(gsasl_free) \
	X(gsasl_init) \
	X(gsasl_property_set) \
	X(gsasl_step) \
	X(gsasl_strerror)
/* clang-format on */

#define X(f) __typeof__(f) *f##_;
struct late_gsasl {
	LATE_GSASL(X)
};
#undef X

/* The functions; the library is loaded by the first call. */
const struct late_gsasl *late_gsasl(void);

#define gsasl_client_start (late_gsasl()->gsasl_client_start_)
#define gsasl_done (late_gsasl()->gsasl_done_)
#define gsasl_finish (late_gsasl()->gsasl_finish_)
#define gsasl_free (late_gsasl()->gsasl_free_)
#define gsasl_init (late_gsasl()->gsasl_init_)
#define gsasl_property_set (late_gsasl()->gsasl_property_set_)
#define gsasl_step (late_gsasl()->gsasl_step_)
#define gsasl_strerror (late_gsasl()->gsasl_strerror_)

#endif

#endif
