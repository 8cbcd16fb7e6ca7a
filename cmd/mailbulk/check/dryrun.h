#ifndef PIPEMAIL_MAILBULK_DRYRUN_H
#define PIPEMAIL_MAILBULK_DRYRUN_H

#include "base/err.h"

struct campaign;
struct list;
struct suppress;

/* The dry run, --check and --preview: render the whole list, write the messages as an mbox to standard output (a dry
 * run), say what would go wrong. Returns the exit status; an error that stops it is said. */
int dryrun(const struct campaign *campaign, struct list *list, const struct suppress *suppress);

#endif
