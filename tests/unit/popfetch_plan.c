#include <config.h>

#include "tests/tap.h"

#include <unistd.h>

#include "base/mem.h"
#include "cmd/popfetch/visit.h"
#include "io/clock.h"
#include "proto/sasl.h"
#include "text/date.h"

/* Which message is fetched, looked at, left or deleted: by a session that is played up to its listing. */

#define DAY 86400
#define NOW 1795420800 /* 2026-11-23 08:00:00 */

static char directory[] = "/tmp/pipemail-plan-XXXXXX";

struct wish {
	const char *uids; /* one a message, by blanks; "-": none */
	struct settings settings;
};

struct scene {
	struct settings settings;
	struct account_server server;
	struct state state;
	struct tally tally;
	struct visit v;
	struct sasl *sasl;
};

/* To be changed as another run would have left it. */
static struct state_note *note_of(struct state *s, struct str key)
{
	return (struct state_note *)(uintptr_t)state_noted(s, key);
}

static void remember(struct state *s, const char *uid, int64_t when)
{
	char key[100];

	snprintf(key, sizeof key, "u%s", uid);
	state_try(s, str_of(key), STR_LIT("1"), NULL);
	state_done(s, when, false, NULL);
	note_of(s, str_of(key))->fresh = false;
}

/* What the client says next, and the server's answer to it. */
static void answer(struct pop3 *p, const char *uids)
{
	struct str out = buf_str(&p->out);

	while (out.n > 0) {
		struct str line = str_cut(&out, '\n');
		struct str rest = str_of(uids);
		size_t n = 0;

		if (str_starts(line, STR_LIT("CAPA"))) {
			buf_add_text(&p->in, "+OK\r\nUIDL\r\nTOP\r\nUSER\r\nPIPELINING\r\n.\r\n");
			continue;
		}
		buf_add_text(&p->in, str_starts(line, STR_LIT("STAT")) ? "+OK 99 99\r\n" : "+OK\r\n");
		bool list = str_starts(line, STR_LIT("LIST"));

		if (!list && !str_starts(line, STR_LIT("UIDL")))
			continue;
		while (rest.p != NULL) {
			struct str uid = str_cut(&rest, ' ');

			n++;
			if (list)
				buf_printf(&p->in, "%zu %zu\r\n", n, n * 100);
			else if (!str_eq(uid, STR_LIT("-")))
				buf_printf(&p->in, "%zu %.*s\r\n", n, STR_ARGS(uid));
		}
		buf_add_text(&p->in, ".\r\n");
	}
	buf_clear(&p->out);
}

static void begin(struct scene *s, const char *uids)
{
	struct sasl_params sp = { .service = "pop",
		.host = "mail.example",
		.port = 110,
		.user = STR_LIT("ann"),
		.password = STR_LIT("secret") };
	struct pop3_news news;
	enum pop3_event event = POP3_WAIT;

	s->sasl = sasl_new(&sp, NULL);
	struct pop3_params params = { .tls = TLS_OFF, .clear_auth = true, .sasl = s->sasl };

	s->tally = (struct tally){ 0 };
	s->server = (struct account_server){ .label = "ann@mail.example" };
	s->v = (struct visit){
		.now = NOW, .settings = &s->settings, .server = &s->server, .state = &s->state, .tally = &s->tally
	};
	pop3_init(&s->v.pop3, &params);
	buf_add_text(&s->v.pop3.in, "+OK\r\n");
	for (int i = 0; i < 50 && event == POP3_WAIT; i++) {
		event = pop3_next(&s->v.pop3, &news);
		answer(&s->v.pop3, uids);
	}
	if (event != POP3_READY)
		check(false, "no listing: %s", news.err.text);
	plan(&s->v);
}

static void end(struct scene *s)
{
	visit_free(&s->v);
	sasl_free(s->sasl);
}

