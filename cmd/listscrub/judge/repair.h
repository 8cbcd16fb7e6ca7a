#ifndef PIPEMAIL_LISTSCRUB_REPAIR_H
#define PIPEMAIL_LISTSCRUB_REPAIR_H

#include "base/buf.h"

/* Slips of machines and hands around an address: quotes, blanks, commas, what another program left. */
struct repair {
	struct buf text;  /* the address that was meant; judge it before it is used */
	const char *what; /* in a word or two, static */
	bool sure; /* only what is around it and the domain was changed, and of the part before the "@" quotes and
			   * blanks around it; else a person has to say so */
};

/* False: nothing of that kind is wrong with the cell. r->text is emptied first; free it with buf_free. */
bool repair_cell(struct repair *r, struct str cell);

#endif
