#ifndef PIPEMAIL_CLI_SAY_H
#define PIPEMAIL_CLI_SAY_H

#include "base/err.h"
#include "base/str.h"

/*
 * What is said to a person: `tool: what failed: why` on standard error, never a raw control character. One process, one tool, so the
 * name and the level are the only state that this floor keeps.
 */
void say_init(const char *tool); /* also argv[0]'s last part is fine */
void say_set_quiet(bool quiet);
void say_set_verbose(bool verbose);
bool say_is_quiet(void);
bool say_is_verbose(void);

/* Errors are always said, notes not with --quiet. */
void say_error(const struct err *err);
void say_errorf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* say_error, and the status to end with. */
int say_fail(const struct err *err);

/* May colour be used on standard error (a terminal, NO_COLOR unset)? */
bool say_colour(void);

/* The conversation, for -v and --trace FILE: direction '>' or '<'. Secrets are struck out: what follows AUTH and PASS, and every
 * line sent while secret is set. NULL path: only -v. */
bool say_trace_open(const char *path, struct err *err);
void say_trace(char direction, struct str octets, bool secret);
bool say_tracing(void);

#endif
