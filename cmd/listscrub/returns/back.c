#include <config.h>

#include "cmd/listscrub/returns/back.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/safelist.h"
#include "cli/tokenkey.h"
#include "cmd/listscrub/returns/gone.h"
#include "cmd/listscrub/settings.h"
#include "io/clock.h"
#include "io/converter.h"
#include "io/file.h"

bool back_is_asked(const struct settings *set)
{
	return set->bounces.n + set->tokens.n + set->confirm_tokens.n > 0 || set->confirmed != NULL;
}

static bool open_sheets(struct back *b, struct err *err)
{
	const struct settings *set = b->set;

	if (set->update_suppressed != NULL && !sheet_open(&b->gone, set->update_suppressed, gone_columns, err))
		return false;
	return set->update_confirmed == NULL || sheet_open(&b->yes, set->update_confirmed, gone_yes_columns, err);
}

static bool read_tokens(struct back *b, struct err *err)
{
	const struct settings *set = b->set;

	for (size_t i = 0; i < set->tokens.n; i++)
		if (!back_read_tokens(&b->bounces, set->tokens.values[i], false, err))
			return false;
	for (size_t i = 0; i < set->confirm_tokens.n; i++)
		if (!back_read_tokens(&b->bounces, set->confirm_tokens.values[i], true, err))
			return false;
	return true;
}

bool back_read(struct back *b, const struct settings *set, struct err *err)
{
	bool ok;

	b->set = set;
	if ((set->token_key != NULL && !tokenkey_read(&b->key, set->token_key, err)) || !open_sheets(b, err) ||
		(set->rest != NULL && !rest_open(&b->rest, set->rest, err)))
		return false;
	bounces_init(&b->bounces,
		&(struct bounces_asked){ .fold = set->fold,
			.soft_limit = set->soft_limit,
			.soft_window = set->soft_window,
			.key = buf_str(&b->key),
			.now = clock_wall(),
			.only_proved = set->only_proved,
			.confirm_within = set->confirm_within,
			.rest = set->rest != NULL ? &b->rest : NULL });
	if (b->gone.path != NULL)
		gone_know(&b->gone, &b->bounces);
	/* Closed before the list is read: its threads could not share them, and no address needs them. */
	converter_open_all();
	ok = bounces_read(&b->bounces, set->bounces.values, set->bounces.n, err) && read_tokens(b, err);
	converter_close_all();
	return ok;
}

/* People who are in the files may be on no list any more, and still leave or say yes. */
static void offer_sheet(struct bounces *b, const struct sheet *s)
{
	for (size_t i = 0; s->path != NULL && bounces_asks(b) && i < s->n; i++) {
		struct buf key = { .limit = 0 };
		struct buf plain = { .limit = 0 };

		if (bounces_key(b, sheet_get(s, i, 0), &key, &plain))
			bounces_offer(b, buf_str(&plain), sheet_get(s, i, 0));
		buf_free(&key);
		buf_free(&plain);
	}
}

static bool write_unproved(const struct bounces *b, const char *path, struct err *err)
{
	struct buf out = { .limit = SIZE_MAX };
	struct file_new file = { .fd = -1 };
	bool ok;

	gone_print_unproved(b, &out);
	ok = file_new_begin(&file, path, 0600, err) && file_write(file.fd, buf_str(&out), path, err) &&
		file_new_commit(&file, err);
	if (!ok)
		file_new_abort(&file);
	buf_free(&out);
	return ok;
}

bool back_settle(void *back, struct err *err)
{
	struct back *b = back;
	const struct settings *set = b->set;

	offer_sheet(&b->bounces, &b->gone);
	offer_sheet(&b->bounces, &b->yes);
	bounces_settle(&b->bounces);
	if (b->gone.path != NULL)
		gone_update(&b->gone, &b->bounces);
	if (b->yes.path != NULL)
		gone_yes_update(&b->yes, &b->bounces);
	if ((b->gone.path != NULL && !sheet_save(&b->gone, err)) ||
		(b->yes.path != NULL && !sheet_save(&b->yes, err)) || !rest_close(&b->rest, err) ||
		(set->unproved != NULL && !write_unproved(&b->bounces, set->unproved, err)))
		return false;
	return set->confirmed == NULL || safelist_load(&b->confirmed, set->fold, &set->confirmed, 1, true, err);
}

bool back_forget(struct back *b, const struct settings *set, struct err *err)
{
	b->set = set;
	if (!open_sheets(b, err))
		return false;
	for (size_t i = 0; i < set->forget.n; i++)
		if ((b->gone.path != NULL && !gone_forget(&b->gone, set->forget.values[i], true, err)) ||
			(b->yes.path != NULL && !gone_forget(&b->yes, set->forget.values[i], false, err)))
			return false;
	return (b->gone.path == NULL || sheet_save(&b->gone, err)) && (b->yes.path == NULL || sheet_save(&b->yes, err));
}

void back_free(struct back *b)
{
	bounces_free(&b->bounces);
	rest_abort(&b->rest);
	sheet_close(&b->gone);
	sheet_close(&b->yes);
	buf_wipe(&b->key);
	suppress_free(&b->confirmed);
}
