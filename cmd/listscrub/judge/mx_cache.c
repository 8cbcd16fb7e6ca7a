#include <config.h>

#include "cmd/listscrub/judge/mx.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/say.h"
#include "io/clock.h"
#include "io/file.h"

#define CACHE_MAX ((size_t)1 << 30)
#define FIRST_LINE "# listscrub --dns-cache: domain verdict expiry"
/* Nothing is remembered for longer: what says so was written by a clock that was wrong. */
#define LONGEST ((uint64_t)8 * 86400)

#define LOCK_WAIT (2 * CLOCK_SECOND)

static const char *const words[] = {
	[RESOLVER_ACCEPTS] = "accepts",
	[RESOLVER_NULL_MX] = "null-mx",
	[RESOLVER_NXDOMAIN] = "nxdomain",
	[RESOLVER_NO_HOST] = "no-host",
	[RESOLVER_NOWHERE] = "nowhere",
};
#define WORDS (sizeof words / sizeof words[0])

struct line {
	struct str domain;
	enum resolver_verdict verdict;
	uint64_t expiry;
};

/* As mx_note is given them: A-labels in lower case. */
static bool is_domain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != ascii_lower(s.p[i]) ||
			!(ascii_alpha(s.p[i]) || ascii_digit(s.p[i]) || s.p[i] == '-' || s.p[i] == '.'))
			return false;
	return s.n > 0 && s.n < 256;
}

/* False for a line that we did not write. */
static bool read_line(struct str text, struct line *line)
{
	line->domain = str_cut(&text, ' ');
	struct str word = str_cut(&text, ' ');

	if (!is_domain(line->domain) || !str_number(text, UINT32_MAX, &line->expiry))
		return false;
	for (size_t i = 0; i < WORDS; i++) {
		line->verdict = (enum resolver_verdict)i;
		if (str_eq(word, str_of(words[i])))
			return true;
	}
	return false;
}

/* What holds still and is not known yet. */
static void take_line(struct mx *m, const struct line *line, uint64_t now)
{
	bool added;

	if (line->expiry <= now || line->expiry > now + LONGEST)
		return;
	struct set_entry *e = set_add(&m->domains, line->domain, &added);

	if (added)
		e->value = mx_pack(MX_KNOWN, line->verdict, line->expiry);
}

/* All lines of the file. One that begins as ours do may be damaged; else every line must be one of ours. */
static bool take_file(struct mx *m, struct err *err)
{
	struct buf octets = { .limit = CACHE_MAX };
	uint64_t now = (uint64_t)clock_wall();
	bool ok = file_read(m->cache, CACHE_MAX, &octets, err);
	struct str rest = buf_str(&octets);
	bool ours = str_starts(rest, STR_LIT(FIRST_LINE "\n"));
	struct line line;

	m->damaged = 0;
	for (unsigned long number = 1; ok && rest.n > 0; number++) {
		struct str text = str_cut(&rest, '\n');

		if (text.n == 0 || text.p[0] == '#')
			continue;
		if (read_line(text, &line))
			take_line(m, &line, now);
		else if (ours)
			m->damaged++;
		else
			ok = err_set(err, ERR_DATA, "%s:%lu: not a line of a DNS cache", m->cache, number);
	}
	buf_free(&octets);
	return ok;
}

/* Only a file is written anew; and not the one that the rows go to. */
static bool is_usable(const char *path, bool *there, struct err *err)
{
	struct stat out;
	struct stat st;

	*there = stat(path, &st) == 0;
	if (!*there)
		return errno == ENOENT || err_errno(err, ERR_NOINPUT, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_NOINPUT, "%s: is there and no regular file", path);
	if (fstat(STDOUT_FILENO, &out) == 0 && out.st_dev == st.st_dev && out.st_ino == st.st_ino)
		return err_set(err, ERR_USAGE, "--dns-cache %s is the same file as standard output", path);
	return true;
}

bool mx_cache_load(struct mx *m, struct err *err)
{
	bool there;
	bool ok = is_usable(m->cache, &there, err) && (!there || take_file(m, err));

	if (!ok && (err->kind == ERR_NOINPUT || err->kind == ERR_IO)) {
		say_error(err);
		m->cache = NULL;
		ok = true;
	} else if (m->damaged > 0) {
		say_errorf("%s: %llu damaged lines passed over", m->cache, (unsigned long long)m->damaged);
	}
	m->cached = m->asked = m->domains.used;
	return ok;
}

/* What another run has found since we read the file; and what it may be read and written by. */
static bool take_news(struct mx *m, unsigned *mode, struct err *err)
{
	struct stat st;
	bool there;

	*mode = 0666;
	if (!is_usable(m->cache, &there, err))
		return false;
	if (!there)
		return true;
	if (access(m->cache, W_OK) != 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", m->cache);
	if (stat(m->cache, &st) == 0)
		*mode = st.st_mode & 0777;
	return take_file(m, err);
}

static bool save(struct mx *m, struct err *err)
{
	struct buf out = { .limit = CACHE_MAX };
	struct file_new file = { .fd = -1 };
	unsigned mode;
	bool ok;

	if (!take_news(m, &mode, err))
		return false;
	buf_add_text(&out, FIRST_LINE "\n");
	for (size_t i = 0; i < m->domains.used; i++) {
		const struct set_entry *e = &m->domains.entries[i];
		enum resolver_verdict verdict = mx_verdict_of(e->value);

		if (mx_state_of(e->value) != MX_KNOWN || verdict == RESOLVER_TEMPORARY)
			continue;
		buf_add(&out, str_at(e->p, e->n));
		buf_printf(&out, " %s %llu\n", words[verdict], (unsigned long long)mx_expiry_of(e->value));
	}
	ok = file_new_begin(&file, m->cache, mode, err) && file_write(file.fd, buf_str(&out), m->cache, err) &&
		file_new_commit(&file, err);
	file_new_abort(&file);
	buf_free(&out);
	return ok;
}

bool mx_cache_save(struct mx *m, struct err *err)
{
	struct err why;
	/* So that runs that end at once find each other's news. Without the lock it is only these that are lost. */
	bool locked = file_dotlock(m->cache, clock_after(LOCK_WAIT), &why);
	bool ok;

	if (locked)
		file_new_tidy(m->cache);
	ok = save(m, err);
	if (locked)
		file_dotunlock(m->cache);
	return ok;
}
