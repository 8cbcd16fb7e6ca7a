#ifndef PIPEMAIL_POPFETCH_ARCHIVE_H
#define PIPEMAIL_POPFETCH_ARCHIVE_H

#include <stdbool.h>

/*
 * --archive: the messages of a mailbox as a folder of web pages that a browser reads from the disk. A run adds
 * what is not in it yet and changes no page of a message; the same messages in the same order give the same
 * files. A kill leaves pages that are whole, and the next run goes on. Returns the exit status.
 */
int archive_run(const char *dir, const char *mailbox, bool json, bool progress);

#endif
