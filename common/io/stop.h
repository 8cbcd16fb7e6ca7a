#ifndef PIPEMAIL_IO_STOP_H
#define PIPEMAIL_IO_STOP_H

/*
 * SIGINT, SIGTERM and SIGHUP as a request to stop: the first is noted and wakes whoever polls stop_fd, the second
 * ends the process at once with 128 + signal. A signal that was ignored at the start (nohup, a background job)
 * stays ignored. SIGPIPE and SIGXFSZ are always ignored: a reader that is gone and a limit on file sizes are then
 * errors of write(2), as a full disk is, and there is time to clean up. Calling it again does nothing.
 */
void stop_install(void);
/* The signal that asked to stop, or 0. The tool ends with status 128 + this. Safe in threads. */
int stop_signal(void);
/*
 * A descriptor that is readable from the first signal on, for poll; -1 before stop_install. Do not read from it: a
 * loop that continues after the signal leaves it out of its poll instead.
 */
int stop_fd(void);

#endif
