#include <config.h>

#include "cmd/mailsend/spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/drive.h"
#include "cli/say.h"
#include "cmd/mailsend/compose/finished.h"
#include "cmd/mailsend/deliver/report.h"
#include "cmd/mailsend/deliver/fcc.h"
#include "cmd/mailsend/deliver/log.h"
#include "cmd/mailsend/spool/spool_bounce.h"
#include "cmd/mailsend/spool/spool_entry.h"
#include "cmd/mailsend/spool/spool_list.h"
#include "io/clock.h"
#include "io/file.h"
#include "text/date.h"

#define FIRST_PAUSE 300
#define LONGEST_PAUSE (4 * 3600)

static char *copy_text(const char *text)
{
	return text != NULL ? mem_copy(text, strlen(text)) : NULL;
}

/* The octets to keep: as little bound to one server as can be. A signature needs its final form
 * now. */
static bool plan_for_spool(struct outgoing *o, struct err *err)
{
	if (o->key == NULL)
		return outgoing_plan(o, true, true, false, err);
	return outgoing_plan(o, false, false, false, err) && (!o->utf8 || outgoing_plan(o, false, true, false, err));
}

/* Was the option given a value? Those that belong to one process, or to one run, are not for another. */
static const char *given_value(const struct option *o)
{
	const struct option_list *list = o->target;

	if (o->name == NULL || strcmp(o->name, "password-fd") == 0)
		return NULL;
	if (o->type == OPTION_LIST)
		return list->n > 0 ? list->values[0] : NULL;
	if (o->type == OPTION_FLAG)
		return *(const bool *)o->target ? "yes" : NULL;
	return o->type == OPTION_TEXT ? *(const char *const *)o->target : NULL;
}

/* How the server was to be reached by the command line: a later run may be called without it, and elsewhere. */
static char *spooled_options(const struct settings *s)
{
	struct account given = s->given;
	struct buf out = { 0 };
	char *text = NULL;

	for (const struct option *o = account_options(&given, false); o->name != NULL || o->help != NULL; o++) {
		const char *value = given_value(o);
		char *absolute =
			value != NULL && o->arg != NULL && strcmp(o->arg, "FILE") == 0 ? realpath(value, NULL) : NULL;

		if (value != NULL)
			buf_printf(&out, "option %s %s\n", o->name, absolute != NULL ? absolute : value);
		free(absolute);
	}
	char *config = given.config != NULL ? realpath(given.config, NULL) : NULL;

	if (config != NULL)
		buf_printf(&out, "option config %s\n", config);
	free(config);
	if (buf_len(&out) > 0)
		text = mem_copy(buf_text(&out), buf_len(&out));
	buf_free(&out);
	return text;
}

/* What the command line of now does not say is as it was when the message was kept. */
static bool restore_options(const struct spool_entry *entry, struct account *account, struct err *err)
{
	const struct option *table = account_options(account, false);
	struct str rest = str_of(entry->options);

	/* Another server than then is reached in another way. */
	if (account->smtp.n > 0)
		return true;
	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');

		str_cut(&line, ' ');
		struct str word = str_cut(&line, ' ');
		char *name = mem_copy(word.p, word.n);
		char *value = mem_copy(line.p != NULL ? line.p : "", line.n);
		const struct option *o = options_find(table, name);
		bool is_config = strcmp(name, "config") == 0 && account->config == NULL;
		bool ok = is_config || o == NULL || given_value(o) != NULL || options_set(o, value, err);

		if (is_config)
			account->config = options_keep(mem_copy(value, strlen(value)));
		mem_free(name);
		mem_free(value);
		if (!ok)
			return err_prefix(err, "%s.env", entry->base);
	}
	return true;
}

static bool any_sent(const struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict == VERDICT_SENT)
			return true;
	return false;
}

/* The path as it is for a process elsewhere. */
static char *absolute(const char *path)
{
	struct buf out = { 0 };
	char *here = path[0] != '/' ? realpath(".", NULL) : NULL;

	buf_printf(&out, "%s%s%s", here != NULL ? here : "", here != NULL ? "/" : "", path);
	free(here);
	char *text = mem_copy(buf_text(&out), buf_len(&out));

	buf_free(&out);
	return text;
}

