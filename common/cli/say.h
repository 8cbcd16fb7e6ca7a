#ifndef PIPEMAIL_CLI_SAY_H
#define PIPEMAIL_CLI_SAY_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Messages to a person: `tool: what failed: why` on standard error, one line a call, never with a raw control
 * character. A process is one tool, so its name and the levels are the only global state of this floor. One thread
 * at a time.
 */

/*
 * Set the name for every message (the last part of argv[0]), and guard descriptors 0 to 2 (file_guard_standard):
 * call it before anything is opened. A process that runs setuid or setgid is ended with 78.
 */
void say_init(const char *tool);
/* The name; "pipemail" before say_init. Lives with the process. */
const char *say_tool(void);
void say_set_quiet(bool quiet);
void say_set_verbose(bool verbose);
/* -q was given; -v was given. */
bool say_is_quiet(void);
bool say_is_verbose(void);

/*
 * Errors are always written, notes not with --quiet. Control characters are shown as \xNN; a message is cut at 2
 * KiB.
 */
void say_error(const struct err *err);
void say_errorf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* say_error, and the status to end with: err's kind, or 128 + signal when a signal asked to stop. */
int say_fail(const struct err *err);

/*
 * Write complete lines to standard error as they are, after the progress bar was removed. say_before sets the
 * function that removes it.
 */
void say_raw(struct str lines);
void say_before(void (*make_room)(void));

/*
 * The conversation with a server, for -v and --trace FILE, line by line: '>' from us, '<' from the server. Secrets
 * are replaced: what follows AUTH's mechanism and PASS, every line of ours until the server ends the AUTH, and
 * such a line when the server repeats it. Zeroed at first; freed with say_talk_free, which wipes it.
 */
struct say_talk {
	unsigned number;    /* of the connection, shown if it is not 0 */
	struct buf part[2]; /* an incomplete line: ours, the server's */
	struct buf secret;  /* our last line in AUTH or PASS */
	bool auth;          /* between AUTH and the server's final reply to it */
};

/*
 * Write the conversation to path too (0600, a new file); "-" is standard error, NULL nothing. False with
 * ERR_CANTCREAT.
 */
bool say_trace_open(const char *path, struct err *err);
/* -v or --trace was given; otherwise say_trace does nothing. */
bool say_tracing(void);
/* Bytes as they were moved, in any pieces. direction is '>' or '<'. */
void say_trace(struct say_talk *talk, char direction, struct str octets);
/* A line of our own in the conversation: "TLS 1.3, ...". */
void say_trace_note(const struct say_talk *talk, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_talk_free(struct say_talk *talk);

#endif
