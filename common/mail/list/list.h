#ifndef PIPEMAIL_MAIL_LIST_H
#define PIPEMAIL_MAIL_LIST_H

#include "base/str.h"

/* So many octets from the start of a file are enough for list_not. */
#define LIST_NOT_SAMPLE ((size_t)4096)

/*
 * What a file is that cannot be read as a list, told by its first octets (LIST_NOT_SAMPLE of them, fewer where the file is
 * shorter): words to follow "FILE is ", with what to do, such as "an Excel workbook: save it as CSV UTF-8". NULL: it may
 * be a list. An empty sample and UTF-16 are lists. Static text. Callers exit with 65 (ERR_DATA).
 */
const char *list_not(struct str sample);

/* The same for what only a caller can see: a directory, and a file of no octets where a list is required. */
#define LIST_NOT_DIRECTORY "a directory: name the list in it"
#define LIST_NOT_EMPTY "empty: a list has at least a row of column names"

#endif