/* A letter for each message's fate. */
static const char *fates(const struct scene *s)
{
	static char text[100];
	size_t i = 0;

	for (; i < s->v.pop3.n_items; i++)
		text[i] = "-WLFKDXU"[s->v.fates[i]];
	text[i] = '\0';
	return text;
}

/* The commands that the session sends now. */
static const char *commands(struct scene *s)
{
	static struct buf text;
	struct pop3_news news;

	buf_clear(&text);
	while (pop3_next(&s->v.pop3, &news) != POP3_WAIT)
		;
	for (struct str out = buf_str(&s->v.pop3.out); out.n > 0;) {
		struct str line = str_cut(&out, '\n');

		buf_printf(&text, "%s%.*s", buf_len(&text) > 0 ? "; " : "", (int)line.n - 1, line.p);
	}
	buf_clear(&s->v.pop3.out);
	return buf_text(&text);
}

static void fresh(struct scene *s)
{
	char path[100];
	struct err err = { 0 };

	snprintf(path, sizeof path, "%s/state", directory);
	state_close(&s->state);
	unlink(path);
	if (!state_open(&s->state, path, &err))
		check(false, "state: %s", err.text);
	s->settings = (struct settings){ .keep = -1, .since = INT64_MIN };
}

static void test_known(void)
{
	struct scene s = { .state.lock = -1 };

	fresh(&s);
	remember(&s.state, "b", NOW);
	begin(&s, "a b c");
	check_same(str_of(fates(&s)), "WKW", "what is known is not fetched");
	check(s.tally.known == 1 && s.tally.listed == 3, "and counted");
	plan_ask(&s.v);
	check_same(str_of(fates(&s)), "FKF", "the others are");
	check_same(str_of(commands(&s)), "RETR 1; RETR 3", "in order");
	check(s.v.wanted == 2 && s.v.looks == 0, "counted too");
	plan_ask(&s.v);
	check_same(str_of(commands(&s)), "", "once");
	end(&s);
	s.settings.all = true;
	begin(&s, "a b c");
	check_same(str_of(fates(&s)), "WWW", "--all fetches them again");
	end(&s);
	s.settings.all = false;
	s.settings.headers = true;
	begin(&s, "a b c");
	plan_ask(&s.v);
	check_same(str_of(commands(&s)), "TOP 1 0; TOP 3 0", "--headers");
	end(&s);
	state_close(&s.state);
}

/* A UID may be another message's one day. */
static void test_another(void)
{
	struct scene s = { .state.lock = -1 };

	fresh(&s);
	s.settings.keep = 0;
	state_try_noted(&s.state, STR_LIT("ua"), STR_LIT("1"), 101, 7, NULL);
	state_try_noted(&s.state, STR_LIT("ub"), STR_LIT("1"), 202, 7, NULL);
	state_try_noted(&s.state, STR_LIT("uc"), STR_LIT("1"), STATE_DOUBT, 7, NULL);
	state_try_noted(&s.state, STR_LIT("ud"), STR_LIT("1"), 401, 7, NULL);
	state_try_noted(&s.state, STR_LIT("ue"), STR_LIT("1"), 501, 7, NULL);
	state_done(&s.state, NOW, true, NULL);
	state_deleted(&s.state, STR_LIT("ud"), NULL);
	note_of(&s.state, STR_LIT("ue"))->gone = NOW;
	begin(&s, "a b c d e");
	check_same(str_of(fates(&s)), "DWWWW",
		"of another size, in doubt, deleted, back: compared before it is deleted");
	end(&s);
	s.settings.keep = -1;
	begin(&s, "a b c d e");
	check_same(str_of(fates(&s)), "KWWWK", "what is only back in the listing is believed where nothing is deleted");
	end(&s);
	s.settings.all = true;
	begin(&s, "a b");
	check_same(str_of(fates(&s)), "KW", "--all does not fetch again what this run stored");
	end(&s);
	state_close(&s.state);
}

