#ifndef PIPEMAIL_LISTSCRUB_REPORT_PAGE_H
#define PIPEMAIL_LISTSCRUB_REPORT_PAGE_H

#include "base/buf.h"

struct report;
struct findings;

/* Append the page of --report as HTML; texts of the list are escaped. */
void report_page(struct buf *out, const struct report *r, const struct findings *f);

/* What is above the first heading: the style, and the policy for the browser. */
extern const char report_page_head[];

#endif
