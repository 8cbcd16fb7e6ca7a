#include <config.h>

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The main of a fuzz target where there is no libFuzzer: plays the corpus of its name and, of each file, its
 * beginnings and some hundred mutations, the same in every run. TAP. Given files, it plays those as they are.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUTATIONS 400
#define BEGINNINGS 512
#define FILE_MOST ((size_t)1 << 20)
/* No mutation makes an input longer than this beyond what it was. */
#define GROWTH 8

static uint64_t state = 0x9e3779b97f4a7c15u;

/* A number below n, by xorshift: the same sequence in every run. */
static size_t chance(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % n);
}

/* On the heap in a block of exactly that size, so that a sanitizer sees an octet read too many. */
static void play(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

/* Changes, removes or adds one octet; returns the new size, n + 1 at most. */
static size_t mutate(uint8_t *p, size_t n)
{
	static const char special[] = "\0\r\n\t \"'<>@,;:.{}()/\\=?-+09\xff\x80\xc3";
	size_t at = chance(n);
	uint8_t octet = (uint8_t)special[chance(sizeof special - 1)];

	switch (chance(4)) {
	case 0:
		p[at] = (uint8_t)chance(256);
		return n;
	case 1:
		p[at] = octet;
		return n;
	case 2:
		memmove(p + at, p + at + 1, n - at - 1);
		return n - 1;
	default:
		memmove(p + at + 1, p + at, n - at);
		p[at] = octet;
		return n + 1;
	}
}

static void play_mutations(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + GROWTH);

	if (copy == NULL)
		abort();
	for (int i = 0; i < MUTATIONS; i++) {
		size_t n = size;

		memcpy(copy, data, size);
		for (size_t times = 1 + chance(GROWTH); times > 0 && n > 0; times--)
			n = mutate(copy, n);
		play(copy, n);
	}
	free(copy);
}

static int play_file(const char *path, int whole_only)
{
	static uint8_t data[FILE_MOST];
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return 0;
	size_t size = fread(data, 1, sizeof data, f);

	fclose(f);
	play(data, size);
	for (size_t n = 0; !whole_only && n < size && n < BEGINNINGS; n++)
		play(data, n);
	if (!whole_only && size > 0)
		play_mutations(data, size);
	return 1;
}

static int play_corpus(const char *name)
{
	const char *top = getenv("TOP_SRCDIR");
	char path[4096];
	int files = 0, failed = 0;

	snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", top != NULL ? top : ".", name);
	DIR *d = opendir(path);

	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s/%s", top != NULL ? top : ".", name, e->d_name);
		int ok = play_file(path, 0);

		printf("%sok %d - %s: %s\n", ok ? "" : "not ", ++files, name, e->d_name);
		failed += !ok;
	}
	if (d != NULL)
		closedir(d);
	if (files == 0)
		printf("not ok %d - %s has a corpus\n", ++files, name);
	printf("1..%d\n", files);
	return d == NULL || failed > 0;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	int failed = 0;

	if (argc == 1)
		return play_corpus(slash != NULL ? slash + 1 : argv[0]);
	for (int i = 1; i < argc; i++)
		if (!play_file(argv[i], 1)) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			failed = 1;
		}
	return failed;
}
