#ifndef PIPEMAIL_BASE_LATE_H
#define PIPEMAIL_BASE_LATE_H

/*
 * Libraries that are loaded when they are first needed. GnuTLS and libgsasl bring eleven shared objects with them, and
 * to load those takes longer than everything else that mailsend does for a message to a relay on the same machine,
 * which needs neither. Beside mem the one place of the pure floors that touches the world; it does what the dynamic
 * linker does at the start.
 */

/* Fill table, an array of function pointers, with the functions of those names (NULL-terminated) of the library. A
 * library or function that is not there ends the process with 71, as it would have at its start. */
void late_load(const char *soname, const char *const names[], void (*table[])(void));

#endif
