#ifndef PIPEMAIL_LISTSCRUB_REPORT_PAGE_H
#define PIPEMAIL_LISTSCRUB_REPORT_PAGE_H

#include "base/buf.h"

struct report;
struct findings;

/* The page of --report as HTML. */
void report_page(struct buf *out, const struct report *r, const struct findings *f);

#endif
