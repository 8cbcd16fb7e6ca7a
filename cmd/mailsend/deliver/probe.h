#ifndef PIPEMAIL_MAILSEND_PROBE_H
#define PIPEMAIL_MAILSEND_PROBE_H

#include "cmd/mailsend/settings.h"

/* --probe: what the server offers and whether this configuration works there, on standard output.
 * The status of the run. */
int probe(struct settings *s);

#endif
