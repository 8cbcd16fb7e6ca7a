#include <config.h>

#include "cmd/mailbulk/check/selection.h"

#include "cli/safelist.h"
#include "cmd/mailbulk/letter/campaign.h"
#include "cmd/mailbulk/settings.h"
#include "io/clock.h"
#include "io/random.h"
#include "text/hex.h"
#include "text/utf8.h"

void selection_init(struct selection *s, const struct campaign *campaign, struct list *list,
	const struct suppress *suppress)
{
	*s = (struct selection){
		.campaign = campaign, .settings = campaign->settings, .list = list, .suppress = suppress
	};
	random_bytes(s->own.seed, sizeof s->own.seed);
	s->seen = &s->own;
}

void selection_free(struct selection *s)
{
	keys_free(&s->own);
	values_free(&s->values);
	buf_free(&s->scratch);
}

static bool in_share(struct selection *s)
{
	if (s->settings->shard.k == 0)
		return true;
	buf_clear(&s->scratch);
	address_key_provider(&s->values.address, &s->scratch);
	return shard_has(&s->settings->shard, buf_str(&s->scratch));
}

static enum choice judge_suppression(struct selection *s, const struct values *v, const struct row *row,
	struct err *why)
{
	struct suppress_note note = { 0 };

	switch (suppress_has(s->suppress, &v->address, &note)) {
	case SUPPRESS_NO:
		return CHOICE_TAKEN;
	case SUPPRESS_UNKNOWN:
		err_set(why, ERR_OS, "%s: line %llu: a hash of the address could not be computed for --suppress",
			s->list->name, (unsigned long long)row->line);
		return CHOICE_FAIL;
	case SUPPRESS_YES:
		break;
	}
	buf_clear(&s->scratch);
	utf8_show(&s->scratch, note.reason, 80);
	err_set(why, ERR_DATA, "suppressed%s%s", buf_len(&s->scratch) > 0 ? ": " : "", buf_text(&s->scratch));
	return CHOICE_SUPPRESSED;
}

/* A row that cannot be used has no address to share it out by: the first share tells of it. */
static enum choice bad_row(const struct selection *s)
{
	return s->settings->shard.k > 1 ? CHOICE_END : CHOICE_BAD;
}

static enum choice judge(struct selection *s, enum list_event event, struct err *why)
{
	bool added;

	if (event == LIST_RAGGED || !values_set(&s->values, s->campaign, s->list, &s->row, why))
		return bad_row(s);
	if (s->first_key[0] == '\0')
		memcpy(s->first_key, s->values.key, sizeof s->first_key);
	if (!in_share(s)) {
		s->elsewhere++;
		return CHOICE_END;
	}
	struct keys_entry *entry = keys_add(s->seen, s->values.key, &added);

	if (!added && (entry->value & SELECTION_SEEN) != 0) {
		err_set(why, ERR_DATA, "duplicate of line %llu", (unsigned long long)(entry->value & ~SELECTION_SEEN));
		return CHOICE_DUPLICATE;
	}
	s->earlier = entry->value;
	entry->value = SELECTION_SEEN | s->row.line;
	return judge_suppression(s, &s->values, &s->row, why);
}

enum choice selection_next(struct selection *s, struct err *why)
{
	for (;;) {
		if (s->settings->limited && s->taken >= s->settings->limit)
			return CHOICE_END;
		enum list_event event = list_next(s->list, &s->row, why);

		if (event == LIST_END)
			return CHOICE_END;
		if (event == LIST_FAIL)
			return CHOICE_FAIL;
		enum choice choice = judge(s, event, why);

		if (choice == CHOICE_END)
			continue; /* of another share */
		s->taken += choice == CHOICE_TAKEN;
		return choice;
	}
}

enum choice selection_again(struct selection *s, const unsigned char key[16], struct row *row, struct values *values,
	struct err *why)
{
	unsigned char found[16];

	if (!list_again(s->list, row, why))
		return CHOICE_FAIL;
	/* Its time and size may be what they were, on a file system with coarse times or on purpose. */
	if (!values_set(values, s->campaign, s->list, row, why) || !hex_decode(found, str_of(values->key)) ||
		memcmp(found, key, sizeof found) != 0) {
		err_set(why, ERR_IO, "%s was changed during the run: line %llu is another row now", s->list->name,
			(unsigned long long)row->line);
		return CHOICE_FAIL;
	}
	return judge_suppression(s, values, row, why);
}

bool selection_suppress(struct suppress *suppress, const struct settings *settings, struct err *err)
{
	for (size_t i = 0; i < settings->suppress.n; i++)
		if (strcmp(settings->suppress.values[i], "-") == 0)
			return err_set(err, ERR_USAGE, "--suppress: standard input is the list");
	if (safelist_load(suppress, false, settings->suppress.values, settings->suppress.n, settings->allow_empty, err))
		return true;
	return err->kind == ERR_NONE && err_set(err, ERR_TEMP, "interrupted");
}
