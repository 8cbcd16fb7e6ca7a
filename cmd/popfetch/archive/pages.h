#ifndef PIPEMAIL_POPFETCH_PAGES_H
#define PIPEMAIL_POPFETCH_PAGES_H

#include "base/err.h"

struct catalog;
struct folder;

/*
 * The pages by which one finds a message: index.html, one page a month and 500 messages ("2026-11.html",
 * "2026-11-2.html", "undated.html"), threads by the first three digits of their names, and the search data in
 * pieces of 2,000 messages. Each is written when its content has changed, index.html last: links of what is in
 * place never lead nowhere.
 */
bool pages_write(const struct folder *f, const struct catalog *c, struct err *err);
/* Is index.html of this number of messages, so that nothing has to be written? */
bool pages_current(const struct folder *f, const struct catalog *c);

/* The page of a month that holds a message with this date (CATALOG_UNDATED: without one): "2026-11.html". */
void pages_month(char name[16], int64_t date);

#endif
