#include <config.h>

#include "cli/account_keys.h"

#include <stddef.h>

static void take(const char **to, const char *from)
{
	if (*to == NULL)
		*to = from;
}

void account_keys_merge(struct account_keys *to, const struct account_keys *from)
{
	take(&to->dkim_domain, from->dkim_domain);
	take(&to->dkim_selector, from->dkim_selector);
	take(&to->dkim_key, from->dkim_key);
	take(&to->aliases, from->aliases);
	take(&to->set_from, from->set_from);
	take(&to->fcc, from->fcc);
	take(&to->log, from->log);
	take(&to->spool_for, from->spool_for);
	to->group_readable = to->group_readable || from->group_readable;
	to->spool = to->spool || from->spool;
	take(&to->mailbox, from->mailbox);
	take(&to->pipe, from->pipe);
	take(&to->delete_after, from->delete_after);
	take(&to->keep, from->keep);
	take(&to->max_size, from->max_size);
	take(&to->limit, from->limit);
}
