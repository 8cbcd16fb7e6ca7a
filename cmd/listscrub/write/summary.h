#ifndef PIPEMAIL_LISTSCRUB_SUMMARY_H
#define PIPEMAIL_LISTSCRUB_SUMMARY_H

#include <stdbool.h>

struct bounces;
struct findings;
struct json;

/* What was done, on standard error: a few lines for people, or one line of JSON. */
void summary_say(const struct findings *f);
/* The same of what came back alone. */
void summary_say_returns(const struct bounces *b, bool json);

/* --- between summary.c and summary_returns.c --- */

void summary_add_returns(struct json *j, const struct bounces *b);
void summary_note_returns(const struct bounces *b);

#endif
