#include <config.h>

#include "cmd/listscrub/judge/suggest.h"

#include "cmd/listscrub/judge/mx.h"
#include "io/clock.h"
#include "io/random.h"
#include "mail/address/freemail.h"
#include "mail/address/tld.h"

/* Costs in halves of a typing error. */
#define EDIT 2      /* a letter too many, too few, or another one */
#define SLIP_COST 1 /* a neighbouring key, two letters swapped, a letter doubled or not */
#define NAME_MAX_LETTERS 24

void suggest_init(struct suggest *s)
{
	random_seed(&s->known);
	random_seed(&s->seen);
	for (const char *const *p = freemail_large; *p != NULL; p++)
		(void)set_add(&s->known, str_of(*p), NULL);
	for (const char *const *p = freemail_others; *p != NULL; p++)
		(void)set_add(&s->known, str_of(*p), NULL);
	for (const char *const *p = suggest_known; *p != NULL; p++)
		(void)set_add(&s->known, str_of(*p), NULL);
}

void suggest_free(struct suggest *s)
{
	set_free(&s->known);
	set_free(&s->seen);
}

/* Keys beside or above each other on the common keyboards. */
static bool are_neighbours(char a, char b)
{
	static const char *const rows[] = { "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm" };
	int at[2][2] = { { -1, 0 }, { -1, 0 } };

	for (int r = 0; r < 4; r++) {
		const char *pa = strchr(rows[r], a);
		const char *pb = strchr(rows[r], b);

		if (pa != NULL) {
			at[0][0] = r;
			at[0][1] = (int)(pa - rows[r]);
		}
		if (pb != NULL) {
			at[1][0] = r;
			at[1][1] = (int)(pb - rows[r]);
		}
	}
	if (a == '\0' || b == '\0' || at[0][0] < 0 || at[1][0] < 0)
		return false;
	int dr = at[0][0] - at[1][0];
	int dc = at[0][1] - at[1][1];

	return dr >= -1 && dr <= 1 && dc >= -1 && dc <= 1;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The cost of leaving out s.p[i]: less where it only doubles its neighbour. */
static unsigned drop_cost(struct str s, size_t i)
{
	bool doubled = (i > 0 && s.p[i - 1] == s.p[i]) || (i + 1 < s.n && s.p[i + 1] == s.p[i]);

	return doubled ? SLIP_COST : EDIT;
}

/* Damerau and Levenshtein with the costs above (no letter is touched twice by a swap). */
static unsigned distance(struct str a, struct str b)
{
	unsigned d[NAME_MAX_LETTERS + 1][NAME_MAX_LETTERS + 1];

	d[0][0] = 0;
	for (size_t i = 1; i <= a.n; i++)
		d[i][0] = d[i - 1][0] + drop_cost(a, i - 1);
	for (size_t k = 1; k <= b.n; k++)
		d[0][k] = d[0][k - 1] + drop_cost(b, k - 1);
	for (size_t i = 1; i <= a.n; i++)
		for (size_t k = 1; k <= b.n; k++) {
			char x = a.p[i - 1];
			char y = b.p[k - 1];
			unsigned change = x == y ? 0 : are_neighbours(x, y) ? SLIP_COST : EDIT;
			unsigned best = d[i - 1][k - 1] + change;

			best = least(best, d[i - 1][k] + drop_cost(a, i - 1));
			best = least(best, d[i][k - 1] + drop_cost(b, k - 1));
			if (i > 1 && k > 1 && x == b.p[k - 2] && y == a.p[i - 2] && x != y)
				best = least(best, d[i - 2][k - 2] + SLIP_COST);
			d[i][k] = best;
		}
	return d[a.n][b.n];
}

/* The characters of a name, as bits; a few share one. */
static uint64_t characters(struct str name)
{
	uint64_t set = 0;

	for (size_t i = 0; i < name.n; i++)
		set |= UINT64_C(1) << (name.p[i] & 63);
	return set;
}

/* Are there more than most bits in set? */
static bool exceeds(uint64_t set, unsigned most)
{
	for (; set != 0 && most > 0; most--)
		set &= set - 1;
	return set != 0;
}

/* Each character that only one of the names has costs a slip at least: is that too much already? This spares the
 * distance to nearly all providers. */
static bool too_far(uint64_t a, uint64_t b, unsigned allowed)
{
	return exceeds(a & ~b, allowed / SLIP_COST) || exceeds(b & ~a, allowed / SLIP_COST);
}

/* Another country's domain of the same name is no slip of the finger. */
static bool other_country(struct str domain, struct str name)
{
	struct str tld = str_sub(name, name.n - 3, 3);

	return tld.p[0] == '.' && !str_ends(domain, tld);
}

/* Another letter in front, far from the right one: "zmail.com" is another service, not a slip. */
static bool other_front(struct str domain, struct str name)
{
	return domain.n == name.n && domain.p[0] != name.p[0] && !are_neighbours(domain.p[0], name.p[0]) &&
		str_eq(str_sub(domain, 1, domain.n), str_sub(name, 1, name.n));
}

/* What a name may cost by its length. The first letter is rarely the wrong one: "matmail.com" is a name of its own. */
static unsigned allowed_cost(struct str domain, struct str name, size_t label)
{
	if (str_starts(name, STR_LIT("gmx.")) || str_starts(name, STR_LIT("aol.")))
		return SLIP_COST;
	if (label < 5)
		return 0;
	return label < 7 || domain.p[0] != name.p[0] ? EDIT : EDIT + SLIP_COST;
}

/*
 * The nearest provider, when it is near enough for its length: one slip in a short name ("web.de" has many real
 * neighbours), a whole error in a longer one, three halves in a long one.
 */
static const char *nearest(struct str domain)
{
	const char *best = NULL;
	unsigned least_cost = UINT32_MAX;
	uint64_t set = characters(domain);

	if (domain.n > NAME_MAX_LETTERS)
		return NULL;
	for (const char *const *p = freemail_large; *p != NULL; p++) {
		struct str name = str_of(*p);
		unsigned allowed = allowed_cost(domain, name, str_find(name, '.'));

		if (name.n > domain.n + 2 || domain.n > name.n + 2 || other_country(domain, name) ||
			other_front(domain, name) || too_far(set, characters(name), allowed))
			continue;
		unsigned cost = distance(domain, name);

		if (cost > 0 && cost <= allowed && cost < least_cost) {
			least_cost = cost;
			best = *p;
		}
	}
	return best;
}

/* The one of names that is body and end together. */
static const char *find_joined(const char *const *names, struct str body, struct str end)
{
	for (const char *const *p = names; *p != NULL; p++)
		if (strlen(*p) == body.n + end.n && str_starts(str_of(*p), body) && str_ends(str_of(*p), end))
			return *p;
	return NULL;
}

/* Another end, that no registry has, and a domain that is known with the right one. */
static const char *with_right_end(struct str domain)
{
	const char *found = NULL;

	for (const struct suggest_slip *p = suggest_ends; found == NULL && p->slip != NULL; p++) {
		if (!str_ends(domain, str_of(p->slip)))
			continue;
		struct str body = str_sub(domain, 0, domain.n - strlen(p->slip));

		found = find_joined(freemail_large, body, str_of(p->meant));
		if (found == NULL)
			found = find_joined(freemail_others, body, str_of(p->meant));
	}
	return found;
}

/* "freenetd.e": the dot is one letter too far. */
static bool has_moved_dot(struct str domain, struct str name)
{
	size_t at = 0;

	while (at < domain.n && domain.p[at] == name.p[at])
		at++;
	return domain.n == name.n && at + 1 < domain.n && (domain.p[at] == '.' || name.p[at] == '.') &&
		domain.p[at] == name.p[at + 1] && domain.p[at + 1] == name.p[at] &&
		str_eq(str_sub(domain, at + 2, domain.n), str_sub(name, at + 2, name.n));
}

/* Where nobody can have a domain with this end, the providers of the same name, and the nearest of their ends. */
static const char *with_other_end(struct str domain)
{
	struct str body = str_sub(domain, 0, str_find(domain, '.') + 1);
	const char *best = NULL;
	unsigned least_cost = 2 * EDIT + 1;

	if (domain.n > NAME_MAX_LETTERS)
		return NULL;
	for (const char *const *p = freemail_large; *p != NULL; p++) {
		struct str name = str_of(*p);

		if (has_moved_dot(domain, name))
			return *p;
		if (!str_starts(name, body) || name.n > NAME_MAX_LETTERS)
			continue;
		struct str end = str_sub(domain, body.n, domain.n);
		struct str meant = str_sub(name, body.n, name.n);
		unsigned cost = str_starts(meant, end) ? SLIP_COST : distance(end, meant);

		if (cost < least_cost) {
			least_cost = cost;
			best = *p;
		}
	}
	return best;
}

static const char *find(const struct suggest *s, struct str domain)
{
	if (set_find(&s->known, domain) != NULL)
		return NULL;
	for (const struct suggest_slip *p = suggest_slips; p->slip != NULL; p++)
		if (str_eq(domain, str_of(p->slip)))
			return p->meant;
	const char *meant = with_right_end(domain);

	if (meant == NULL && !tld_exists(s->tld, domain))
		meant = with_other_end(domain);
	return meant != NULL ? meant : nearest(domain);
}

struct str suggest_for(struct suggest *s, struct str domain)
{
	bool added;
	struct set_entry *e = set_add(&s->seen, domain, &added);

	if (added) {
		const char *meant = find(s, domain);

		/* A pointer to a table of ours, kept as a number. */
		e->value = (uint64_t)(uintptr_t)meant;
	}
	if (s->mx != NULL && !mx_doubts(s->mx, domain))
		return STR_LIT("");
	return str_of((const char *)(uintptr_t)e->value);
}