static void test_measure(void)
{
	struct scene s = { .state.lock = -1 };

	fresh(&s);
	begin(&s, "a b c d e");
	check(plan_measure(&s.v, 0, 97, 3, 2) && plan_measure(&s.v, 1, 199, 1, 1) && plan_measure(&s.v, 2, 300, 0, 0),
		"LIST counts stuffed dots");
	check(plan_measure(&s.v, 3, 390, 10, 9), "as it did");
	check(!plan_measure(&s.v, 4, 500, 3, 0) && plan_measure(&s.v, 4, 497, 3, 0), "another size is noticed");
	end(&s);
	begin(&s, "a b c d");
	check(plan_measure(&s.v, 0, 103, 1, 3) && plan_measure(&s.v, 1, 204, 2, 4) &&
			plan_measure(&s.v, 2, 305, 3, 5) && !plan_measure(&s.v, 3, 400, 1, 1),
		"a server that counts LF");
	end(&s);
	begin(&s, "a b c d");
	check(plan_measure(&s.v, 0, 100, 0, 0) && plan_measure(&s.v, 1, 77, 0, 0) && plan_measure(&s.v, 2, 300, 0, 0) &&
			plan_measure(&s.v, 3, 77, 0, 0),
		"sizes that are hints only say nothing");
	end(&s);
	state_close(&s.state);
}

static void test_uids(void)
{
	struct scene s = { .state.lock = -1 };

	fresh(&s);
	s.settings.keep = 0;
	remember(&s.state, "a", NOW);
	remember(&s.state, "c", NOW);
	begin(&s, "a b a c - c2");
	check_same(str_of(fates(&s)), "WWWDWW", "a UID that is there twice says nothing");
	check(s.v.keys[0] == NULL && s.v.keys[2] == NULL && s.v.keys[4] == NULL && strcmp(s.v.keys[1], "ub") == 0 &&
			strcmp(s.v.keys[3], "uc") == 0 && strcmp(s.v.keys[5], "uc2") == 0,
		"nor does a missing one");
	check(plan_index(&s.v, 1) == 0 && plan_index(&s.v, 6) == 5 && plan_index(&s.v, 4) == 3, "by number");
	end(&s);
	state_close(&s.state);
}

