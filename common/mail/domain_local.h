#ifndef PIPEMAIL_MAIL_DOMAIN_LOCAL_H
#define PIPEMAIL_MAIL_DOMAIN_LOCAL_H

#include "base/str.h"

/* What the domain files share and nobody else needs. */

/* The rules of RFC 5892, appendix A.3 to A.7, for a name in U-labels: libidn2 asks only whether there is one. (A.1 and
 * A.2, the joiners, it checks; A.8 and A.9, digits of two kinds, are part of the rule of directions.) */
bool domain_context_ok(struct str name);

#endif
