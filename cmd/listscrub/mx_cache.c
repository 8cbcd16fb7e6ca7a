#include <config.h>

#include "cmd/listscrub/mx.h"

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/clock.h"
#include "io/file.h"

#define CACHE_MAX ((size_t)1 << 30)
#define FIRST_LINE "# listscrub --dns-cache: domain verdict expiry"

static const char *const words[] = {
	[RESOLVER_ACCEPTS] = "accepts",
	[RESOLVER_NULL_MX] = "null-mx",
	[RESOLVER_NXDOMAIN] = "nxdomain",
	[RESOLVER_NO_HOST] = "no-host",
};
#define WORDS (sizeof words / sizeof words[0])

/* False for a line that we did not write. */
static bool take_line(struct mx *m, struct str line, uint64_t now)
{
	struct str domain = str_cut(&line, ' ');
	struct str word = str_cut(&line, ' ');
	uint64_t expiry;

	if (domain.n == 0 || !str_number(line, UINT32_MAX, &expiry))
		return false;
	for (size_t i = 0; i < WORDS; i++) {
		if (!str_eq(word, str_of(words[i])))
			continue;
		if (expiry > now)
			set_add(&m->domains, domain, NULL)->value =
				mx_pack(MX_KNOWN, (enum resolver_verdict)i, expiry);
		return true;
	}
	return false;
}

bool mx_cache_load(struct mx *m, struct err *err)
{
	struct buf octets = { .limit = CACHE_MAX };
	uint64_t now = (uint64_t)clock_wall();
	bool ok = true;

	if (access(m->cache, F_OK) != 0 && errno == ENOENT)
		return true;
	ok = file_read(m->cache, CACHE_MAX, &octets, err);
	struct str rest = buf_str(&octets);

	for (unsigned long number = 1; ok && rest.n > 0; number++) {
		struct str line = str_cut(&rest, '\n');

		if (line.n > 0 && line.p[0] != '#' && !take_line(m, line, now))
			ok = err_set(err, ERR_DATA, "%s:%lu: not a line of a DNS cache", m->cache, number);
	}
	m->cached = m->asked = m->domains.used;
	buf_free(&octets);
	return ok;
}

bool mx_cache_save(const struct mx *m, struct err *err)
{
	struct buf out = { .limit = CACHE_MAX };
	struct file_new file = { .fd = -1 };
	bool ok;

	buf_add_text(&out, FIRST_LINE "\n");
	for (size_t i = 0; i < m->domains.used; i++) {
		const struct set_entry *e = &m->domains.entries[i];
		enum resolver_verdict verdict = mx_verdict_of(e->value);

		if (mx_state_of(e->value) != MX_KNOWN || verdict == RESOLVER_TEMPORARY)
			continue;
		buf_add(&out, str_at(e->p, e->n));
		buf_printf(&out, " %s %llu\n", words[verdict], (unsigned long long)mx_expiry_of(e->value));
	}
	ok = file_new_begin(&file, m->cache, 0666, err) &&
		file_write(file.fd, buf_str(&out), m->cache, err) && file_new_commit(&file, err);
	file_new_abort(&file);
	buf_free(&out);
	return ok;
}
