#ifndef PIPEMAIL_IO_BOOT_H
#define PIPEMAIL_IO_BOOT_H

#include <stdbool.h>

#define BOOT_ID_MAX 40 /* bytes, with the NUL */

/*
 * What tells this start of the machine from every other one: the kernel's boot id (random(4)), 36 characters. What was
 * written and not synced is still there as long as it is the same. "-" where the system has none: it must then not be
 * taken for the same as another "-".
 */
void boot_id(char id[BOOT_ID_MAX]);
/* Do both name the same start? False for "-". */
bool boot_same(const char *a, const char *b);

#endif
