#ifndef PIPEMAIL_LISTSCRUB_APART_H
#define PIPEMAIL_LISTSCRUB_APART_H

#include "base/err.h"

struct input;
struct settings;

/*
 * Before anything is read or created: is every file named for one purpose only? What is written must be none of the
 * files that are read, and of two outputs one would bury the other; standard input can be read once, and who reads it
 * second would take an empty list for the whole. 64.
 */
bool apart_check(const struct settings *set, struct err *err);
/* Is that output none of the lists? Writing into what is read would lose both: 64. */
bool apart_output(const struct input *in, int fd, const char *name, struct err *err);

#endif
