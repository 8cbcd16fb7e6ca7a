#ifndef PIPEMAIL_MAIL_DOMAIN_LOCAL_H
#define PIPEMAIL_MAIL_DOMAIN_LOCAL_H

#include "mail/address/domain.h"

/* What the domain files share and nobody else needs. */

/*
 * What libidn2 does not look at in the labels of a name, written as people wrote them and as U-labels. In those that
 * were written as U-labels the rules of RFC 5892, appendix A.3 to A.7: the library asks only whether there is one.
 * (A.1 and A.2, the joiners, it checks; A.8 and A.9, digits of two kinds, are part of the rule of directions.) In
 * A-labels characters that nobody sees: the library decodes them, and we take more than IDNA2008 would make.
 */
enum domain_fault domain_check_labels(struct str written, struct str unicode);

/* Like str_cut: what stands before the next full stop, of whatever width. */
struct str domain_cut_label(struct str *s);

#endif
