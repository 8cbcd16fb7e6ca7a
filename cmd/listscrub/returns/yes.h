#ifndef PIPEMAIL_LISTSCRUB_YES_H
#define PIPEMAIL_LISTSCRUB_YES_H

#include "base/str.h"

/*
 * Does an answer with a confirm token say yes? By the subject of the link that mailbulk made ("confirm TOKEN"), or by a
 * word for yes as the first line that is not quoted. Never with "no", or a wish to leave, there.
 */
bool yes_is_confirmed(struct str subject, struct str first_line, struct str token);

#endif
