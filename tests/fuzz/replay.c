#include <config.h>

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The main of a fuzz target where there is no libFuzzer: plays its corpus (tests/fuzz/corpus/NAME) and, of each
 * file, all its beginnings (up to 512) and a few hundred mutations that are the same in every run. TAP.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUTATIONS 300
#define FILE_MAX ((size_t)1 << 20)

static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint64_t chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* On a heap block of exactly that size, so that a sanitizer sees an octet read too many. */
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

static void mutate(const uint8_t *data, size_t size)
{
	static const char special[] = "\0\r\n\t \"'<>@,;:.{}/\\=?-+\xff\x80\xc3";
	uint8_t *copy = malloc(size + 16);

	if (copy == NULL)
		abort();
	for (int i = 0; i < MUTATIONS; i++) {
		size_t n = size;

		memcpy(copy, data, size);
		for (uint64_t times = 1 + chance() % 4; times > 0 && n > 0; times--) {
			size_t at = (size_t)(chance() % n);

			switch (chance() % 4) {
			case 0:
				copy[at] = (uint8_t)chance();
				break;
			case 1:
				copy[at] = (uint8_t)special[chance() % (sizeof special - 1)];
				break;
			case 2:
				memmove(copy + at, copy + at + 1, n - at - 1);
				n--;
				break;
			default:
				if (n < size + 16) {
					memmove(copy + at + 1, copy + at, n - at);
					copy[at] = (uint8_t)special[chance() % (sizeof special - 1)];
					n++;
				}
			}
		}
		play(copy, n);
	}
	free(copy);
}

static void replay(const char *directory, const char *name)
{
	static uint8_t data[FILE_MAX];
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return;
	size_t size = fread(data, 1, sizeof data, f);

	fclose(f);
	play(data, size);
	for (size_t n = 0; n < size && n < 512; n++)
		play(data, n);
	mutate(data, size);
}

int main(int argc, char **argv)
{
	const char *top = getenv("TOP_SRCDIR");
	const char *name = strrchr(argv[0], '/');
	char directory[3000];
	int files = 0;

	(void)argc;
	name = name != NULL ? name + 1 : argv[0];
	snprintf(directory, sizeof directory, "%s/tests/fuzz/corpus/%s", top != NULL ? top : ".", name);
	play((const uint8_t *)"", 0);
	DIR *d = opendir(directory);

	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		replay(directory, e->d_name);
		printf("ok %d - %s: %s\n", ++files, name, e->d_name);
	}
	if (d != NULL)
		closedir(d);
	if (files == 0)
		printf("not ok %d - %s has no corpus at %s\n", ++files, name, directory);
	printf("1..%d\n", files);
	return d == NULL;
}
