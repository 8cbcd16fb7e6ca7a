#include <config.h>

#include "cli/account.h"
#include "cli/say.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/check/dryrun.h"
#include "cmd/mailbulk/rows/list.h"
#include "cmd/mailbulk/settings.h"
#include "cmd/mailbulk/check/selection.h"
#include "cmd/mailbulk/send/send.h"
#include "cmd/mailbulk/send/status.h"
#include "io/secret.h"
#include "io/stop.h"

static int run(const struct settings *settings)
{
	struct campaign campaign = { 0 };
	struct list list = { .fd = -1 };
	struct suppress suppress = { 0 };
	struct err err = { 0 };
	bool sends = settings->action == ACTION_SEND;
	int status;

	if (!campaign_load(&campaign, settings, &err) || !selection_suppress(&suppress, settings, &err) ||
		!list_open(&list, settings, sends, &err))
		status = say_fail(&err);
	else
		status = sends ? send_campaign(&campaign, &list, &suppress) : dryrun(&campaign, &list, &suppress);
	list_close(&list);
	suppress_free(&suppress);
	campaign_free(&campaign);
	return stop_signal() != 0 ? 128 + stop_signal() : status;
}

int main(int argc, char **argv)
{
	static struct settings settings;
	struct err err = { 0 };

	say_init("mailbulk");
	stop_install();
	secret_harden();
	if (!settings_parse(&settings, argc, argv, &err))
		return say_fail(&err);
	if (!account_apply_general(&settings.account, &err))
		return say_fail(&err);
	if (settings.action == ACTION_STATUS)
		return status_tell(settings.status, settings.results_format);
	if (!account_load(&settings.account, NULL, settings.from, &err))
		return say_fail(&err);
	return run(&settings);
}
