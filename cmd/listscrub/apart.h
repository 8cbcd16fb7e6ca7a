#ifndef PIPEMAIL_LISTSCRUB_APART_H
#define PIPEMAIL_LISTSCRUB_APART_H

#include "base/err.h"

struct input;
struct settings;

/*
 * Before anything is read or created: is every file used for one purpose only? An output must not be one of the
 * files that are read; two outputs must not be the same file; and standard input can only be read once, as the
 * second reader would take an empty list for the whole. False with ERR_USAGE.
 */
bool apart_check(const struct settings *set, struct err *err);
/*
 * Is the open output fd none of the lists, by device and inode? Writing into what is being read would lose both.
 * False with ERR_USAGE.
 */
bool apart_output(const struct input *in, int fd, const char *name, struct err *err);

#endif
