#include <config.h>

#include "cmd/listscrub/apart.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/listscrub/settings.h"
#include "cmd/listscrub/read/input.h"

static bool is_standard(const char *path)
{
	return path != NULL && strcmp(path, "-") == 0;
}

static size_t count_standard(const char *const *paths, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += is_standard(paths[i]);
	return found;
}

static size_t count(const char *const *lists)
{
	size_t n = 0;

	while (lists[n] != NULL)
		n++;
	return n;
}

static bool check_input(const struct settings *set, struct err *err)
{
	size_t n = count(set->lists);
	size_t uses = count_standard(set->lists, n) + count_standard(set->suppress.values, set->suppress.n) +
		count_standard(set->bounces.values, set->bounces.n) +
		count_standard(set->except.values, set->except.n) + count_standard(set->both.values, set->both.n) +
		is_standard(set->drop_role) + is_standard(set->drop_disposable) +
		(n == 0 && !settings_only_returns(set)) + count_standard(set->tokens.values, set->tokens.n) +
		count_standard(set->confirm_tokens.values, set->confirm_tokens.n);

	if (uses > 1 && n == 0)
		return err_set(err, ERR_USAGE, "standard input is taken for '-': name the list as an argument");
	return uses <= 1 || err_set(err, ERR_USAGE, "standard input ('-') can be read only once");
}

/* Only of regular files: two may well be written to one terminal, pipe or /dev/null. */
static bool is_same(const struct stat *out, const char *path)
{
	struct stat st;
	int status = is_standard(path) ? fstat(STDIN_FILENO, &st) : stat(path, &st);

	return status == 0 && st.st_dev == out->st_dev && st.st_ino == out->st_ino;
}

static bool check_reads(const char *option, const char *path, const struct stat *out, const char *const *reads,
	size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (reads[i] != NULL && reads[i][0] != '\0' && is_same(out, reads[i]))
			return err_set(err, ERR_USAGE, "%s %s is the same file as %s, which is read", option, path,
				reads[i]);
	return true;
}

static bool check_output(const struct settings *set, const char *option, const char *path, struct err *err)
{
	const char *const single[] = { set->drop_role, set->drop_disposable, set->dns_cache };
	struct stat standard;
	struct stat out;

	/* By name: neither need be there yet, and both are written. */
	if (path != NULL && set->dns_cache != NULL && strcmp(path, set->dns_cache) == 0)
		return err_set(err, ERR_USAGE, "%s and --dns-cache are the same file: %s", option, path);
	if (path == NULL || stat(path, &out) != 0 || !S_ISREG(out.st_mode))
		return true;
	if (fstat(STDOUT_FILENO, &standard) == 0 && standard.st_dev == out.st_dev && standard.st_ino == out.st_ino)
		return err_set(err, ERR_USAGE, "%s %s is the same file as standard output", option, path);
	if (set->lists[0] == NULL && is_same(&out, "-"))
		return err_set(err, ERR_USAGE, "%s %s is the same file as standard input", option, path);
	return check_reads(option, path, &out, set->lists, count(set->lists), err) &&
		check_reads(option, path, &out, set->suppress.values, set->suppress.n, err) &&
		check_reads(option, path, &out, set->except.values, set->except.n, err) &&
		check_reads(option, path, &out, set->both.values, set->both.n, err) &&
		check_reads(option, path, &out, set->bounces.values, set->bounces.n, err) &&
		check_reads(option, path, &out, single, sizeof single / sizeof *single, err);
}

/* By name where they are not there yet. */
static bool are_one(const char *a, const char *b)
{
	struct stat out;

	if (a == NULL || b == NULL)
		return false;
	return stat(a, &out) != 0 ? strcmp(a, b) == 0 : S_ISREG(out.st_mode) && is_same(&out, b);
}

static bool check_pairs(const struct settings *set, struct err *err)
{
	const char *const options[] = { "--rejects", "--report", "--fixes" };
	const char *const paths[] = { set->rejects, set->report, set->fixes };

	for (size_t i = 1; i < 3; i++)
		for (size_t k = 0; k < i; k++)
			if (are_one(paths[k], paths[i]))
				return err_set(err, ERR_USAGE, "%s and %s are the same file: %s", options[k],
					options[i], paths[i]);
	return true;
}

/* The files that grow are read and written, but are not lists or mailboxes. */
static bool check_growing(const struct settings *set, const char *option, const char *path, struct err *err)
{
	struct stat out;

	if (path == NULL || stat(path, &out) != 0)
		return true;
	return check_reads(option, path, &out, set->lists, count(set->lists), err) &&
		check_reads(option, path, &out, set->bounces.values, set->bounces.n, err);
}

static bool check_returns(const struct settings *set, struct err *err)
{
	const char *const outputs[] = { set->rest, set->unproved, set->update_suppressed, set->update_confirmed,
		set->rejects, set->report };

	for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
		for (size_t k = i + 1; k < sizeof outputs / sizeof *outputs; k++)
			if (outputs[i] != NULL && outputs[k] != NULL && strcmp(outputs[i], outputs[k]) == 0)
				return err_set(err, ERR_USAGE, "two outputs are the same file: %s", outputs[i]);
	return check_output(set, "--rest", set->rest, err) && check_output(set, "--unproved", set->unproved, err) &&
		check_growing(set, "--update-suppressed", set->update_suppressed, err) &&
		check_growing(set, "--update-confirmed", set->update_confirmed, err);
}

/* "--suppress gone.csv > gone.csv" has emptied that list before we see it, and everybody on it would be mailed. */
static bool check_standard_output(const struct settings *set, struct err *err)
{
	const char *const single[] = { set->drop_role, set->drop_disposable };
	struct stat out;

	if (fstat(STDOUT_FILENO, &out) != 0 || !S_ISREG(out.st_mode))
		return true;
	return check_reads("standard", "output", &out, set->suppress.values, set->suppress.n, err) &&
		check_reads("standard", "output", &out, set->bounces.values, set->bounces.n, err) &&
		check_reads("standard", "output", &out, set->except.values, set->except.n, err) &&
		check_reads("standard", "output", &out, set->both.values, set->both.n, err) &&
		check_reads("standard", "output", &out, single, sizeof single / sizeof *single, err);
}

bool apart_check(const struct settings *set, struct err *err)
{
	return check_input(set, err) && check_standard_output(set, err) &&
		check_output(set, "--rejects", set->rejects, err) && check_output(set, "--report", set->report, err) &&
		check_output(set, "--fixes", set->fixes, err) && check_pairs(set, err) && check_returns(set, err);
}

bool apart_output(const struct input *in, int fd, const char *name, struct err *err)
{
	struct stat out;
	struct stat st;

	if (fstat(fd, &out) != 0 || !S_ISREG(out.st_mode))
		return true;
	for (size_t i = 0; i < in->n; i++) {
		const char *list = in->files[i].name;
		int status = is_standard(list) ? fstat(STDIN_FILENO, &st) : stat(list, &st);

		if (status == 0 && st.st_dev == out.st_dev && st.st_ino == out.st_ino)
			return err_set(err, ERR_USAGE, "%s is the same file as the list %s", name, list);
	}
	return true;
}
