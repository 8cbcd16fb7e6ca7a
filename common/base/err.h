#ifndef PIPEMAIL_BASE_ERR_H
#define PIPEMAIL_BASE_ERR_H

#include <stdbool.h>

/*
 * What stopped us, as a value: a kind, which is the exit status that it leads to (sysexits(3) and
 * our 1 and 79), and a text for a person, complete enough to be printed as it is. What a server or
 * a list merely says is data and travels elsewhere.
 */
enum err_kind {
	ERR_NONE = 0,
	ERR_PART = 1,         /* some recipients or rows failed, each is named */
	ERR_USAGE = 64,       /* the command line is wrong */
	ERR_DATA = 65,        /* the input is wrong */
	ERR_NOINPUT = 66,     /* an input file cannot be read */
	ERR_NOUSER = 67,      /* every recipient was refused */
	ERR_NOHOST = 68,      /* the host is unknown */
	ERR_UNAVAILABLE = 69, /* service unavailable, or it refused the message */
	ERR_SOFTWARE = 70,    /* a fault of ours */
	ERR_OS = 71,          /* the system refused something */
	ERR_CANTCREAT = 73,   /* an output cannot be created */
	ERR_IO = 74,          /* reading or writing failed */
	ERR_TEMP = 75,        /* temporary, worth trying again */
	ERR_PROTOCOL = 76,    /* the server broke the protocol; TLS failures too */
	ERR_AUTH = 77,        /* authentication refused */
	ERR_CONFIG = 78,      /* the configuration is wrong */
	ERR_OUTCOME = 79,     /* handed over and no verdict: may have been delivered */
};

/* Zero is "no error". Filled only on failure; fits on the stack and owns nothing. */
struct err {
	enum err_kind kind;
	char text[240];
};

/* Fill err (which may be NULL) and return false, so that a caller can `return err_set(…)`. A text
 * that does not fit ends in "...". Control characters are the printer's business, not ours. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the description of the error number behind it. */
bool err_errno(struct err *err, enum err_kind kind, int number, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Put a context before the text on its way up: "smtp.example.org: certificate expired". */
bool err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
