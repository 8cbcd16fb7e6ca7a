#ifndef PIPEMAIL_LISTSCRUB_CREW_H
#define PIPEMAIL_LISTSCRUB_CREW_H

#include "base/err.h"

struct scrub;

/*
 * The middle of a long list, worked off by as many threads as there are processors (four at most). Each reads the next
 * share, some octets and then up to the last line end among them, judges its rows, and then waits for its turn:
 * duplicates are found and rows are written in the order of the list, by one at a time. So nothing but the time depends
 * on how many there are. One reads at a time, from a file or a pipe: reading costs little beside judging. A pipe is
 * shared out when it fills faster than one thread empties it, and no longer when it is waited for.
 *
 * That a share begins with a row is a guess. The one before it knows, having worked off its own; where the guess was
 * wrong (the line end stands between quotes) the share is read again with what is left of that row when its turn comes.
 * Whatever is out of the ordinary, a row longer than a share or the end of the list, is left to the caller: what was
 * read and not worked off goes back to the input.
 */

/* Do what can be done so from where s->in stands; nothing where it is not worth it (s->in.rows tells). False as
 * scrub_settle. */
bool crew_run(struct scrub *s, struct err *err);

#endif
