#ifndef PIPEMAIL_MAILBULK_STATUS_H
#define PIPEMAIL_MAILBULK_STATUS_H

#include "cmd/mailbulk/settings.h"

/* --status: what a journal says of each row as results on standard output, the numbers on standard error. The journal
 * is only read. Returns the exit status; what stops it is said. */
int status_tell(const char *journal, enum results_format format);

#endif