bool spool_keep(struct outgoing *o, const struct envelope *e, const struct result *r,
	const struct delivery_wants *wants, const struct settings *s, struct err *err)
{
	struct spool_entry entry = { .require_tls = wants->require_tls, .dsn_required = wants->dsn_required };
	bool ok = plan_for_spool(o, err);

	entry.account = copy_text(s->account.section);
	entry.options = spooled_options(s);
	entry.message_id = copy_text(o->message_id);
	entry.notify = copy_text(wants->notify);
	entry.ret = copy_text(wants->ret);
	entry.envid = copy_text(wants->envid);
	if (s->fcc != NULL && !any_sent(e))
		entry.fcc = absolute(s->fcc);
	if (r->err.kind != ERR_NONE)
		entry.why = copy_text(r->err.text);
	entry.envelope.from = copy_text(e->from);
	for (size_t i = 0; i < e->n && ok; i++) {
		enum verdict v = e->rcpts[i].verdict;

		if (v == VERDICT_UNKNOWN)
			entry.state = SPOOL_UNKNOWN;
		if (v != VERDICT_SENT && v != VERDICT_REFUSED)
			ok = envelope_add_list(&entry.envelope, str_of(e->rcpts[i].shown), ERR_SOFTWARE, "spool", err);
	}
	ok = ok && spool_entry_create(&entry, o, err);
	spool_entry_free(&entry);
	return ok;
}

/* From here on nobody can say that it was not delivered. */
static bool before_handover(void *arg, struct err *err)
{
	struct spool_entry *entry = arg;

	entry->state = SPOOL_SENDING;
	return spool_entry_write(entry, err);
}

static void pause_entry(struct spool_entry *entry)
{
	int64_t pause = FIRST_PAUSE;

	for (uint64_t i = 0; i < entry->attempts && pause < LONGEST_PAUSE; i++)
		pause *= 2;
	entry->attempts++;
	entry->next = clock_wall() + (pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE);
}

/* Write down what became of it: gone when all have it, else who is left and why. */
static bool settle(struct spool_entry *entry, const struct result *r, int status, struct err *err)
{
	bool waiting = false, unknown = false, refused = false;
	const char *why = r->err.kind != ERR_NONE ? r->err.text : NULL;

	for (size_t i = 0; i < entry->envelope.n; i++) {
		const struct recipient *rcpt = &entry->envelope.rcpts[i];

		waiting = waiting || rcpt->verdict == VERDICT_DEFERRED || rcpt->verdict == VERDICT_NOT_SENT;
		unknown = unknown || rcpt->verdict == VERDICT_UNKNOWN;
		refused = refused || rcpt->verdict == VERDICT_REFUSED;
		if (rcpt->verdict != VERDICT_SENT && rcpt->reply != NULL)
			why = rcpt->reply;
	}
	if (!waiting && !unknown && !refused)
		return spool_entry_remove(entry, err);
	entry->state = unknown ? SPOOL_UNKNOWN : waiting ? SPOOL_WAITING : SPOOL_REFUSED;
	mem_free(entry->why);
	struct str words = str_of(why);

	entry->why = why != NULL ? mem_copy(words.p, words.n) : NULL;
	for (char *p = entry->why; p != NULL && *p != '\0'; p++)
		if (ascii_control(*p))
			*p = ' ';
	if (status != 0)
		pause_entry(entry);
	return spool_entry_write(entry, err);
}

/* Copy, log and report: what was asked for when it was put there, or is now. A fault in them is said. */
static int tell(struct spool_entry *entry, const struct settings *s, const struct account *account, struct outgoing *o,
	const struct result *result, int status)
{
	const char *log = s->log != NULL ? s->log : account->keys.log;
	bool waits = status != 0 && spool_applies(result, &entry->envelope);
	struct err err = { 0 };

	if (entry->fcc != NULL && any_sent(&entry->envelope)) {
		if (!fcc(o, entry->fcc, entry->envelope.from, &err)) {
			err_prefix(&err, "the message was sent, but the copy failed");
			say_error(&err);
			status = status != 0 ? status : (int)err.kind;
		}
		mem_free(entry->fcc);
		entry->fcc = NULL;
	}
	if (log != NULL && !log_message(log, result, &entry->envelope, o, status, waits, &err))
		say_error(&err);
	if (s->report != NULL && !report_json(result, &entry->envelope, o, status, waits, &err))
		status = status != 0 ? status : say_fail(&err);
	return status;
}

/* Has it waited longer than the account says? A clock that jumped ahead expires nothing before it was tried again. */
static bool expired(const struct spool_entry *entry, const struct account *account)
{
	int64_t longest;
	int64_t created = spool_entry_created(entry);
	bool waiting = false;

	for (size_t i = 0; i < entry->envelope.n; i++) {
		enum verdict v = entry->envelope.rcpts[i].verdict;

		waiting = waiting || v == VERDICT_DEFERRED || v == VERDICT_NOT_SENT;
		if (v == VERDICT_UNKNOWN)
			return false;
	}
	return waiting && created > 0 && entry->attempts > 0 && account->keys.spool_for != NULL &&
		date_parse_age(str_of(account->keys.spool_for), &longest) && clock_wall() - created > longest;
}

