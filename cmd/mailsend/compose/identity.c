#include <config.h>

#include "cmd/mailsend/compose/identity.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"
#include "mail/address/address.h"

static void add_login(struct buf *out)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *name = pw != NULL ? pw->pw_name : getenv("LOGNAME");

	buf_add_text(out, name != NULL ? name : "nobody");
}

static void add_host(struct buf *out)
{
	char name[256] = "";
	struct buf mailname = { 0 };

	/* What Debian's mail programs ask first. */
	if (file_read("/etc/mailname", 4096, &mailname, NULL)) {
		struct str line = str_trim(str_sub(buf_str(&mailname), 0, str_find(buf_str(&mailname), '\n')));

		if (line.n > 0 && line.n < 254 && str_clean(line)) {
			buf_add(out, line);
			buf_free(&mailname);
			return;
		}
	}
	buf_free(&mailname);
	if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
		buf_add_text(out, "localhost");
	else
		buf_add_text(out, name);
}

static void expand(struct buf *out, const char *pattern, struct str local)
{
	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p == '*' || (p[0] == '%' && p[1] == 'U')) {
			if (local.n > 0)
				buf_add(out, local);
			else
				add_login(out);
			p += *p == '%';
		} else if (p[0] == '%' && p[1] == 'H') {
			add_host(out);
			p++;
		} else {
			buf_add_char(out, *p);
		}
	}
}

bool identity_default(const struct settings *s, struct str local, struct buf *out)
{
	const char *email = getenv("EMAIL");

	if (s->account.from != NULL && *s->account.from != '\0') {
		expand(out, s->account.from, local);
	} else if (local.n == 0 && email != NULL && *email != '\0') {
		buf_add_text(out, email);
	} else {
		if (local.n > 0)
			buf_add(out, local);
		else
			add_login(out);
		buf_add_char(out, '@');
		add_host(out);
	}
	return !out->full;
}

bool identity_mailbox(const struct settings *s, const char *value, const char *where, enum err_kind kind,
	struct buf *bare, struct buf *name, struct err *err)
{
	struct buf word = { 0 };
	struct buf own = { 0 };
	bool ok = address_one(str_of(value), bare, name);

	if (!ok)
		err_set(err, kind, "%s: '%s' is not an address; give ADDRESS or 'NAME <ADDRESS>'", where, value);
	/* A login name alone is somebody here. */
	if (ok && str_find(buf_str(bare), '@') == buf_len(bare)) {
		buf_add(&word, buf_str(bare));
		buf_clear(bare);
		ok = identity_default(s, buf_str(&word), &own) && address_one(buf_str(&own), bare, NULL);
		if (!ok)
			err_set(err, ERR_CONFIG, "from = %s does not make an address of '%s'",
				s->account.from != NULL ? s->account.from : "", buf_text(&word));
	}
	buf_free(&word);
	buf_free(&own);
	return ok;
}

const char *identity_set_from(const struct settings *s)
{
	return s->set_from != NULL ? s->set_from : s->account.keys.set_from;
}

bool identity_replace(const char *set, struct buf *bare, struct buf *name, struct buf *former)
{
	struct buf to = { 0 };
	struct buf own = { 0 };
	bool differs = address_one(str_of(set), &to, &own) && !str_ieq(buf_str(&to), buf_str(bare));

	if (differs) {
		address_add_mailbox(former, buf_str(name), buf_str(bare));
		buf_clear(bare);
		buf_add(bare, buf_str(&to));
		if (buf_len(name) == 0)
			buf_add(name, buf_str(&own));
	}
	buf_free(&to);
	buf_free(&own);
	return differs;
}

void identity_domain(const char *address, struct buf *out)
{
	struct buf bare = { 0 };
	struct address a = { 0 };
	size_t before = buf_len(out);

	if (address_one(str_of(address), &bare, NULL) &&
		address_parse(&a, buf_str(&bare), ADDRESS_ENVELOPE) == ADDRESS_OK)
		buf_add(out, buf_str(&a.ascii));
	address_free(&a);
	buf_free(&bare);
	if (buf_len(out) == before)
		add_host(out);
}

void identity_message_id(const char *domain, const uint64_t digest[2], struct buf *out)
{
	uint64_t random[2] = { digest[0], digest[1] };

	if (!clock_is_fixed())
		random_bytes(random, sizeof random);
	buf_printf(out, "<%llx.%016llx%08llx@%s>", (unsigned long long)clock_wall(), (unsigned long long)random[0],
		(unsigned long long)(random[1] & 0xffffffff), domain);
}
