#ifndef PIPEMAIL_POPFETCH_FILENAME_H
#define PIPEMAIL_POPFETCH_FILENAME_H

#include "base/set.h"

struct buf;

/*
 * Names of files for what strangers sent, safe on every file system and harmless when clicked in a browser.
 *
 *  - One component: what is after the last "/" or "\"; controls, marks of direction, what cannot be seen and
 *    <>:"|?* become "_"; no dot or dash at the start, no dot or space at the end; not a device of Windows (CON,
 *    LPT1.txt); in normalisation form C; at most 120 bytes, with the ending kept.
 *  - Different from the others in used, also where case does not count: "name-2.txt".
 *  - A browser opens a file by its ending. The content is taken for what the ending says only when that is on a
 *    list of types that run nothing; every other name, and a content that begins like markup, gets ".txt": the
 *    file is shown as text.
 */

/*
 * Append a name for a file. wanted: what the message says, UTF-8 or anything, maybe empty; head: the first
 * bytes of the content; used: the names given out before (zeroed at first, freed by the caller).
 */
void filename_add(struct buf *out, struct str wanted, struct str head, struct set *used);
/* Append a path of such names ("/" between them) as a URL: percent-encoded. */
void filename_add_url(struct buf *out, struct str path);

#endif
