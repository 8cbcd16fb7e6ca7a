#ifndef PIPEMAIL_IO_STOP_H
#define PIPEMAIL_IO_STOP_H

/*
 * SIGINT, SIGTERM and SIGHUP as a wish to stop: the first is noted and wakes whoever polls, the
 * second ends the process at once with 128 + signal. A signal that was ignored at the start
 * (nohup, a background job) stays ignored; SIGPIPE and SIGXFSZ are always ignored: a reader that went
 * away and a limit of file sizes are errors of write(2) like a full disk, with time left to clean up.
 */
void stop_install(void);
/* The signal that asked, or 0. The tool ends with 128 + this. */
int stop_signal(void);
/* A descriptor that is readable from the first signal on, for poll; -1 before stop_install. Never
 * read from it: a loop that goes on after the signal leaves it out of its poll instead. */
int stop_fd(void);

#endif