/* One entry that is due: 0 sent, else the status of the attempt. */
static int send_entry(struct spool_entry *entry, const struct settings *s, struct err *err)
{
	struct account account = s->account;
	struct account_server server = { 0 };
	struct outgoing o = { .composed = false };
	struct result result = { 0 };
	struct buf path = { 0 };
	const struct delivery_wants wants = { .notify = entry->notify,
		.ret = entry->ret,
		.envid = entry->envid,
		.require_tls = entry->require_tls,
		.dsn_required = entry->dsn_required,
		.ends = s->ends,
		.before = before_handover,
		.arg = entry };
	int status;

	account.always_verify = entry->require_tls;
	buf_printf(&path, "%s.msg", entry->base);
	bool ok = finished_open(&o, buf_text(&path), err) && restore_options(entry, &account, err) &&
		account_load(&account, account.names.n > 0 ? account.names.values[0] : entry->account,
			entry->envelope.from, err) &&
		account_server(&account, account.smtp.n > 0 ? account.smtp.values[0] : NULL, false, &server, err);

	buf_free(&path);
	if (ok) {
		snprintf(o.message_id, sizeof o.message_id, "%s", entry->message_id != NULL ? entry->message_id : "");
		deliver(&o, &entry->envelope, &server, &wants, &result);
		status = report_status(&result, &entry->envelope);
		report_say(&result, &entry->envelope, &o);
		status = tell(entry, s, &account, &o, &result, status);
		if (expired(entry, &account) && spool_bounce(entry, &account, s->ends)) {
			if (!spool_entry_remove(entry, err))
				status = say_fail(err);
		} else if (!settle(entry, &result, status, err)) {
			status = say_fail(err);
		}
	} else {
		status = say_fail(err);
	}
	account_server_free(&server);
	outgoing_free(&o);
	return status;
}

/* Has it to wait? A time that no pause reaches is from before the clock was set back. */
static bool is_paused(const struct spool_entry *entry, const struct settings *s)
{
	int64_t left = entry->next - clock_wall();

	return left > 0 && left <= LONGEST_PAUSE && strcmp(s->flush != NULL ? s->flush : "", "now") != 0;
}

/* 0: nothing to tell, else a status. */
static int flush_entry(const char *base, const struct settings *s)
{
	struct spool_entry entry;
	struct err err = { 0 };
	int status = 0;

	if (!spool_entry_read(&entry, base, &err)) {
		status = say_fail(&err);
	} else if (entry.state == SPOOL_SENDING || entry.state == SPOOL_UNKNOWN) {
		/* Whoever sent it died with the verdict outstanding. */
		if (entry.state == SPOOL_SENDING) {
			entry.state = SPOOL_UNKNOWN;
			if (!spool_entry_write(&entry, &err))
				say_error(&err);
		}
		say_errorf("%s.msg: may have been delivered: look for Message-ID %s, then remove "
			   "it, or send it again yourself",
			base, entry.message_id != NULL ? entry.message_id : "(none)");
		status = ERR_OUTCOME;
	} else if (entry.state == SPOOL_REFUSED) {
		say_note("%s.msg: was refused and waits for you: %s", base, entry.why != NULL ? entry.why : "");
	} else if (is_paused(&entry, s)) {
		struct buf until = { 0 };

		date_add_iso(&until, entry.next);
		say_note("%s.msg: waits until %s; --flush=now sends it at once", base, buf_text(&until));
		buf_free(&until);
		status = ERR_TEMP;
	} else {
		status = send_entry(&entry, s, &err);
	}
	spool_entry_free(&entry);
	return status;
}

static void say_orphans(const char *directory)
{
	struct buf orphans = { 0 };

	spool_tidy(directory, &orphans);
	struct str rest = buf_str(&orphans);

	while (rest.n > 0) {
		struct str path = str_cut(&rest, '\n');

		say_note(
			"%.*s: its envelope was never written, nobody was told that it is safe; look at it and remove it",
			STR_ARGS(path));
	}
	buf_free(&orphans);
}

int spool_flush(struct settings *s)
{
	struct buf directory = { 0 };
	struct buf lock = { 0 };
	struct err err = { 0 };
	size_t n = 0;
	char **list = NULL;
	int status = 0;
	int fd = -1;

	if (!spool_directory(&directory, &err))
		return say_fail(&err);
	buf_printf(&lock, "%s.lock", buf_text(&directory));
	fd = open(buf_text(&lock), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		err_errno(&err, ERR_CANTCREAT, errno, "%s", buf_text(&lock));
	if (fd < 0 || !file_lock(fd, "the spool", clock_now(), &err) ||
		(list = spool_names(buf_text(&directory), &n, &err)) == NULL)
		status = say_fail(&err);
	else
		say_orphans(buf_text(&directory));
	for (size_t i = 0; list != NULL && i < n && drive_stop_signal() == 0; i++) {
		int one = flush_entry(list[i], s);

		/* What a person has to look at weighs more than what will be tried again. */
		if (status == 0 || (one != 0 && status == ERR_TEMP))
			status = one;
	}
	if (drive_stop_signal() != 0)
		status = 128 + drive_stop_signal();
	spool_names_free(list, n);
	if (fd >= 0)
		close(fd);
	buf_free(&directory);
	buf_free(&lock);
	return status;
}
