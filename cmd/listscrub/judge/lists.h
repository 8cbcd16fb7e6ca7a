#ifndef PIPEMAIL_LISTSCRUB_LISTS_H
#define PIPEMAIL_LISTSCRUB_LISTS_H

#include "base/err.h"
#include "base/set.h"
#include "mail/list/safety.h"

/*
 * Short lists of our own, each replaceable by a file (one name a line, "#" for comments): local parts that are roles,
 * and domains of throw-away addresses. Services that give a real person an alias are never disposable, whatever a list
 * says.
 */
struct lists {
	struct set roles;
	bool requests; /* roles are the built-in ones, "…-request" among them */
	struct set disposable;
	struct set aliases;
	struct safety files; /* that were read */
};

/* path: "" or NULL for the built-in list. 65 where a file cannot be relied on (safety_check), 66, 74. */
bool lists_load_roles(struct lists *l, const char *path, bool allow_empty, struct err *err);
bool lists_load_disposable(struct lists *l, const char *path, bool allow_empty, struct err *err);
void lists_free(struct lists *l);

/* local: the local part in lower case; a +tag does not make a person of a role. */
bool lists_is_role(const struct lists *l, struct str local);
/* domain: in A-labels, lower case. *match is the entry, the domain or a parent of it. */
bool lists_is_disposable(const struct lists *l, struct str domain, struct str *match);

/* --- between lists.c and lists_read.c --- */

/* The entries of a file, roles or domains, into s; what is found is counted in f. Errors as above. */
bool lists_read(struct set *s, struct safety_file *f, enum safety_kind kind, const char *path, bool allow_empty,
	struct err *err);

#endif
