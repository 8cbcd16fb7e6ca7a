#include <config.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

/*
 * The list of `make bench-list`, what is right to keep of it, and what is right to reject:
 *
 *     list ROWS LIST.csv ANSWER.csv [REJECTED.csv]
 *
 * 80 octets a row. Of a hundred rows 8 are duplicates (as they were, in capitals, an A-label for a
 * U-label or the other way round), 3 are no addresses, 1 is internationalised, 10 have quoted commas
 * and 2 a quoted line break. Every row follows from its number, so that a duplicate can be made of
 * any row before it without keeping rows. ANSWER is octet for octet what listscrub shall write;
 * REJECTED has the other rows as they stood, with two cells more: the reason and the line on which
 * the row begins.
 */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

enum kind { PLAIN, INTERNATIONAL, BAD, DUPLICATE };

/* How an address is written: bits. */
enum { CAPITALS = 1, A_LABEL = 2 };

static enum kind kind_of(uint64_t row)
{
	unsigned percent = (unsigned)(mix(row + 1) % 100);

	/* The first rows have too few before them to be duplicates of. */
	if (percent < 8)
		return row < 1000 ? PLAIN : DUPLICATE;
	return percent < 11 ? BAD : percent < 12 ? INTERNATIONAL : PLAIN;
}

static const char *const providers[] = {
	"gmail.com",
	"gmail.com",
	"gmail.com",
	"yahoo.com",
	"web.de",
	"hotmail.com",
	"gmx.net",
	"orange.fr",
};

static const char *const labels[] = {
	"bücher",
	"müller",
	"garçon",
	"señal",
	"łódź",
	"håndbok",
	"příklad",
	"почта",
	"ελλάδα",
	"日本語",
	"例子",
	"한국",
};

static void out_of_memory(void)
{
	fputs("list: out of memory\n", stderr);
	exit(71);
}

/* Tens of thousands of different labels, so that none is judged once for all. */
static void add_international(char *out, size_t size, uint64_t row, uint64_t h, unsigned form)
{
	const char *local = h % 3 == 0 ? "jörg" : "post";
	char domain[80];
	char *ascii = NULL;

	snprintf(domain, sizeof domain, "%s%u.de", labels[h / 3 % 12], (unsigned)(h / 36 % 5000));
	if ((form & A_LABEL) != 0 && idn2_to_ascii_8z(domain, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
		out_of_memory();
	snprintf(out, size, "%s%" PRIu64 "@%s", local, row, ascii != NULL ? ascii : domain);
	idn2_free(ascii);
}

/* The address of a row that is no duplicate; form: how it is written. */
static void add_address(char *out, size_t size, uint64_t row, unsigned form)
{
	uint64_t h = mix(row ^ 0x5bd1e995);

	if (kind_of(row) == INTERNATIONAL)
		add_international(out, size, row, h, form);
	else if (h % 3 == 0)
		snprintf(out, size, "user.name%" PRIu64 "@%s", row, providers[h / 3 % 8]);
	else
		snprintf(out, size, "u%" PRIu64 ".%c@mail%u.host-%u.com", row, (char)('a' + h % 26), (unsigned)(h % 97),
			(unsigned)(h / 97 % 5000));
	for (char *p = out; (form & CAPITALS) != 0 && *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
}

static void add_bad(char *out, size_t size, uint64_t row)
{
	static const char *const forms[] = {
		"no.at.sign.%" PRIu64,
		"two@at%" PRIu64 "@host.com",
		"dot..dot%" PRIu64 "@host.com",
		"user%" PRIu64 "@under_score.com",
		"user%" PRIu64 "@-host.com",
		"b l a n k%" PRIu64 "@host.com",
	};

	snprintf(out, size, forms[mix(row) % 6], row);
}

/* A row before this one that is no duplicate and an address. */
static uint64_t earlier(uint64_t row)
{
	for (uint64_t i = 0;; i++) {
		uint64_t candidate = mix(row * 31 + i) % row;
		enum kind kind = kind_of(candidate);

		if (kind == PLAIN || kind == INTERNATIONAL)
			return candidate;
	}
}

static void add_rest(char *out, size_t size, uint64_t h)
{
	unsigned name = (unsigned)(h % 100000);
	unsigned month = (unsigned)(h % 9 + 1);

	if (h % 50 == 0)
		snprintf(out, size, "\"Family, no. %u\",\"12 Long Lane\nBack House\",2026-0%u-11,yes", name % 1000,
			month);
	else if (h % 10 == 0)
		snprintf(out, size, "\"Nobody, %u\",\"Mill Road, 8\",2026-0%u-17,yes", name, month);
	else
		snprintf(out, size, "Ann Field%u,Mill Road %u,2026-0%u-23,yes", name, (unsigned)(h % 200), month);
}

struct files {
	FILE *list;
	FILE *answer;
	FILE *rejected; /* NULL: not wanted */
	uint64_t line;
};

static void write_row(struct files *f, uint64_t row)
{
	enum kind kind = kind_of(row);
	uint64_t h = mix(row ^ 0xabcdef);
	char address[128];
	char rest[160];

	if (kind == BAD)
		add_bad(address, sizeof address, row);
	else if (kind == DUPLICATE)
		add_address(address, sizeof address, earlier(row), (unsigned)(h >> 32) & (CAPITALS | A_LABEL));
	else
		add_address(address, sizeof address, row, (h >> 32) % 4 == 0 ? A_LABEL : 0);
	add_rest(rest, sizeof rest, h);
	fprintf(f->list, "%" PRIu64 ",%s,%s\n", row, address, rest);
	if (kind == PLAIN || kind == INTERNATIONAL)
		fprintf(f->answer, "%" PRIu64 ",%s,%s\n", row, address, rest);
	else if (f->rejected != NULL)
		fprintf(f->rejected, "%" PRIu64 ",%s,%s,%s,%" PRIu64 "\n", row, address, rest,
			kind == BAD ? "syntax" : "duplicate", f->line);
	f->line += strchr(rest, '\n') != NULL ? 2 : 1;
}

static bool close_whole(FILE *file)
{
	bool failed = ferror(file) != 0;

	return fclose(file) == 0 && !failed;
}

int main(int argc, char **argv)
{
	static const char header[] = "id,email,name,street,since,consent";

	if (argc < 4 || argc > 5 || argv[1][0] < '0' || argv[1][0] > '9') {
		fputs("usage: list ROWS LIST.csv ANSWER.csv [REJECTED.csv]\n", stderr);
		return 64;
	}
	uint64_t rows = strtoull(argv[1], NULL, 10);
	struct files f = {
		.list = fopen(argv[2], "w"),
		.answer = fopen(argv[3], "w"),
		.rejected = argc == 5 ? fopen(argv[4], "w") : NULL,
		.line = 2,
	};

	if (f.list == NULL || f.answer == NULL || (argc == 5 && f.rejected == NULL)) {
		perror(argv[0]);
		return 73;
	}
	fprintf(f.list, "%s\n", header);
	fprintf(f.answer, "%s\n", header);
	if (f.rejected != NULL)
		fprintf(f.rejected, "%s,reason,line\n", header);
	for (uint64_t row = 0; row < rows; row++)
		write_row(&f, row);
	bool whole = close_whole(f.list);

	whole = close_whole(f.answer) && whole;
	return (f.rejected == NULL || close_whole(f.rejected)) && whole ? 0 : 74;
}
