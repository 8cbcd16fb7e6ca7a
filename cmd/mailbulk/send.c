#include <config.h>

#include "cmd/mailbulk/send.h"

#include "cli/say.h"

int send_campaign(struct campaign *campaign, struct list *list, const struct suppress *suppress)
{
	(void)campaign;
	(void)list;
	(void)suppress;
	say_errorf("--send comes with the next change");
	return ERR_UNAVAILABLE;
}
