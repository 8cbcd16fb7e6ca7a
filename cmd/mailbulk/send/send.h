#ifndef PIPEMAIL_MAILBULK_SEND_H
#define PIPEMAIL_MAILBULK_SEND_H

struct campaign;
struct list;
struct suppress;

/* --send and --test: preflight over the whole list, then the journal, then the engine; results on standard output.
 * Returns the exit status; what stops it is said. The list can be rewound. */
int send_campaign(struct campaign *campaign, struct list *list, const struct suppress *suppress);

#endif
