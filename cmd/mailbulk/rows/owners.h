#ifndef PIPEMAIL_MAILBULK_OWNERS_H
#define PIPEMAIL_MAILBULK_OWNERS_H

#include "base/err.h"
#include "base/set.h"

/*
 * Whose mail servers take the mail of a recipient domain: the organisation that the first MX host's name belongs to
 * (--by-mx). The DNS is asked for all domains of a run before its first row leaves, each once. A domain whose MX is
 * not known is its own owner: that never holds a row up.
 */
struct owners {
	struct set domains; /* in A-labels, to the index of the owner's name + 1; 0: itself */
	struct set names;
};

void owners_free(struct owners *o);
/* A domain of the run, in A-labels and lower case. Past a million of them more are not kept. */
void owners_note(struct owners *o, struct str domain);
/* Ask about all that were noted, with resolver as in resolver_params; for five minutes at most, and until a signal asks
 * to stop. *unknown: domains without an answer. False when the resolver cannot be had at all: nothing was asked. */
bool owners_ask(struct owners *o, const char *resolver, uint64_t *unknown, struct err *err);
/* The owner of a domain; itself where that is not known. Lives as long as o and domain do. */
struct str owners_of(const struct owners *o, struct str domain);
/* The part of a host's name that its organisation registered: the last two labels, or three below such endings as
 * co.uk. */
struct str owners_organisation(struct str host);
/* Who owns a domain that was noted; empty: itself. */
void owners_set(struct owners *o, struct str domain, struct str owner);

#endif
