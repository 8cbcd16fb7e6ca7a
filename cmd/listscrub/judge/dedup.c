#include <config.h>

#include "cmd/listscrub/judge/dedup.h"

#include <sys/mman.h>

#include "base/siphash.h"

#define FIRST_SLOTS ((size_t)1 << 16)
#define LEAST_SLOTS ((size_t)1 << 12)
#define HUGE_PAGE ((size_t)2 << 20)

void dedup_init(struct dedup *d, const unsigned char random[16], uint64_t most_octets, bool newest)
{
	memcpy(d->key.words, random, sizeof d->key.words);
	d->most_octets = most_octets < SIZE_MAX ? (size_t)most_octets : SIZE_MAX;
	d->newest = newest;
}

static size_t slot_octets(const struct dedup *d)
{
	return sizeof *d->slots + (d->newest ? sizeof *d->leads : 0) + (d->tells ? sizeof *d->places : 0);
}

static void unmap(void *p, size_t octets)
{
	if (p != NULL)
		(void)munmap(p, octets);
}

void dedup_free(struct dedup *d)
{
	unmap(d->slots, d->size * sizeof *d->slots);
	unmap(d->leads, d->size * sizeof *d->leads);
	unmap(d->places, d->size * sizeof *d->places);
	*d = (struct dedup){ .size = 0 };
}

struct dedup_hash dedup_hash(const struct dedup_key *by, struct str key)
{
	struct siphash wide = siphash_with(1, 3, true, by->words, key);

	return (struct dedup_hash){ .high = wide.low, .low = wide.high + ((wide.low | wide.high) == 0) };
}

/* --- the table --- */

/* Places in the order of the hashes, for a table of any size under 2^32 slots. */
static inline size_t place_of(const struct dedup *d, struct dedup_hash hash)
{
	return (size_t)(((hash.high >> 32) * (uint64_t)d->size) >> 32);
}

static inline bool is_empty(struct dedup_hash slot)
{
	return (slot.high | slot.low) == 0;
}

/* The slot of hash: its own, or the empty one where it belongs. */
static inline size_t slot_of(const struct dedup *d, struct dedup_hash hash)
{
	size_t at = place_of(d, hash);

	while (!is_empty(d->slots[at]) && (d->slots[at].low != hash.low || d->slots[at].high != hash.high))
		at = at + 1 < d->size ? at + 1 : 0;
	return at;
}

/* Zeroed pages, or NULL: a table that cannot grow is no reason to stop. */
static void *map(size_t octets)
{
	void *p = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
#ifdef MADV_HUGEPAGE
	if (octets >= HUGE_PAGE)
		(void)madvise(p, octets, MADV_HUGEPAGE);
#endif
	return p;
}

/* Give back the whole pages of p that lie before `upto`, `from` being where the last call ended. */
static size_t give_back(void *p, size_t from, size_t upto)
{
	upto -= upto % HUGE_PAGE;
	if (upto > from)
		(void)madvise((char *)p + from, upto - from, MADV_DONTNEED);
	return upto > from ? upto : from;
}

/* One sweep: both tables are walked in order, and what was moved is given back at once. */
static void move_to(struct dedup *to, struct dedup *from)
{
	size_t slots_gone = 0;
	size_t leads_gone = 0;

	for (size_t i = 0; i < from->size; i++) {
		if (i % (HUGE_PAGE / sizeof *from->slots) == 0) {
			slots_gone = give_back(from->slots, slots_gone, i * sizeof *from->slots);
			if (from->leads != NULL)
				leads_gone = give_back(from->leads, leads_gone, i * sizeof *from->leads);
		}
		if (is_empty(from->slots[i]))
			continue;
		size_t at = slot_of(to, from->slots[i]);

		to->slots[at] = from->slots[i];
		if (to->leads != NULL && from->leads != NULL)
			to->leads[at] = from->leads[i];
		if (to->places != NULL && from->places != NULL)
			to->places[at] = from->places[i];
	}
	to->used = from->used;
}

bool dedup_spares(size_t octets)
{
	void *p = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return false;
	(void)munmap(p, octets);
	return true;
}

/* A table that takes the last of the memory leaves none for the files that come after it. */
static bool leaves_spare(const struct dedup *d, size_t octets)
{
	return dedup_spares(((size_t)8 << 20) + octets / 16 + d->others);
}

