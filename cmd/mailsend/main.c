#include <config.h>

#include "cmd/mailsend/settings.h"

#include "cli/drive.h"
#include "cli/say.h"
#include "cmd/mailsend/deliver/probe.h"
#include "cmd/mailsend/send.h"
#include "cmd/mailsend/serve.h"
#include "cmd/mailsend/setup/setup.h"
#include "cmd/mailsend/spool/spool.h"
#include "io/secret.h"

/* Called by one of the names that other programs know? */
static bool is_sendmail(const char *name)
{
	const char *slash = strrchr(name, '/');

	name = slash != NULL ? slash + 1 : name;
	return strcmp(name, "sendmail") == 0 || strcmp(name, "mailq") == 0 || strcmp(name, "newaliases") == 0;
}

static bool parse(struct settings *s, int argc, char **argv, struct err *err)
{
	bool ok =
		is_sendmail(argv[0]) ? settings_parse_sendmail(s, argc, argv, err) : settings_parse(s, argc, argv, err);

	s->given = s->account;
	if (ok && str_ends(str_of(argv[0]), STR_LIT("mailq")))
		s->list_spool = true;
	if (ok && str_ends(str_of(argv[0]), STR_LIT("newaliases")))
		s->nothing = true;
	say_set_quiet(s->account.quiet);
	say_set_verbose(s->account.verbose);
	return ok && (s->account.trace == NULL || say_trace_open(s->account.trace, err));
}

int main(int argc, char **argv)
{
	static struct settings s;
	struct err err = { 0 };

	say_init(argc > 0 ? argv[0] : "mailsend");
	drive_signals();
	secret_harden();
	if (argc == 0 || !parse(&s, argc, argv, &err))
		return say_fail(&err);
	if (s.nothing)
		return 0;
	if (s.serve)
		return serve(&s);
	if (s.list_spool)
		return spool_list(s.as_sendmail);
	if (s.flush != NULL)
		return spool_flush(&s);
	if (s.setup != NULL)
		return setup(&s);
	if (s.probe)
		return probe(&s);
	return send_message(&s);
}
