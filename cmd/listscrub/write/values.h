#ifndef PIPEMAIL_LISTSCRUB_VALUES_H
#define PIPEMAIL_LISTSCRUB_VALUES_H

#include "base/set.h"

struct json;

/* Cells that were not understood, by "COLUMN=value" as the options take it, with their counts. Zeroed memory is empty. */
struct values {
	struct set set; /* value: how often; the first VALUES_MOST of them */
	uint64_t others;
};
#define VALUES_MOST 1000

void values_free(struct values *v);
/* text may be shown as it is. */
void values_add(struct values *v, struct str text);
/* The most frequent ones, one a line, on standard error. */
void values_say(const struct values *v);
void values_add_json(const struct values *v, struct json *j, const char *key);

#endif