static void test_hash(void)
{
	struct scene s = { .state.lock = -1 };

	fresh(&s);
	begin(&s, "-");
	hash_begin(&s.v);
	hash_add(&s.v, STR_LIT("ab"));
	hash_add(&s.v, STR_LIT("c"));
	const char *one = hash_end(&s.v);

	check_same(str_of(one), "hba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"SHA-256 of its octets");
	hash_begin(&s.v);
	hash_add(&s.v, STR_LIT("broken off"));
	hash_begin(&s.v);
	hash_add(&s.v, STR_LIT("abc"));
	const char *two = hash_end(&s.v);

	check_same(str_of(two), "hba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 2",
		"the second such message");
	hash_begin(&s.v);
	const char *other = hash_end(&s.v);

	check(strchr(other, ' ') == NULL && strcmp(other, one) != 0, "an empty one is another");
	hash_add(&s.v, STR_LIT("after the end"));
	end(&s);
	state_close(&s.state);
}

static void test_sizes(void)
{
	struct scene s = { .state.lock = -1 };

	fresh(&s);
	s.settings.max_size = 200;
	begin(&s, "a b c");
	check_same(str_of(fates(&s)), "WW-", "of the size itself is not too large");
	check(s.tally.large == 1, "larger ones are counted");
	end(&s);
	s.settings.max_size = 199;
	begin(&s, "a b c");
	check_same(str_of(fates(&s)), "W--", "one octet more is");
	end(&s);
	remember(&s.state, "c", NOW);
	begin(&s, "a b c");
	check_same(str_of(fates(&s)), "W-K", "what is known is known, however large");
	end(&s);
	state_close(&s.state);
}

static void test_limit(void)
{
	struct scene s = { .state.lock = -1 };

	for (uint64_t limit = 1; limit < 5; limit++) {
		fresh(&s);
		s.settings.limit = limit;
		begin(&s, "a b c");
		plan_ask(&s.v);
		check(s.v.wanted == (limit < 3 ? limit : 3), "--limit %llu", (unsigned long long)limit);
		plan_ask(&s.v);
		check(s.v.wanted == (limit < 3 ? limit : 3), "also when asked again");
		end(&s);
	}
	s.settings.limit = 2;
	begin(&s, "a b c d");
	s.tally.fetched = 1;
	plan_ask(&s.v);
	check_same(str_of(fates(&s)), "FWWW", "what was fetched counts");
	/* It turned out to be known: another may come in its place. */
	s.v.wanted--;
	s.v.fates[0] = FATE_KEPT;
	plan_ask(&s.v);
	check_same(str_of(fates(&s)), "KFWW", "what turned out to be known does not");
	end(&s);
	state_close(&s.state);
}

static void test_faults(void)
{
	struct scene s = { .state.lock = -1 };

	fresh(&s);
	state_fault(&s.state, STR_LIT("ua"), NULL);
	begin(&s, "a b c");
	plan_ask(&s.v);
	check_same(str_of(commands(&s)), "RETR 2; RETR 3; RETR 1", "where the last session broke off comes last");
	end(&s);
	s.settings.limit = 2;
	begin(&s, "a b c");
	plan_ask(&s.v);
	check_same(str_of(commands(&s)), "RETR 2; RETR 3", "and not instead of others");
	end(&s);
	state_close(&s.state);
}

static void test_since(void)
{
	static const struct {
		const char *header, *fates;
	} looks[] = {
		{ "Date: Mon, 23 Nov 2026 07:59:59 +0000\r\n", "-" },
		{ "Date: Mon, 23 Nov 2026 08:00:00 +0000\r\n", "F" },
		{ "Date: Mon, 23 Nov 2026 08:00:01 +0000\r\n", "F" },
		{ "Date: Mon, 23 Nov 2026\r\n 07:59:59 +0000\r\n", "-" },
		{ "Date: Mon, 23 Nov 2026 09:00:00 +0100\r\n", "F" },
		{ "Date: sometime\r\n", "F" },
		{ "X-Date: Mon, 23 Nov 2020 08:00:00 +0000\r\n", "F" },
		{ "", "F" },
	};
	struct scene s = { .state.lock = -1 };

	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
		fresh(&s);
		s.settings.since = NOW;
		begin(&s, "a");
		plan_ask(&s.v);
		check(s.v.looks == 1 && s.v.wanted == 0 && s.v.fates[0] == FATE_LOOK, "its date is asked for first");
		check_same(str_of(commands(&s)), "TOP 1 0", "by TOP");
		plan_look(&s.v, 0, str_of(looks[i].header));
		check_same(str_of(fates(&s)), looks[i].fates, "then it is decided");
		check(s.v.looks == 0 && s.tally.old == (looks[i].fates[0] == '-') && s.v.wanted == !s.tally.old,
			"counted");
		end(&s);
	}
	state_close(&s.state);
}

/* At so many seconds after it was stored. */
static enum fate kept_after(int64_t keep, int64_t age)
{
	struct settings settings = { .keep = keep };
	struct visit v = { .settings = &settings, .now = NOW };

	return plan_kept(&v, NOW - age);
}

