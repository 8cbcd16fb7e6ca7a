#ifndef PIPEMAIL_CMD_POPFETCH_COMMAND_H
#define PIPEMAIL_CMD_POPFETCH_COMMAND_H

#include <stdint.h>

#include "base/err.h"

/*
 * A command that takes mail on its standard input, which is a file that has all of it: whatever becomes of us, the
 * command sees a whole message or nothing. Its exit status is the receipt, read as sysexits(3) names them.
 */
enum command_verdict {
	COMMAND_TAKEN,   /* it exited with 0 */
	COMMAND_REFUSED, /* this mail is refused */
	COMMAND_LATER,   /* not now: the next run gives it again */
	COMMAND_BROKEN,  /* the next mail would fare no better: the command is wrong, or the system is in trouble */
};

/* Can it be run at all? False with ERR_USAGE (a quote is open, no word) or ERR_CONFIG (not found). */
bool command_check(const char *command, struct err *err);
/*
 * Run it with the file fd, from its start, as standard input; standard output and error are ours. Waits, also when a
 * signal asks to stop, for at most `patience` nanoseconds; then it is killed. err says why it is not COMMAND_TAKEN; its
 * kind is the status to end with if nothing else comes of the run.
 */
enum command_verdict command_run(const char *command, int fd, int64_t patience, struct err *err);

#endif
