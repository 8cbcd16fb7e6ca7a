#ifndef PIPEMAIL_MAIL_DOMAIN_H
#define PIPEMAIL_MAIL_DOMAIN_H

#include "base/str.h"

struct buf;

/*
 * Domain names as mail has them: letters, digits and hyphens (RFC 5321, 4.1.2), at most 63 bytes a label and 253
 * in all, internationalised ones by IDNA2008 with libidn2. Checks of letters, digits, hyphens, empty labels and
 * direction are our own: the library's flag for them deletes characters. Plain ASCII names without A-labels
 * ("xn--") are not given to the library, which would take most of the time of a long list. Nothing here asks the
 * DNS.
 */
enum domain_fault {
	DOMAIN_OK,
	DOMAIN_EMPTY,
	DOMAIN_EMPTY_LABEL,
	DOMAIN_LABEL_LONG, /* over 63 bytes in A-label form */
	DOMAIN_LONG,       /* over 253 bytes in A-label form, or over 1024 as written */
	DOMAIN_CHARACTER,  /* something other than a letter, digit or hyphen; not UTF-8; a control */
	DOMAIN_HYPHEN,     /* a label begins or ends with one */
	DOMAIN_IDNA,       /* libidn2 refuses it */
	DOMAIN_BIDI,       /* against the rules for right-to-left names (RFC 5893, 2) */
	DOMAIN_CONTEXT,    /* a character that may stand only beside certain others (RFC 5892, appendix A) */
	DOMAIN_NUMERIC,    /* the last label is all digits */
	DOMAIN_DOTLESS,    /* set by address_parse only: one label; domain_to_ascii accepts that */
};

/*
 * Append the A-label form of s in lower case; nothing is appended on a fault. One final dot is dropped. An A-label
 * in s has to decode, and to characters that can be seen, but not to what IDNA2008 would make: domains of emoji
 * exist. Other labels with hyphens in third and fourth place exist too and are accepted in ASCII names. Past the
 * limit of out nothing is appended and out->full is set.
 */
enum domain_fault domain_to_ascii(struct buf *out, struct str s);
/* Append the U-label form, for people; a label that does not decode stays as it is. Faults as of domain_to_ascii. */
enum domain_fault domain_to_unicode(struct buf *out, struct str s);
/* The same for what domain_to_ascii made, without checking it again. Not for terminals: utf8_show comes after it. */
void domain_show(struct buf *out, struct str ascii);
/* As domain_show, but labels that `written` (the form domain_to_ascii was given) has as A-labels stay A-labels. */
void domain_show_like(struct buf *out, struct str ascii, struct str written);
/*
 * Nothing in s would be mapped or normalised, and nothing in it is written from right to left: if domain_to_ascii
 * accepts s, then s is its own U-label form. False means "not known". It saves libidn2 most of its work.
 */
bool domain_is_settled(struct str s);
/* A static text for a fault: "a label of the domain is over 63 octets". */
const char *domain_fault_text(enum domain_fault fault);

/*
 * Is s, or a parent of it, reserved for tests, examples or local use (RFC 2606, 6761, 6762, 7686, 8375, 9476,
 * ICANN's .internal)? s is in A-label form and lower case.
 */
bool domain_reserved(struct str s);
/* s is domain or ends in "." domain. Both in lower case. */
bool domain_within(struct str s, struct str domain);

#endif
