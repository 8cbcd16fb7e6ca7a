#include <config.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The list of `make bench-list`, and what is right to keep of it:
 *
 *     list ROWS LIST.csv ANSWER.csv
 *
 * About 80 octets a row. Of a hundred rows 8 are duplicates (as they were, in other case, an A-label for a U-label), 3 are no
 * addresses, 1 is internationalised; some cells are quoted and hold commas or line breaks. Every row follows from
 * its number, so that a duplicate can be made of any row before it without keeping rows. The answer is octet for octet
 * what listscrub shall write.
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

static enum kind kind_of(uint64_t row)
{
	unsigned percent = (unsigned)(mix(row + 1) % 100);

	return percent < 8 && row > 1000 ? DUPLICATE : percent < 11 ? BAD : percent < 12 ? INTERNATIONAL : PLAIN;
}

static const char *const domains[] = {
	"gmail.com", "gmail.com", "gmail.com", "yahoo.com", "hotmail.com", "web.de", "gmx.net", "orange.fr",
};

/* The address of a row that is no duplicate. form: 0 as it stands, 1 in capitals, 2 with A-labels. */
static void add_address(char *out, size_t size, uint64_t row, unsigned form)
{
	uint64_t h = mix(row ^ 0x5bd1e995);

	if (kind_of(row) == INTERNATIONAL)
		snprintf(out, size, form == 2 ? "post%" PRIu64 "@xn--bcher-kva.cafe-%u.de" : "post%" PRIu64 "@b\xc3\xbc" "cher.cafe-%u.de",
			 row, (unsigned)(h % 5000));
	else if (h % 3 == 0)
		snprintf(out, size, "user.name%" PRIu64 "@%s", row, domains[h / 3 % 8]);
	else
		snprintf(out, size, "u%" PRIu64 ".%c@mail%u.host-%u.com", row, (char)('a' + h % 26), (unsigned)(h % 97),
			 (unsigned)(h / 97 % 5000));
	for (char *p = out; form == 1 && *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
}

static void add_bad(char *out, size_t size, uint64_t row)
{
	static const char *const forms[] = {
		"no.at.sign.%" PRIu64, "two@at%" PRIu64 "@host.com", "dot..dot%" PRIu64 "@host.com",
		"user%" PRIu64 "@under_score.com", "user%" PRIu64 "@-host.com", "b l a n k%" PRIu64 "@host.com",
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

static void write_row(FILE *list, FILE *answer, uint64_t row)
{
	enum kind kind = kind_of(row);
	uint64_t h = mix(row ^ 0xabcdef);
	char address[128];
	char rest[160];

	if (kind == BAD)
		add_bad(address, sizeof address, row);
	else
		add_address(address, sizeof address, kind == DUPLICATE ? earlier(row) : row,
			    kind == DUPLICATE ? (unsigned)(h % 3) : 0);
	if (h % 50 == 0)
		snprintf(rest, sizeof rest, "\"Family, no. %u\",\"12 Long Lane\nBack House\",2026-0%u-11,yes", (unsigned)(h % 1000),
			 (unsigned)(h % 9 + 1));
	else if (h % 10 == 0)
		snprintf(rest, sizeof rest, "\"Nobody, %u\",\"Some Street, 8\",2026-0%u-17,yes", (unsigned)(h % 100000), (unsigned)(h % 9 + 1));
	else
		snprintf(rest, sizeof rest, "Given Family%u,Some Street %u,2026-0%u-23,yes", (unsigned)(h % 100000), (unsigned)(h % 200), (unsigned)(h % 9 + 1));
	fprintf(list, "%" PRIu64 ",%s,%s\n", row, address, rest);
	if (kind == PLAIN || kind == INTERNATIONAL)
		fprintf(answer, "%" PRIu64 ",%s,%s\n", row, address, rest);
}

int main(int argc, char **argv)
{
	static const char header[] = "id,email,name,street,since,consent\n";

	if (argc != 4)
		return 64;
	uint64_t rows = strtoull(argv[1], NULL, 10);
	FILE *list = fopen(argv[2], "w");
	FILE *answer = fopen(argv[3], "w");

	if (list == NULL || answer == NULL) {
		perror(argv[0]);
		return 73;
	}
	fputs(header, list);
	fputs(header, answer);
	for (uint64_t row = 0; row < rows; row++)
		write_row(list, answer, row);
	bool ok = fclose(list) == 0;

	return fclose(answer) == 0 && ok ? 0 : 74;
}
