#ifndef PIPEMAIL_MAIL_DOMAIN_H
#define PIPEMAIL_MAIL_DOMAIN_H

#include "base/str.h"

struct buf;

/*
 * Domain names as mail has them: letters, digits and hyphens (RFC 5321, 4.1.2), 63 octets a label,
 * 253 in all, internationalised ones by IDNA2008 (libidn2; our own letter-digit-hyphen, empty-label
 * and bidi checks, since its own flag for that deletes characters). Plain ASCII without A-labels
 * never reaches the library.
 */
enum domain_fault {
	DOMAIN_OK,
	DOMAIN_EMPTY,
	DOMAIN_EMPTY_LABEL,
	DOMAIN_LABEL_LONG,
	DOMAIN_LONG,
	DOMAIN_CHARACTER, /* something that is no letter, digit or hyphen */
	DOMAIN_HYPHEN,    /* a label begins or ends with one */
	DOMAIN_IDNA,      /* libidn2 refuses it */
	DOMAIN_BIDI,
	DOMAIN_CONTEXT, /* a character that may stand only beside certain others (RFC 5892, appendix A) */
	DOMAIN_NUMERIC, /* the last label is all digits */
	DOMAIN_DOTLESS, /* one label only; for address_parse, domain_to_ascii takes it */
};

/* The A-label form of s in lower case, appended to out (not on a fault). One final dot is dropped.
 * What is an A-label already has to decode, and to something that can be seen: some that IDNA2008
 * would not make (of emoji) exist. Other labels with hyphens third and fourth exist too and are taken in plain ASCII
 * names. */
enum domain_fault domain_to_ascii(struct buf *out, struct str s);
/* The U-label form for people; a label that does not decode stays as it is. */
enum domain_fault domain_to_unicode(struct buf *out, struct str s);
/* The same of what domain_to_ascii made. */
void domain_show(struct buf *out, struct str ascii);
/* And of what it made of written: A-labels stay where they were written. */
void domain_show_like(struct buf *out, struct str ascii, struct str written);
/* Nothing in s would be mapped or normalised, and nothing is written from right to left: where domain_to_ascii takes
 * it, it is the U-label form as it stands. False says nothing. */
bool domain_is_settled(struct str s);
/* A fixed text for a fault: "a label is over 63 octets". */
const char *domain_fault_text(enum domain_fault fault);

/* Reserved for tests, examples and local use (RFC 2606, 6761, 6762, 7686, 8375, 9476, ICANN's
 * .internal): s in A-label form, lower case, it or a parent of it. */
bool domain_reserved(struct str s);
/* s is domain, or ends in "." domain. Both in lower case. */
bool domain_within(struct str s, struct str domain);

#endif
