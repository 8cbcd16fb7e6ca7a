#ifndef PIPEMAIL_MAILSEND_ALIASES_H
#define PIPEMAIL_MAILSEND_ALIASES_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Local names and who gets their mail, in the form of /etc/aliases (aliases(5)): "name: target, target", a name in
 * quotes where it needs them, lines that go on with a blank, comments with "#", :include: files. Zeroed is valid.
 */
struct alias {
	char *name;
	char *targets; /* as they stand, continuation lines joined by blanks */
	unsigned line;
	bool open; /* its targets are being looked up: in them the name stands for the local user */
	bool done; /* they have been */
};

struct aliases {
	char *path; /* for messages */
	struct alias *list;
	size_t n;
	size_t cap;
};

enum alias_kind {
	ALIAS_ADDRESS, /* an address, a mailbox with a name or another local name: text */
	ALIAS_LOCAL,   /* "\name": the local user, whatever the aliases say: text is the name */
	ALIAS_INCLUDE, /* text is the path of a file with more targets */
	ALIAS_COMMAND, /* "|command": text as it stands */
	ALIAS_FILE,    /* "/path": text as it stands */
};

struct alias_target {
	enum alias_kind kind;
	struct str text; /* a slice of what was cut */
};

void aliases_free(struct aliases *a);
/* Add what text holds; 78 with path and line for a line that is not of the form. Of two lines for a name the first
 * counts. */
bool aliases_parse(struct aliases *a, const char *path, struct str text, struct err *err);
/* The alias of a name, ASCII case folded, or NULL. */
struct alias *aliases_find(const struct aliases *a, struct str name);
/* The next target of a list, cut off its front; false at the end. An :include: file is passed in line by line. */
bool aliases_target(struct str *rest, struct alias_target *target);
/* The next line of an :include: file with something in it, its comment taken away; false at the end. */
bool aliases_line(struct str *rest, struct str *line);

#endif
