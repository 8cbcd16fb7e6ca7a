#include <config.h>

#include "cmd/popfetch/visit.h"

#include "base/mem.h"
#include "cli/say.h"

/* What the server says of one message. */

#define BLOCK ((uint64_t)16 << 10)
#define ENDLESS ((uint64_t)192 << 20)

const char *visit_uid(const struct visit *v, size_t i)
{
	return v->keys[i] != NULL && v->keys[i][0] == 'u' ? v->keys[i] + 1 : "none";
}

static bool is_look(const struct visit *v, size_t i)
{
	return v->fates[i] == FATE_LOOK;
}

static bool on_begin(struct visit *v, size_t i)
{
	v->begun = v->last = i;
	v->octets = 0;
	buf_clear(&v->head);
	if (is_look(v, i))
		return true;
	if (v->state != NULL)
		hash_begin(v);
	return sink_begin(v->sink, &v->err);
}

/* LIST's sizes are hints, but not that wrong: a message without end would fill the disk. */
static bool is_endless(const struct visit *v, size_t i)
{
	uint64_t size = v->pop3.items[i].size;

	return v->octets > ENDLESS && v->octets / 4 > size;
}

static bool on_body(struct visit *v, size_t i, struct str octets)
{
	v->octets += octets.n;
	v->moved += octets.n;
	/* A trickle does not make the wait begin anew, a block does. */
	if (v->moved >= BLOCK) {
		v->moved = 0;
		drive_progress(&v->drive);
	}
	if (is_look(v, i)) {
		/* Of a header that is longer than any, the start is enough. */
		buf_add(&v->head, str_sub(octets, 0, VISIT_LOOK_MAX - buf_len(&v->head)));
		return true;
	}
	v->endless = is_endless(v, i);
	if (v->endless)
		return err_set(&v->err, ERR_PROTOCOL,
			"%s: message %u is far longer than the %llu octets that the server listed", v->server->label,
			(unsigned)v->pop3.items[i].number, (unsigned long long)v->pop3.items[i].size);
	v->tally->octets += octets.n;
	progress_set(&v->progress, v->tally->octets);
	hash_add(v, octets);
	return sink_add(v->sink, octets, &v->err);
}

/* Its octets tell whether it is known where its UID does not; then it is let go again. */
static bool is_known(struct visit *v, size_t i)
{
	const struct state_note *note;
	bool same = true;
	int64_t when;

	if (v->hash == NULL)
		return false;
	if (v->keys[i] == NULL) {
		v->keys[i] = hash_end(v);
	} else {
		hash_sum(v);
		note = state_noted(v->state, str_of(v->keys[i]));
		same = note != NULL && note->size > 0 && note->hash == v->sum;
	}
	when = state_seen(v->state, str_of(v->keys[i]));
	if (!sink_holds(v->sink, str_of(v->keys[i])) && (when < 0 || !same || v->settings->all))
		return false;
	v->tally->known++;
	v->fates[i] = plan_kept(v, when);
	sink_abandon(v->sink);
	return true;
}

/* What the state shall know of a message, and whether its size speaks against it: then it stays on the server, and the
 * next run compares. */
static void note(struct visit *v, size_t i, const struct pop3_news *news)
{
	bool exact = v->settings->headers || plan_measure(v, i, v->octets, news->dots, news->crlf);

	v->fates[i] = exact ? plan_kept(v, -1) : FATE_KEPT;
	if (!exact)
		say_note(
			"%s: message %u (UID %s) has %llu bytes, and the server lists %llu; it is not deleted, and the next run "
			"fetches and compares it again",
			v->server->label, (unsigned)v->pop3.items[i].number, visit_uid(v, i),
			(unsigned long long)v->octets, (unsigned long long)v->pop3.items[i].size);
	if (v->state != NULL && v->keys[i] != NULL && v->keys[i][0] == 'u')
		sink_note(v->sink, exact ? v->pop3.items[i].size + 1 : STATE_DOUBT, v->sum);
}

static bool on_finish(struct visit *v, size_t i, const struct pop3_news *news)
{
	v->begun = SIZE_MAX;
	if (is_look(v, i)) {
		plan_look(v, i, buf_str(&v->head));
		return visit_go_on(v);
	}
	v->wanted--;
	if (is_known(v, i))
		return (v->keys[i][0] != 'u' || sink_holds(v->sink, str_of(v->keys[i])) ||
			       state_same(v->state, str_of(v->keys[i]), v->pop3.items[i].size + 1, &v->err)) &&
			visit_go_on(v);
	note(v, i, news);
	v->sink->tag = i;
	v->tally->fetched++;
	if (!sink_end(v->sink, v->state != NULL ? str_of(v->keys[i]) : STR_NONE, &v->err))
		return false;
	if (sink_due(v->sink))
		visit_confirm(v);
	return visit_go_on(v);
}

/* One message that the server cannot give must not keep us from the others. */
static bool on_refused(struct visit *v, const struct pop3_news *news, size_t i)
{
	bool dele = v->fates[i] == FATE_DELETED;
	const char *what = dele ? "deletion" : is_look(v, i) ? "its header" : "it";

	say_errorf("%s: message %u (UID %s): the server refuses %s: %.*s", v->server->label, (unsigned)news->number,
		visit_uid(v, i), what, STR_ARGS(news->text));
	v->tally->refused++;
	if (dele) {
		v->fates[i] = FATE_UNDELETED;
		return true;
	}
	if (is_look(v, i))
		v->looks--;
	else
		v->wanted--;
	v->fates[i] = FATE_LEAVE;
	return visit_go_on(v);
}

bool visit_message(struct visit *v, enum pop3_event event, const struct pop3_news *news)
{
	size_t i = plan_index(v, news->number);

	switch (event) {
	case POP3_BEGIN:
		return on_begin(v, i);
	case POP3_BODY:
		return on_body(v, i, news->octets);
	case POP3_FINISH:
		return on_finish(v, i, news);
	case POP3_REFUSED:
		return on_refused(v, news, i);
	default:
		return true; /* POP3_DELETED */
	}
}
