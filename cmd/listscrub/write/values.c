#include <config.h>

#include "cmd/listscrub/write/values.h"

#include "cli/say.h"
#include "text/json.h"
#include "text/number.h"

#define SAID 8

void values_free(struct values *v)
{
	set_free(&v->set);
}

void values_add(struct values *v, struct str text)
{
	struct set_entry *e = v->set.used < VALUES_MOST ? set_add(&v->set, text, NULL) : set_find(&v->set, text);

	if (e != NULL)
		e->value++;
	else
		v->others++;
}

/* The one that comes after last (NULL: at the start) by count, the first met of equal ones. */
static const struct set_entry *next_most(const struct values *v, const struct set_entry *last)
{
	const struct set_entry *most = NULL;

	for (size_t i = 0; i < v->set.used; i++) {
		const struct set_entry *e = &v->set.entries[i];

		if ((last == NULL || e->value < last->value || (e->value == last->value && e > last)) &&
			(most == NULL || e->value > most->value))
			most = e;
	}
	return most;
}

void values_say(const struct values *v)
{
	const struct set_entry *e = NULL;
	uint64_t rest = v->others;
	char n[32];

	for (size_t i = 0; i < SAID && (e = next_most(v, e)) != NULL; i++)
		say_note("%12s  %s", number_grouped(n, e->value), e->p);
	while (e != NULL && (e = next_most(v, e)) != NULL)
		rest += e->value;
	if (rest > 0)
		say_note("%12s  other values", number_grouped(n, rest));
}

void values_add_json(const struct values *v, struct json *j, const char *key)
{
	const struct set_entry *e = NULL;

	json_key(j, key);
	json_object(j);
	while ((e = next_most(v, e)) != NULL) {
		json_key(j, e->p);
		json_uint(j, e->value);
	}
	json_close(j, '}');
}
