#include <config.h>

#include "cmd/popfetch/visit.h"

#include <poll.h>
#include <stdio.h>

#include "base/mem.h"
#include "cli/say.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"
#include "io/stop.h"
#include "proto/sasl.h"

#define PATIENCE 10 /* times --timeout, for a command that delivers mail */

/* $XDG_STATE_HOME/pipemail/popfetch-USER@HOST-PORT: a name that no user or host can turn into another path. */
static bool state_path(const struct settings *s, const struct account_server *server, struct buf *out, struct err *err)
{
	struct buf name = { 0 };
	struct str user = server->sasl != NULL ? sasl_user(server->sasl) : STR_LIT("");
	bool ok;

	if (s->state != NULL)
		return buf_add_text(out, s->state);
	buf_add_text(&name, "popfetch-");
	for (size_t i = 0; i < user.n; i++) {
		char c = user.p[i];

		if (ascii_alpha(c) || ascii_digit(c) || strchr(".@_+-", c) != NULL)
			buf_add_char(&name, c);
		else
			buf_printf(&name, "%%%02x", (unsigned char)c);
	}
	buf_add_char(&name, '@');
	for (const char *p = server->url.host; *p != '\0'; p++)
		buf_add_char(&name, ascii_lower(*p));
	buf_printf(&name, "-%u", server->url.port);
	ok = file_state_path(out, buf_text(&name), err);
	buf_free(&name);
	return ok;
}

/* What the server no longer has is forgotten. Only a session that ended in order may tell. */
static bool tidy(struct visit *v, struct err *err)
{
	struct set listed = { 0 };
	bool ok;

	random_seed(&listed);
	for (size_t i = 0; i < v->pop3.n_items; i++)
		if (v->keys[i] != NULL && v->fates[i] != FATE_DELETED)
			set_add(&listed, str_of(v->keys[i]), NULL);
	ok = state_tidy(v->state, &listed, clock_wall(), err);
	set_free(&listed);
	return ok;
}

/* Gmail lists some hundred messages at a time: a session that brought something may not have been the last. */
static bool again(const struct visit *v, uint64_t before)
{
	struct str host = str_of(v->server->url.host);
	const struct settings *s = v->settings;

	return (str_iends(host, STR_LIT("gmail.com")) || str_iends(host, STR_LIT("googlemail.com"))) && !s->all &&
		!s->headers && !s->list && v->tally->fetched > before &&
		(s->limit == 0 || v->tally->fetched < s->limit);
}

/* A server may think for a while that the lost session still has the mailbox. */
static void pause_for(int64_t span)
{
	struct pollfd stop = { .fd = stop_fd(), .events = POLLIN };

	poll(&stop, 1, clock_left(clock_after(span)));
}

/* Is it worth a connection more? Not when nothing but the login was reached, and not for what will not change. */
static bool may_retry(const struct visit *v, const struct course *c)
{
	bool lost = v->err.kind == ERR_TEMP || v->err.kind == ERR_PROTOCOL;

	/* Without a state, what was stored would come again. */
	return lost && !c->over && (v->state != NULL || v->tally->fetched == 0) && (v->fates != NULL || c->careful) &&
		v->sink != NULL && drive_stop_signal() == 0 && c->failures < v->settings->retries;
}

/* After a session that was lost: what the next one does otherwise. False: there is none. */
static bool retry(struct visit *v, struct course *c, bool progress)
{
	struct tally *t = v->tally;

	c->failures = progress ? 0 : c->failures;
	if (!may_retry(v, c))
		return false;
	c->failures++;
	say_error(&v->err);
	say_note("%s: connecting again, one command at a time", v->server->label);
	if (v->fates == NULL)
		pause_for(CLOCK_SECOND);
	t->known = t->large = t->old = t->refused = 0;
	/* There are servers that say PIPELINING and cannot do it. */
	if (v->pop3.desynchronised && !c->lock_step && v->state != NULL && !state_set_lock_step(v->state, &v->err))
		return false;
	c->lock_step = c->careful = true;
	v->err = (struct err){ 0 };
	return true;
}

static bool wants_lock_step(const struct settings *s, const struct state *state)
{
	return s->pipelining == PIPELINING_OFF ||
		(s->pipelining == PIPELINING_AUTO && state != NULL && state_is_lock_step(state));
}

static bool sessions(const struct settings *s, struct account_server *server, struct state *state, struct sink *sink,
	struct tally *tally, struct err *err)
{
	struct course course = { .lock_step = wants_lock_step(s, state) };
	bool more = true;
	bool ok = false;