static bool grow(struct dedup *d)
{
	size_t most = d->most_octets / slot_octets(d);
	size_t size = d->size > 0 ? 2 * d->size : FIRST_SLOTS;
	size_t wanted = d->expected / 3 * 4;
	struct dedup bigger = *d;

	if (d->size > 0 && size < wanted)
		size = wanted;
	if (most > UINT32_MAX)
		most = UINT32_MAX;
	if (size > most)
		size = most;
	/* The last step may be small, but not so small that it is not worth a sweep. */
	if (size < d->size + d->size / 8 || size < LEAST_SLOTS)
		return false;
	bigger.size = size;
	bigger.slots = map(size * sizeof *d->slots);
	bigger.leads = d->newest && bigger.slots != NULL ? map(size * sizeof *d->leads) : NULL;
	bigger.places = d->tells && bigger.slots != NULL ? map(size * sizeof *d->places) : NULL;
	if (bigger.slots == NULL || (d->newest && bigger.leads == NULL) || (d->tells && bigger.places == NULL) ||
		(d->size > 0 && !leaves_spare(d, size * slot_octets(d)))) {
		unmap(bigger.slots, size * sizeof *d->slots);
		unmap(bigger.leads, size * sizeof *d->leads);
		unmap(bigger.places, size * sizeof *d->places);
		/* Not as much as will be needed, but more than now? */
		if (d->expected == 0 || size <= 2 * d->size)
			return false;
		d->expected = 0;
		return grow(d);
	}
	move_to(&bigger, d);
	unmap(d->slots, d->size * sizeof *d->slots);
	unmap(d->leads, d->size * sizeof *d->leads);
	unmap(d->places, d->size * sizeof *d->places);
	*d = bigger;
	return true;
}

bool dedup_reserve(struct dedup *d, size_t n)
{
	while (d->used + n > d->size / 4 * 3)
		if (!grow(d))
			return false;
	return true;
}

void dedup_prefetch(const struct dedup *d, struct dedup_hash hash)
{
	if (d->size > 0)
		__builtin_prefetch(&d->slots[place_of(d, hash)], 1);
}

bool dedup_add(struct dedup *d, struct dedup_hash hash)
{
	size_t at = slot_of(d, hash);

	if (!is_empty(d->slots[at]))
		return false;
	d->slots[at] = hash;
	d->used++;
	return true;
}

size_t dedup_find(const struct dedup *d, struct dedup_hash hash)
{
	if (d->size == 0)
		return SIZE_MAX;
	size_t at = slot_of(d, hash);

	return is_empty(d->slots[at]) ? SIZE_MAX : at;
}

void dedup_clear(struct dedup *d)
{
	if (d->size > 0)
		memset(d->slots, 0, d->size * sizeof *d->slots);
	d->used = 0;
}

/* With leads: a row with that date claims the hash. True when it leads now (*loser: the row that led until then, or
 * UINT64_MAX); false when it lost. */
static bool claim_lead(struct dedup *d, struct dedup_hash hash, struct dedup_lead claim, uint64_t *loser)
{
	size_t at = slot_of(d, hash);
	bool leads = is_empty(d->slots[at]) || claim.date > d->leads[at].date;

	*loser = UINT64_MAX;
	if (!leads)
		return false;
	if (is_empty(d->slots[at])) {
		d->slots[at] = hash;
		d->used++;
	} else {
		*loser = d->leads[at].row;
	}
	d->leads[at] = claim;
	return true;
}

bool dedup_contest(struct dedup *d, const struct dedup_row *row, struct dedup_loss *loss)
{
	uint64_t loser = UINT64_MAX;
	bool leads = d->newest ? claim_lead(d, row->hash, (struct dedup_lead){ row->row, row->date }, &loser)
			       : dedup_add(d, row->hash);

	*loss = (struct dedup_loss){ leads ? loser : row->row, leads ? row->row : UINT64_MAX, row->place };
	if (d->tells) {
		size_t at = slot_of(d, row->hash);

		if (leads) {
			d->places[at] = row->place;
		} else {
			loss->place = d->places[at];
			if (d->newest)
				loss->by = d->leads[at].row;
		}
	}
	return loss->row != UINT64_MAX;
}
