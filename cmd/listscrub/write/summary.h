#ifndef PIPEMAIL_LISTSCRUB_SUMMARY_H
#define PIPEMAIL_LISTSCRUB_SUMMARY_H

struct findings;

/* What was done, on standard error: a few lines for people, or one line of JSON. */
void summary_say(const struct findings *f);

#endif
