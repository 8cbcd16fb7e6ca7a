#ifndef PIPEMAIL_POPFETCH_LISTING_H
#define PIPEMAIL_POPFETCH_LISTING_H

#include <stdbool.h>

/*
 * --index: the messages of a mailbox as CSV on standard output, with the header
 * number,date,from,to,subject,size,attachments,message_id. No server, no configuration, bounded memory. Returns the
 * exit status.
 */
int listing_run(const char *mailbox, bool progress);

#endif
