#include <config.h>

#include "cmd/popfetch/visit.h"

#include <unistd.h>

#include "base/mem.h"
#include "cli/say.h"
#include "io/file.h"
#include "proto/sasl.h"
#include "text/csv.h"

#define LOOK_MAX ((size_t)256 << 10)

static enum pop3_tls tls_of(enum account_tls tls)
{
	switch (tls) {
	case ACCOUNT_TLS_TRY:
		return POP3_TLS_TRY;
	case ACCOUNT_TLS_OFF:
		return POP3_TLS_OFF;
	case ACCOUNT_TLS_ON:
		return POP3_TLS_ON;
	case ACCOUNT_TLS_REQUIRE:
		break;
	}
	return POP3_TLS_REQUIRE;
}

static bool print_list(struct visit *v)
{
	struct buf out = { .limit = SIZE_MAX };
	bool ok;

	buf_add_text(&out, "number,size,uid\n");
	for (size_t i = 0; i < v->pop3.n_items; i++) {
		const struct pop3_item *item = &v->pop3.items[i];

		buf_printf(&out, "%u,%llu,", (unsigned)item->number, (unsigned long long)item->size);
		csv_add_cell(&out, item->uid, ',');
		buf_add_char(&out, '\n');
	}
	ok = file_write(STDOUT_FILENO, buf_str(&out), "standard output", &v->err);
	buf_free(&out);
	return ok;
}

/* Nothing is under way any more: the last batch, then the deletions, then QUIT. */
static bool finish(struct visit *v)
{
	if (v->quitting)
		return true;
	v->quitting = true;
	if (v->sink != NULL && !sink_commit(v->sink, &v->err))
		return false;
	if (v->sink != NULL)
		plan_delete(v);
	pop3_quit(&v->pop3);
	return true;
}

static bool on_ready(struct visit *v)
{
	if (!plan(v, &v->err))
		return false;
	if (v->settings->list)
		return print_list(v) && finish(v);
	plan_ask(v);
	return v->looks + v->wanted > 0 || finish(v);
}

static bool is_look(const struct visit *v, uint32_t number)
{
	return v->fates[plan_index(v, number)] == FATE_LOOK;
}

static bool on_body(struct visit *v, const struct pop3_news *news)
{
	if (!is_look(v, news->number)) {
		v->tally->octets += news->octets.n;
		progress_set(&v->progress, v->tally->octets);
		return sink_add(v->sink, news->octets, &v->err);
	}
	/* Of a header that is longer than any, the start is enough. */
	buf_add(&v->head, str_sub(news->octets, 0, LOOK_MAX - buf_len(&v->head)));
	return true;
}

static bool on_finish(struct visit *v, const struct pop3_news *news)
{
	size_t i = plan_index(v, news->number);

	if (v->fates[i] == FATE_LOOK) {
		v->looks--;
		plan_look(v, news->number, buf_str(&v->head));
	} else {
		bool known = v->keys[i] != NULL && !v->settings->headers;

		v->wanted--;
		v->fates[i] = FATE_FETCHED;
		v->tally->fetched++;
		if (!sink_end(v->sink, known ? str_of(v->keys[i]) : STR_NONE, &v->err))
			return false;
		if (sink_due(v->sink) && !sink_commit(v->sink, &v->err))
			return false;
	}
	return v->looks + v->wanted > 0 || finish(v);
}

/* One message that the server cannot give must not keep us from the others. */
static bool on_refused(struct visit *v, const struct pop3_news *news)
{
	size_t i = plan_index(v, news->number);
	const char *what = v->quitting ? "DELE" : "RETR";

	say_errorf("%s: message %u (uid %s): %s refused: %.*s", v->server->label, (unsigned)news->number,
		v->keys[i] != NULL ? v->keys[i] : "none", what, STR_ARGS(news->text));
	if (v->quitting) {
		v->fates[i] = FATE_FETCHED;
		return true;
	}
	if (v->fates[i] == FATE_LOOK)
		v->looks--;
	else
		v->wanted--;
	v->fates[i] = FATE_LEAVE;
	v->tally->refused++;
	return v->looks + v->wanted > 0 || finish(v);
}

