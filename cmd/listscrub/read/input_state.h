#ifndef PIPEMAIL_LISTSCRUB_INPUT_STATE_H
#define PIPEMAIL_LISTSCRUB_INPUT_STATE_H

#include "cmd/listscrub/read/input.h"

/* What the files of input.h share. */

/* Open the current list; when it is read again, its spool or the file itself from where it began. */
bool input_open_file(struct input *in, struct err *err);
/* Keep a copy of the text that was just read of a file that cannot be read again; in->octets is where it begins. */
bool input_spool(struct input *in, struct str text, struct err *err);

/*
 * input_mend.c. Of a row that may be torn, or CSV_ERROR for a quote that is never closed: where lines after the one
 * with the quote are rows of the list, what is before them becomes one lost row. Returns what to give out.
 */
enum csv_event input_mend(struct input *in, enum csv_event event, struct csv_row *row, struct err *err);

/*
 * input_union.c. Look at the lists after the first one that are files: columns that it has not are added to in->form
 * and in->header, and each list whose columns are not these gets its map. 65, 66.
 */
bool input_unite(struct input *in, struct err *err);

#endif
