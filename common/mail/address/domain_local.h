#ifndef PIPEMAIL_MAIL_DOMAIN_LOCAL_H
#define PIPEMAIL_MAIL_DOMAIN_LOCAL_H

#include "mail/address/domain.h"

/* What the files of domain share; no other module includes this. */

/*
 * What libidn2 does not check in the labels of a name, given as people wrote it and as U-labels. In labels that
 * were written as U-labels: the rules of RFC 5892, appendix A.3 to A.7, of which the library only asks whether
 * there is one. (It checks A.1 and A.2, the joiners, itself; A.8 and A.9, digits of two kinds, are part of the
 * bidi rule.) In A-labels: characters that cannot be seen, as the library only decodes them and we accept more
 * than IDNA2008 would make. Returns DOMAIN_OK, DOMAIN_CONTEXT or another fault.
 */
enum domain_fault domain_check_labels(struct str written, struct str unicode);

/* As str_cut, at the next full stop of any width (U+002E, U+3002, U+FF0E, U+FF61): returns what is before it. */
struct str domain_cut_label(struct str *s);

#endif