static void test_delete_after(void)
{
	static const int64_t days[] = { 1, 7, 30, 1000 };

	for (size_t i = 0; i < 4; i++) {
		int64_t keep = days[i] * DAY;

		check(kept_after(keep, 0) == FATE_KEPT && kept_after(keep, 1) == FATE_KEPT, "not at the next visit");
		check(kept_after(keep, keep - DAY) == FATE_KEPT, "nor a day too early");
		check(kept_after(keep, keep - 1) == FATE_KEPT, "nor a second");
		check(kept_after(keep, keep) == FATE_DELETE, "after %d days", (int)days[i]);
		check(kept_after(keep, keep + 1) == FATE_DELETE && kept_after(keep, keep + DAY) == FATE_DELETE,
			"and later");
		check(kept_after(keep, -DAY) == FATE_KEPT && kept_after(keep, -keep - DAY) == FATE_KEPT,
			"a clock that was set back deletes nothing");
		check(plan_kept(&(struct visit){ .settings = &(struct settings){ .keep = keep } }, -1) == FATE_KEPT,
			"nor what came in this session");
	}
	check(kept_after(-1, 100 * 365 * (int64_t)DAY) == FATE_KEPT, "without the option nothing is deleted");
	check(plan_kept(&(struct visit){ .settings = &(struct settings){ .keep = DAY }, .now = NOW }, 86400) ==
			FATE_KEPT,
		"what a clock of 1970 stored is not old");
	check(plan_kept(&(struct visit){ .settings = &(struct settings){ .keep = DAY }, .now = 400 * DAY }, 0) ==
			FATE_KEPT,
		"nor does a clock before 2020 delete");
	check(kept_after(0, 0) == FATE_DELETE && kept_after(0, -DAY) == FATE_DELETE, "--delete deletes at once");
}

static void test_delete(void)
{
	struct scene s = { .state.lock = -1 };

	fresh(&s);
	s.settings.keep = DAY;
	remember(&s.state, "old", NOW - DAY);
	remember(&s.state, "young", NOW - DAY + 1);
	begin(&s, "young old new");
	check_same(str_of(fates(&s)), "KDW", "by age");
	plan_ask(&s.v);
	commands(&s);
	/* Asked for and not stored: not to be deleted. */
	plan_delete(&s.v);
	check_same(str_of(fates(&s)), "KXF", "only what is stored and old enough");
	check_same(str_of(commands(&s)), "DELE 2", "one command");
	plan_delete(&s.v);
	check_same(str_of(commands(&s)), "", "and only once");
	end(&s);
	state_close(&s.state);
}

static void test_options(void)
{
	static const struct {
		const char *value;
		int64_t keep;
	} values[] = { { "1", DAY }, { "7", 7 * DAY }, { "36500", 36500 * (int64_t)DAY } };
	static const char *const bad[] = { "36501", "-1", "x", "", "1d" };
	struct err err = { 0 };

	for (size_t i = 0; i < 3; i++) {
		struct settings s = { 0 };
		char *argv[] = { (char *)"popfetch", (char *)"--delete-after", (char *)(uintptr_t)values[i].value,
			NULL };

		check(settings_parse(&s, 3, argv, &err) && s.keep == values[i].keep, "--delete-after %s",
			values[i].value);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct settings s = { 0 };
		char *argv[] = { (char *)"popfetch", (char *)"--delete-after", (char *)(uintptr_t)bad[i], NULL };

		check(!settings_parse(&s, 3, argv, &err) && err.kind == ERR_USAGE, "%s", err.text);
	}
	struct settings s = { 0 };
	char *none[] = { (char *)"popfetch", NULL };

	check(settings_parse(&s, 1, none, &err) && s.keep == -1, "nothing is deleted unless asked for");
}

int main(void)
{
	char command[100];

	setenv("SOURCE_DATE_EPOCH", "1795420800", 1);
	if (mkdtemp(directory) == NULL || freopen("/dev/null", "w", stderr) == NULL)
		abort();
	test_known();
	test_another();
	test_measure();
	test_uids();
	test_hash();
	test_sizes();
	test_limit();
	test_faults();
	test_since();
	test_delete_after();
	test_delete();
	test_options();
	snprintf(command, sizeof command, "rm -r %s", directory);
	check(system(command) == 0, "clean");
	return tap_done();
}