static bool on_again(struct visit *v)
{
	if (!account_new_token(v->server, &v->err))
		return false;
	pop3_auth_retry(&v->pop3);
	return true;
}

/* The server said yes to QUIT: what was to be deleted is gone. */
static bool on_closed(struct visit *v)
{
	for (size_t i = 0; i < v->pop3.n_items && v->fates != NULL; i++) {
		if (v->fates[i] != FATE_DELETED)
			continue;
		v->tally->deleted++;
		if (v->state != NULL && v->keys[i] != NULL && !state_forget(v->state, str_of(v->keys[i]), &v->err))
			return false;
	}
	return v->state == NULL || journal_flush(&v->state->journal, &v->err);
}

static bool turn(struct visit *v)
{
	/* What came before the end has been worked off: now it is the end. */
	if (v->ended) {
		pop3_eof(&v->pop3, v->end.kind != ERR_NONE ? &v->end : NULL);
		return true;
	}
	/* A message that came slowly must not wait for others that come slowly too. */
	if (v->sink != NULL && sink_due(v->sink) && !sink_commit(v->sink, &v->err))
		return false;
	enum wire_status status = drive_turn(&v->drive, &v->pop3.in, &v->pop3.out, pop3_waiting_for(&v->pop3),
		&v->end);

	if (status == WIRE_OK && drive_stop_signal() != 0)
		return err_set(&v->err, ERR_TEMP, "%s: interrupted", v->server->label);
	v->ended = status != WIRE_OK;
	return true;
}

/* One event; false when the session is over, for good (err.kind 0) or bad. */
static bool step(struct visit *v)
{
	struct pop3_news news;
	enum pop3_event event = pop3_next(&v->pop3, &news);

	if (event == POP3_WAIT)
		return turn(v);
	drive_progress(&v->drive);
	switch (event) {
	case POP3_STLS:
		if (!drive_start_tls(&v->drive, &v->pop3.in, &v->err))
			return false;
		pop3_tls_started(&v->pop3);
		return true;
	case POP3_READY:
		return on_ready(v);
	case POP3_BEGIN:
		buf_clear(&v->head);
		return is_look(v, news.number) || sink_begin(v->sink, &v->err);
	case POP3_BODY:
		return on_body(v, &news);
	case POP3_FINISH:
		return on_finish(v, &news);
	case POP3_REFUSED:
		return on_refused(v, &news);
	case POP3_DELETED:
		return true;
	case POP3_AUTH_AGAIN:
		return on_again(v);
	case POP3_CLOSED:
		on_closed(v);
		return false;
	default:
		v->err = news.err;
		err_prefix(&v->err, "%s", v->server->label);
		return false;
	}
}

bool visit(struct visit *v)
{
	const struct pop3_params params = {
		.tls = tls_of(v->server->tls),
		.clear_auth = v->server->clear_auth,
		.sasl = v->server->sasl,
	};

	if (!drive_connect(&v->drive, v->server, INT64_MAX, &v->err))
		return false;
	pop3_init(&v->pop3, &params);
	buf_init(&v->head, LOOK_MAX);
	progress_init(&v->progress, "B", 0, v->settings->account.progress);
	while (step(v))
		;
	progress_end(&v->progress);
	/* Whatever stopped us: what is whole is put away, what is not is dropped. */
	if (v->sink != NULL) {
		struct err late = { 0 };

		sink_abandon(v->sink);
		if (!sink_commit(v->sink, &late) && v->err.kind == ERR_NONE)
			v->err = late;
	}
	drive_close(&v->drive);
	return v->err.kind == ERR_NONE;
}

void visit_free(struct visit *v)
{
	for (size_t i = 0; i < v->pop3.n_items && v->keys != NULL; i++)
		mem_free(v->keys[i]);
	mem_free(v->keys);
	mem_free(v->fates);
	buf_free(&v->head);
	pop3_free(&v->pop3);
}
