#include <config.h>

#include "cmd/popfetch/fetch.h"

#include "cli/drive.h"
#include "cli/say.h"
#include "cmd/popfetch/archive/archive.h"
#include "cmd/popfetch/archive/listing.h"

#define SIGNALLED 128 /* and more: a signal asked to stop */

static int one(const struct settings *s, const char *name)
{
	struct tally tally;
	int status = fetch_account(s, name, &tally);

	if (s->summary != NULL)
		tally_show_json(&tally);
	else if (!s->list && (status == 0 || tally.listed > 0))
		tally_show(&tally);
	tally_free(&tally);
	return status;
}

int main(int argc, char **argv)
{
	static struct settings s;
	struct err err = { 0 };
	int status = 0;

	say_init(argc > 0 ? argv[0] : "popfetch");
	drive_signals();
	if (!settings_parse(&s, argc, argv, &err))
		return say_fail(&err);
	if (s.index)
		return listing_run(s.mailbox, s.account.progress);
	if (s.archive != NULL)
		return archive_run(s.archive, s.mailbox, s.summary != NULL, s.account.progress);
	if (s.account.names.n == 0)
		return one(&s, NULL);
	/* One account in trouble does not keep the others from their mail. */
	for (size_t i = 0; i < s.account.names.n && drive_stop_signal() == 0; i++) {
		int its = one(&s, s.account.names.values[i]);

		if (s.account.names.n == 1 || its >= SIGNALLED)
			return its;
		if (its == ERR_TEMP && status == 0)
			status = ERR_TEMP;
		else if (its != 0 && its != ERR_TEMP)
			status = ERR_PART;
	}
	return status;
}
