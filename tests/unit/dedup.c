#include <config.h>

#include "tests/tap.h"

#include "base/mem.h"
#include "cmd/listscrub/judge/dedup.h"
#include "cmd/listscrub/judge/spill.h"

/* --- the table and the spill, beside an array of all keys --- */

#define KEYS 20000u

static struct dedup_hash hash_of(const struct dedup *d, unsigned key)
{
	char text[16] = { 0 };
	int n = snprintf(text, sizeof text, "k%u", key);

	return dedup_hash(&d->key, str_at(text, (size_t)n));
}

static void start(struct dedup *d, uint64_t octets, bool newest)
{
	unsigned char random[16];

	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (unsigned char)rand();
	dedup_init(d, random, octets, newest);
}

static void test_first(void)
{
	static bool seen[KEYS];
	struct dedup d = { .size = 0 };
	bool ok = true;

	start(&d, UINT64_MAX, false);
	for (unsigned i = 0; i < 4 * KEYS && ok; i++) {
		unsigned key = (unsigned)rand() % KEYS;
		struct dedup_hash hash = hash_of(&d, key);

		/* (Growth with what is in it, several times.) */
		ok = dedup_reserve(&d, 1) && (dedup_find(&d, hash) != SIZE_MAX) == seen[key] &&
			dedup_add(&d, hash) == !seen[key];
		seen[key] = true;
	}
	check(ok, "the first of each is new, no other is");
	check(d.used <= d.size / 4 * 3, "never over three quarters full");
	dedup_clear(&d);
	check(d.used == 0 && dedup_find(&d, hash_of(&d, 1)) == SIZE_MAX, "empty again");
	dedup_free(&d);
	dedup_free(&d);
}

static void test_limit(void)
{
	struct dedup d = { .size = 0 };
	unsigned n = 0;

	start(&d, (uint64_t)1 << 20, false);
	while (n < 1000000 && dedup_reserve(&d, 1))
		dedup_add(&d, hash_of(&d, n++));
	check(n > 40000 && n <= (1u << 16) / 4 * 3, "a megabyte holds %u", n);
	check(dedup_find(&d, hash_of(&d, 0)) != SIZE_MAX && dedup_find(&d, hash_of(&d, n - 1)) != SIZE_MAX,
		"and loses none");
	check(!dedup_reserve(&d, 1) && dedup_reserve(&d, 0), "it stays as it is");
	dedup_free(&d);
}

/* Who leads after rows with keys and dates: the newest, the first of those. */
static void model(const unsigned *keys, const int64_t *dates, size_t n, bool newest, struct rowset *losers)
{
	uint64_t *leader = mem_array(KEYS, sizeof *leader);

	for (uint64_t i = 0; i < n; i++) {
		uint64_t *lead = &leader[keys[i]];

		if (*lead == 0) {
			*lead = i + 1;
		} else if (newest && dates[i] > dates[*lead - 1]) {
			rowset_add(losers, *lead - 1);
			*lead = i + 1;
		} else {
			rowset_add(losers, i);
		}
	}
	mem_free(leader);
}

/* The way listscrub takes: into the table while there is room, the rest into piles. */
static bool through_spill(const unsigned *keys, const int64_t *dates, size_t n, bool newest, size_t room,
	struct rowset *losers, struct winners *winners)
{
	struct dedup d = { .size = 0 };
	struct spill spill;
	struct err err;
	bool ok = true;

	spill_init(&spill);
	start(&d, UINT64_MAX, newest);
	d.tells = true;
	ok = dedup_reserve(&d, 1);
	for (uint64_t i = 0; i < n && ok; i++) {
		struct dedup_row row = { hash_of(&d, keys[i]), i, dates[i], i + 7 };
		struct dedup_loss loss;

		if (d.used >= room && dedup_find(&d, row.hash) == SIZE_MAX) {
			ok = spill_add(&spill, row, &err);
		} else if (dedup_contest(&d, &row, &loss)) {
			rowset_add(losers, loss.row);
			winners_add(winners, &loss);
		}
	}
	ok = ok && spill_resolve(&spill, &d, losers, winners, &err);
	spill_free(&spill);
	dedup_free(&d);
	return ok;
}

/* Is each loser told the row of its key that did not lose? */
static bool tells_winners(const unsigned *keys, size_t n, const struct rowset *losers, struct winners *winners)
{
	uint64_t *kept = mem_array(KEYS, sizeof *kept);
	bool ok = true;

	for (uint64_t i = 0; i < n; i++)
		if (!rowset_has(losers, i))
			kept[keys[i]] = i + 7;
	for (uint64_t i = 0; i < n && ok; i++)
		ok = !rowset_has(losers, i) || winners_place(winners, i) == kept[keys[i]];
	mem_free(kept);
	return ok;
}

static void test_spill(size_t n, bool newest, size_t room)
{
	unsigned *keys = mem_array(n, sizeof *keys);
	int64_t *dates = mem_array(n, sizeof *dates);
	struct rowset want = { .first = 0 };
	struct rowset got = { .first = 0 };
	struct winners winners = { .n = 0 };
	bool ok = true;

	for (size_t i = 0; i < n; i++) {
		keys[i] = (unsigned)rand() % KEYS;
		dates[i] = rand() % 5;
	}
	model(keys, dates, n, newest, &want);
	ok = through_spill(keys, dates, n, newest, room, &got, &winners);
	for (uint64_t i = 0; i < n; i++)
		ok = ok && rowset_has(&want, i) == rowset_has(&got, i);
	check(ok, "%zu rows, %s, the table full at %zu", n, newest ? "the newest" : "the first", room);
	check(tells_winners(keys, n, &want, &winners), "each duplicate is told the row that is kept");
	winners_free(&winners);
	rowset_free(&want);
	rowset_free(&got);
	mem_free(keys);
	mem_free(dates);
}

int main(void)
{
	srand(3);
	test_first();
	test_limit();
	for (size_t i = 0; i < 2; i++) {
		test_spill(0, i > 0, 10);
		test_spill(1000, i > 0, 10);
		test_spill(100000, i > 0, 0);
		test_spill(300000, i > 0, 7000);
	}
	return tap_done();
}
