#include <config.h>

#include "cmd/listscrub/judge/spill.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"

#define CHUNK_RECORDS ((size_t)2048)
#define CHUNK_OCTETS (CHUNK_RECORDS * sizeof(struct dedup_row))

void spill_init(struct spill *s)
{
	*s = (struct spill){ .fd = -1 };
}

void spill_free(struct spill *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	for (size_t i = 0; i < SPILL_PILES; i++) {
		mem_free(s->piles[i].records);
		mem_free(s->piles[i].chunks);
	}
	spill_init(s);
}

/* --- piles --- */

static bool write_chunk(struct spill *s, struct spill_pile *pile, struct err *err)
{
	struct str octets = str_at((const char *)pile->records, CHUNK_OCTETS);

	if (s->fd < 0 && (s->fd = file_temp(err)) < 0)
		return false;
	pile->chunks = mem_resize(pile->chunks, pile->n_chunks + 1, sizeof *pile->chunks);
	pile->chunks[pile->n_chunks++] = s->size;
	if (!file_temp_write(s->fd, octets, s->size, err))
		return false;
	s->size += octets.n;
	pile->n = 0;
	return true;
}

/* The low half of the hash parts the piles, the high half places hashes in the table. */
bool spill_add(struct spill *s, struct dedup_row record, struct err *err)
{
	struct spill_pile *pile = &s->piles[record.hash.low % SPILL_PILES];

	if (pile->records == NULL)
		pile->records = mem_array(CHUNK_RECORDS, sizeof *pile->records);
	pile->records[pile->n++] = record;
	return pile->n < CHUNK_RECORDS || write_chunk(s, pile, err);
}

static bool read_chunk(const struct spill *s, uint64_t at, struct dedup_row *records, struct err *err)
{
	char *p = (char *)records;
	size_t left = CHUNK_OCTETS;

	while (left > 0) {
		ssize_t n = pread(s->fd, p, left, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_errno(err, ERR_IO, n < 0 ? errno : EIO, "temporary file in %s", file_temp_dir());
		p += n;
		left -= (size_t)n;
		at += (uint64_t)n;
	}
	return true;
}

/* --- the answer --- */

/* Of the records of a chunk, those whose turn it is. In the table a row has been seen when its hash is there: the
 * records of a pile come in the order of their rows. */
static void take_records(struct dedup *table, const struct dedup_row *records, size_t n, uint64_t round,
	uint64_t rounds, struct rowset *losers, struct winners *winners)
{
	struct dedup_loss loss;

	for (size_t i = 0; i < n; i++) {
		const struct dedup_row *r = &records[i];

		if (r->hash.low / SPILL_PILES % rounds != round || !dedup_contest(table, r, &loss))
			continue;
		rowset_add(losers, loss.row);
		if (table->tells)
			winners_add(winners, &loss);
	}
}

/* A pile that is too large for the table is read several times, each time for a part of its hashes; for a small one
 * only a part of the table is used. Filled to five eighths on the average, chance does not fill it. */
static bool resolve_pile(struct spill *s, const struct spill_pile *pile, struct dedup *table, struct dedup_row *records,
	struct rowset *losers, struct winners *winners, struct err *err)
{
	uint64_t total = pile->n_chunks * CHUNK_RECORDS + pile->n;
	uint64_t wanted = total / 5 * 8 + 1024;
	uint64_t rounds = wanted / table->size + 1;
	size_t whole = table->size;
	bool ok = true;

	if (wanted < table->size)
		table->size = (size_t)wanted;
	for (uint64_t round = 0; round < rounds && ok; round++) {
		dedup_clear(table);
		for (size_t i = 0; i < pile->n_chunks && ok; i++) {
			ok = read_chunk(s, pile->chunks[i], records, err);
			if (ok)
				take_records(table, records, CHUNK_RECORDS, round, rounds, losers, winners);
		}
		if (ok)
			take_records(table, pile->records, pile->n, round, rounds, losers, winners);
	}
	table->size = whole;
	return ok;
}

bool spill_resolve(struct spill *s, struct dedup *table, struct rowset *losers, struct winners *winners,
	struct err *err)
{
	struct dedup_row *records = mem_array(CHUNK_RECORDS, sizeof *records);
	bool ok = table->size > 0;

	if (!ok)
		err_set(err, ERR_OS, "no memory for finding duplicates");
	for (size_t i = 0; i < SPILL_PILES && ok; i++)
		if (s->piles[i].n + s->piles[i].n_chunks > 0)
			ok = resolve_pile(s, &s->piles[i], table, records, losers, winners, err);
	mem_free(records);
	return ok;
}
