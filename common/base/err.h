#ifndef PIPEMAIL_BASE_ERR_H
#define PIPEMAIL_BASE_ERR_H

#include <stdbool.h>

/*
 * What made a function fail, as a value: a kind, which is the exit status of the program (sysexits(3), and 1 and
 * 79 of ours), and a text for a person that can be printed as it is. Each function that takes a `struct err *`
 * says which kinds it sets. What a server or a list says is not an error but data (see proto/reply.h and
 * mail/returns/outcome.h).
 *
 *     if (!file_load(path, limit, &content, err))
 *             return err_prefix(err, "template");
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

/*
 * Zero means "no error". A caller starts with a zeroed one, as functions fill it only when they fail. It owns
 * nothing and can be copied.
 */
struct err {
	enum err_kind kind;
	char text[400]; /* ends in NUL, without a line end or the program's name; "..." where it was cut */
};

/*
 * Set kind and text, replacing what was there, and return false, so that a caller can `return err_set(...)`. err
 * may be NULL: the result is false all the same. A text of more than 399 bytes is cut and ends in "...". Control
 * characters are kept; whoever prints the text escapes them (cli/say.h).
 */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and strerror(number) after the text. number is an errno, not negated. */
bool err_errno(struct err *err, enum err_kind kind, int number, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Put a context and ": " before the text: "smtp.example.org: certificate expired". The kind stays. Returns false;
 * err may be NULL. The format's arguments may point into err->text.
 */
bool err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
