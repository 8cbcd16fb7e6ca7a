#ifndef PIPEMAIL_LISTSCRUB_CREW_H
#define PIPEMAIL_LISTSCRUB_CREW_H

#include "base/err.h"

struct scrub;

/*
 * The middle of a long file, worked off by as many threads as there are processors (four at most). Each takes the next
 * share of so many octets, reads and judges the rows that begin in it, and then waits for its turn: duplicates are
 * found and rows are written in the order of the list, by one at a time. So nothing but the time depends on how many
 * there are.
 *
 * Where its first row begins a thread can only guess: behind the first line end. The one before it knows, having read
 * up to there; where the guess was wrong (that line end stands between quotes) the share is read again when its turn
 * comes. And whatever is out of the ordinary, a row longer than a share or the end of the file, is left to the caller,
 * who goes on behind what was done.
 */

/* Do what can be done so from where s->in stands; nothing where it is not worth it. False as scrub_settle. */
bool crew_run(struct scrub *s, struct err *err);

#endif
