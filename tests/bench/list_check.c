#include <config.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What `make bench-list` has to know of a cleaned list when a plain comparison of octets says no:
 *
 *     list_check keys FILE [REASON]      rows, and a sum over their addresses in lower case
 *     list_check rejects EXPECTED FILE   FILE has the rows of EXPECTED (list.c) with a cell "detail"
 *
 * With REASON only the rows count that have it in their last cell but one. The sum is of 128-bit
 * hashes: the same in any order, and the sum of two lists is the sum of both together.
 */
enum { CELLS = 16 };

struct reader {
	const char *at;
	const char *end;
};

struct cell {
	const char *p;
	size_t n;
};

struct row {
	struct cell cells[CELLS];
	unsigned n;
};

static bool reader_open(struct reader *r, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	*r = (struct reader){ "", "" };
	if (fd < 0 || fstat(fd, &st) != 0) {
		perror(path);
		return false;
	}
	if (st.st_size > 0) {
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (p == MAP_FAILED) {
			perror(path);
			return false;
		}
		*r = (struct reader){ p, (const char *)p + st.st_size };
	}
	close(fd);
	return true;
}

/* The next cell as it stands, quotes and all; *last: it ends its row. */
static struct cell reader_cell(struct reader *r, bool *last)
{
	const char *start = r->at;
	bool quoted = false;

	while (r->at < r->end && (quoted || (*r->at != ',' && *r->at != '\n')))
		quoted ^= *r->at++ == '"';
	struct cell cell = { start, (size_t)(r->at - start) };

	*last = r->at == r->end || *r->at == '\n';
	r->at += r->at < r->end;
	return cell;
}

/* False at the end, and for a row of too many cells, which no list of ours has. */
static bool reader_row(struct reader *r, struct row *row)
{
	bool last = r->at == r->end;

	row->n = 0;
	while (!last && row->n < CELLS)
		row->cells[row->n++] = reader_cell(r, &last);
	return row->n > 0 && last;
}

static bool same(struct cell a, struct cell b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x7fb5d329728ea185u;
	x ^= x >> 27;
	x *= 0x81dadef4bc2dd44du;
	return x ^ x >> 33;
}

static void add_key(uint64_t sum[2], struct cell key)
{
	uint64_t a = 1;
	uint64_t b = 2;

	if (key.n >= 2 && key.p[0] == '"')
		key = (struct cell){ key.p + 1, key.n - 2 };
	for (size_t i = 0; i < key.n; i++) {
		uint64_t c = (unsigned char)key.p[i];

		c += c >= 'A' && c <= 'Z' ? 'a' - 'A' : 0;
		a = (a ^ c) * 0x100000001b3u;
		b = (b + c) * 0x9e3779b97f4a7c15u;
	}
	sum[0] += mix(a);
	sum[1] += mix(b);
}

static int keys(const char *path, const char *reason)
{
	struct reader r;
	struct row row;
	struct cell wanted = { reason, reason != NULL ? strlen(reason) : 0 };
	uint64_t rows = 0;
	uint64_t sum[2] = { 0, 0 };

	if (!reader_open(&r, path))
		return 66;
	for (bool header = true; reader_row(&r, &row); header = false) {
		if (header || row.n < 3)
			continue;
		if (reason != NULL && !same(row.cells[row.n - 2], wanted))
			continue;
		rows++;
		add_key(sum, row.cells[1]);
	}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", rows, sum[0], sum[1]);
	return 0;
}

/* Own columns and the reason, then a detail that is free, then the line. */
static bool row_matches(const struct row *want, const struct row *got)
{
	if (got->n != want->n + 1 || !same(want->cells[want->n - 1], got->cells[got->n - 1]))
		return false;
	for (unsigned i = 0; i + 1 < want->n; i++)
		if (!same(want->cells[i], got->cells[i]))
			return false;
	return true;
}

static int rejects(const char *expected, const char *path)
{
	struct reader a;
	struct reader b;
	struct row want;
	struct row got;
	uint64_t row = 0;

	if (!reader_open(&a, expected) || !reader_open(&b, path))
		return 66;
	for (;; row++) {
		bool more = reader_row(&a, &want);

		if (more != reader_row(&b, &got) || (more && !row_matches(&want, &got))) {
			printf("row %" PRIu64 " is not as it shall be\n", row);
			return 1;
		}
		if (!more)
			break;
	}
	printf("%" PRIu64 "\n", row > 0 ? row - 1 : 0);
	return 0;
}

int main(int argc, char **argv)
{
	if ((argc == 3 || argc == 4) && strcmp(argv[1], "keys") == 0)
		return keys(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "rejects") == 0)
		return rejects(argv[2], argv[3]);
	fputs("usage: list_check keys FILE [REASON] | rejects EXPECTED FILE\n", stderr);
	return 64;
}