	random_seed(&course.deaths);
	while (more) {
		struct visit v = {
			.settings = s, .server = server, .state = state, .sink = sink, .tally = tally, .course = &course
		};
		uint64_t before = tally->fetched;
		size_t dead = course.dead;

		ok = visit(&v);
		/* What an earlier session of this run brought was not known before it. */
		if (course.careful && tally->known >= before)
			tally->known -= before;
		more = ok ? again(&v, before) : retry(&v, &course, tally->fetched > before || course.dead > dead);
		if (ok && !more && state != NULL && v.fates != NULL)
			ok = tidy(&v, &v.err);
		*err = v.err;
		visit_free(&v);
	}
	set_free(&course.deaths);
	return ok;
}

/* A run that failed hands over what it has: it came whole and in step. */
static void hand_over_late(struct sink *sink, struct tally *tally)
{
	struct err late = { 0 };
	size_t n = sink->held;

	if (n == 0 || sink_hand_over(sink, &late))
		return;
	tally->fetched -= n;
	say_error(&late);
}

/* Who fetches into another mailbox may not expect that what is in the first does not come. */
static bool note_mailbox(struct state *state, const struct sink *sink, const struct tally *tally, struct err *err)
{
	struct buf place = { 0 };
	bool ok = true;

	if (sink->command != NULL)
		buf_printf(&place, "|%s", sink->command);
	else
		buf_add_text(&place, sink->path != NULL ? sink->path : "-");
	/* A command may have a line end in it, and the state is lines. */
	for (size_t i = 0; i < buf_len(&place); i++)
		if (ascii_control(place.p[place.off + i]))
			place.p[place.off + i] = ' ';
	if (state->mailbox != NULL && strcmp(state->mailbox, buf_text(&place)) != 0 && tally->known > 0)
		say_note("%s: %llu known, %s %s before (--all fetches again)", tally->account,
			(unsigned long long)tally->known, state->mailbox[0] == '|' ? "given to" : "fetched into",
			state->mailbox[0] == '|'                   ? state->mailbox + 1
				: strcmp(state->mailbox, "-") == 0 ? "standard output"
								   : state->mailbox);
	if (tally->fetched > 0)
		ok = state_set_mailbox(state, buf_text(&place), err) && journal_commit(&state->journal, err);
	buf_free(&place);
	return ok;
}

static bool open_sink(const struct settings *s, const struct account_server *server, struct sink *sink,
	struct state *state, struct err *err)
{
	bool ok;

	if (s->pipe != NULL || s->pipe_mbox != NULL)
		ok = sink_open_pipe(sink, s->pipe != NULL ? SINK_PIPE : SINK_PIPE_MBOX,
			s->pipe != NULL ? s->pipe : s->pipe_mbox, state, err);
	else
		ok = sink_open(sink, s->mailbox, state, err);
	sink->patience = server->timeout < INT64_MAX / PATIENCE ? server->timeout * PATIENCE : INT64_MAX;
	return ok;
}

static bool fetch(const struct settings *s, struct account_server *server, struct tally *tally, struct err *err)
{
	struct state state = { .lock = -1 };
	struct sink sink = { .spill = -1, .fd = -1 };
	struct buf path = { 0 };
	bool remember = !s->headers && !s->list;
	bool ok = true;

	if (remember)
		ok = state_path(s, server, &path, err) && state_open(&state, buf_text(&path), err);
	if (ok && !s->list)
		ok = open_sink(s, server, &sink, remember ? &state : NULL, err);
	ok = ok && (s->list || sink_recover(&sink, err)) &&
		sessions(s, server, remember ? &state : NULL, s->list ? NULL : &sink, tally, err);
	if (!ok && !s->list)
		hand_over_late(&sink, tally);
	if (ok && remember)
		ok = note_mailbox(&state, &sink, tally, err);
	if (!s->list)
		sink_close(&sink);
	if (remember)
		state_close(&state);
	buf_free(&path);
	return ok;
}

int fetch_account(const struct settings *s, const char *name, struct tally *tally)
{
	struct settings own = *s;
	struct account_server server = { 0 };
	struct err err = { 0 };
	int64_t began = clock_now();
	bool ok;

	*tally = (struct tally){ .account = name != NULL ? name : "default" };
	ok = account_load(&own.account, name, NULL, &err);
	if (ok && own.account.pop == NULL)
		ok = err_set(&err, ERR_USAGE, "no server is given: --pop URL, or a key pop in the configuration file");
	ok = ok && account_server(&own.account, own.account.pop, true, &server, &err);
	if (ok) {
		tally->account = options_keep(mem_copy(server.label, strlen(server.label)));
		ok = fetch(&own, &server, tally, &err);
		account_server_free(&server);
	}
	tally->seconds = (double)(clock_now() - began) / (double)CLOCK_SECOND;
	if (!ok)
		tally->status = say_fail(&err);
	else if (tally->refused + tally->skipped > 0)
		tally->status = ERR_PART;
	else if (tally->deferred > 0)
		tally->status = ERR_TEMP;
	return tally->status;
}
