#ifndef PIPEMAIL_CLI_SAY_H
#define PIPEMAIL_CLI_SAY_H

#include "base/buf.h"
#include "base/err.h"

/*
 * What is said to a person: `tool: what failed: why` on standard error, one line a call, never a raw
 * control character. One process, one tool, so the name and the level are the only state that this
 * floor keeps.
 */

/* The name (argv[0] will do: its last part is taken) for every message. Also guards descriptors 0 to
 * 2 (file_guard_standard): call it before anything is opened. */
void say_init(const char *tool);
const char *say_tool(void);
void say_set_quiet(bool quiet);
void say_set_verbose(bool verbose);
bool say_is_quiet(void);
bool say_is_verbose(void);

/* Errors are always said, notes not with --quiet. */
void say_error(const struct err *err);
void say_errorf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* say_error, and the status to end with: 128 + signal when a signal asked to stop. */
int say_fail(const struct err *err);

/* Finished lines on standard error as they are, after the progress bar (whoever draws one says how to
 * take it away) has made room. */
void say_raw(struct str lines);
void say_before(void (*make_room)(void));

/*
 * The conversation, for -v and --trace FILE: one line of it a line, '>' from us, '<' from the server.
 * Secrets are struck out: what follows AUTH's mechanism and PASS, every line of ours until the server
 * ends the AUTH, and such a line where the server says it back.
 */
struct say_talk {
	unsigned number;    /* of the connection, shown when it is not 0 */
	struct buf part[2]; /* of a line that is not whole yet: ours, the server's */
	struct buf secret;  /* our last line in AUTH or PASS */
	bool auth;          /* between AUTH and the server's last word on it */
};

/* Write the conversation to path too (0600, a fresh file); "-" is standard error. 73. */
bool say_trace_open(const char *path, struct err *err);
/* With -v or --trace: otherwise say_trace does nothing. */
bool say_tracing(void);
/* Octets as they were moved, in any cuts. */
void say_trace(struct say_talk *talk, char direction, struct str octets);
/* A word of our own into the conversation: "TLS 1.3, …". */
void say_trace_note(const struct say_talk *talk, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_talk_free(struct say_talk *talk);

#endif
