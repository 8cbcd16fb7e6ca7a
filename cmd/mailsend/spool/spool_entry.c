#include <config.h>

#include "cmd/mailsend/spool/spool_entry.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/random.h"
#include "text/utf8.h"

#define ENV_LIMIT ((size_t)64 << 20)
#define BLOCK ((size_t)64 << 10)

static const char *const state_names[] = { "waiting", "sending", "unknown", "refused" };

const char *spool_state_name(enum spool_state state)
{
	return state_names[state];
}

void spool_entry_free(struct spool_entry *s)
{
	mem_free(s->base);
	mem_free(s->account);
	mem_free(s->message_id);
	mem_free(s->fcc);
	mem_free(s->why);
	mem_free(s->options);
	mem_free(s->notify);
	mem_free(s->ret);
	mem_free(s->envid);
	envelope_free(&s->envelope);
	*s = (struct spool_entry){ .base = NULL };
}

int64_t spool_entry_created(const struct spool_entry *s)
{
	struct str name = str_of(s->base);
	uint64_t seconds = 0;

	name = str_sub(name, str_after_last(name, '/'), name.n);
	return str_number(str_cut(&name, '-'), INT64_MAX, &seconds) ? (int64_t)seconds : 0;
}

bool spool_directory(struct buf *out, struct err *err)
{
	return file_state_path(out, "spool/", err) && file_make_dirs(buf_text(out), err);
}

static char *path_of(const struct spool_entry *s, const char *ending)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s%s", s->base, ending);
	char *text = mem_copy(buf_text(&path), buf_len(&path));

	buf_free(&path);
	return text;
}

static void put(struct buf *out, const char *key, const char *value)
{
	if (value != NULL)
		buf_printf(out, "%s %s\n", key, value);
}

bool spool_entry_write(const struct spool_entry *s, struct err *err)
{
	struct buf out = { .limit = ENV_LIMIT };
	struct file_new file = { .fd = -1 };
	char *path = path_of(s, ".env");

	buf_add_text(&out, "pipemail-spool 1\n");
	put(&out, "state", state_names[s->state]);
	buf_printf(&out, "attempts %llu\nnext %lld\n", (unsigned long long)s->attempts, (long long)s->next);
	put(&out, "account", s->account);
	if (s->options != NULL)
		buf_add_text(&out, s->options);
	put(&out, "message-id", s->message_id);
	put(&out, "fcc", s->fcc);
	put(&out, "why", s->why);
	put(&out, "notify", s->notify);
	put(&out, "ret", s->ret);
	put(&out, "envid", s->envid);
	put(&out, "require-tls", s->require_tls ? "yes" : NULL);
	put(&out, "dsn-required", s->dsn_required ? "yes" : NULL);
	buf_printf(&out, "from <%s>\n", s->envelope.from);
	for (size_t i = 0; i < s->envelope.n; i++) {
		enum verdict v = s->envelope.rcpts[i].verdict;

		/* Who was refused for good is not asked again while others wait. */
		if (v != VERDICT_SENT && !(v == VERDICT_REFUSED && s->state == SPOOL_WAITING))
			put(&out, "to", s->envelope.rcpts[i].shown);
	}
	put(&out, "end", "");
	bool ok = file_new_begin(&file, path, 0600, err);

	if (ok) {
		ok = file_write(file.fd, buf_str(&out), path, err) && file_new_commit(&file, err);
		file_new_abort(&file);
	}
	mem_free(path);
	buf_free(&out);
	return ok;
}

static bool write_message(const struct spool_entry *s, struct outgoing *o, struct err *err)
{
	struct file_new file = { .fd = -1 };
	struct buf block = { 0 };
	char *path = path_of(s, ".msg");
	bool ok = file_new_begin(&file, path, 0600, err);
	int more = 1;

	outgoing_rewind(o);
	while (ok && more > 0) {
		buf_clear(&block);
		more = outgoing_read(o, BLOCK, &block, err);
		ok = more >= 0 && file_write(file.fd, buf_str(&block), path, err);
	}
	ok = ok && file_new_commit(&file, err);
	file_new_abort(&file);
	mem_free(path);
	buf_free(&block);
	return ok;
}

bool spool_entry_create(struct spool_entry *s, struct outgoing *o, struct err *err)
{
	struct buf base = { 0 };
	uint64_t random;

	random_bytes(&random, sizeof random);
	bool ok = spool_directory(&base, err);

	buf_printf(&base, "%010lld-%016llx", (long long)clock_wall(), (unsigned long long)random);
	s->base = mem_copy(buf_text(&base), buf_len(&base));
	buf_free(&base);
	return ok && write_message(s, o, err) && spool_entry_write(s, err);
}

static char *copy(struct str s)
{
	return mem_copy(s.p != NULL ? s.p : "", s.n);
}

static void add_option(struct spool_entry *s, struct str value)
{
	struct buf all = { 0 };

	if (s->options != NULL)
		buf_add_text(&all, s->options);
	buf_printf(&all, "option %.*s\n", STR_ARGS(value));
	mem_free(s->options);
	s->options = mem_copy(buf_text(&all), buf_len(&all));
	buf_free(&all);
}

static bool read_line(struct spool_entry *s, struct str key, struct str value, struct err *err)
{
	uint64_t number = 0;

	if (str_eq(key, STR_LIT("state"))) {
		for (size_t i = 0; i < 4; i++)
			if (str_eq(value, str_of(state_names[i])))
				s->state = (enum spool_state)i;
	} else if (str_eq(key, STR_LIT("attempts"))) {
		str_number(value, UINT32_MAX, &s->attempts);
	} else if (str_eq(key, STR_LIT("next"))) {
		str_number(value, INT64_MAX, &number);
		s->next = (int64_t)number;
	} else if (str_eq(key, STR_LIT("from"))) {
		char *from = copy(value);
		bool ok = envelope_set_from(&s->envelope, from, ERR_DATA, err);

		mem_free(from);
		return ok;
	} else if (str_eq(key, STR_LIT("to"))) {
		return envelope_add_list(&s->envelope, value, ERR_DATA, "to", err);
	} else if (str_eq(key, STR_LIT("require-tls"))) {
		s->require_tls = true;
	} else if (str_eq(key, STR_LIT("dsn-required"))) {
		s->dsn_required = true;
	} else if (str_eq(key, STR_LIT("option"))) {
		add_option(s, value);
	} else {
		char **target = str_eq(key, STR_LIT("account")) ? &s->account
			: str_eq(key, STR_LIT("message-id"))    ? &s->message_id
			: str_eq(key, STR_LIT("fcc"))           ? &s->fcc
			: str_eq(key, STR_LIT("why"))           ? &s->why
			: str_eq(key, STR_LIT("notify"))        ? &s->notify
			: str_eq(key, STR_LIT("ret"))           ? &s->ret
			: str_eq(key, STR_LIT("envid"))         ? &s->envid
								: NULL;

		if (target != NULL) {
			mem_free(*target);
			*target = copy(value);
		}
	}
	return true;
}

bool spool_entry_read(struct spool_entry *s, const char *base, struct err *err)
{
	struct buf in = { 0 };
	bool ok, whole = false;

	*s = (struct spool_entry){ .base = mem_copy(base, strlen(base)) };
	char *path = path_of(s, ".env");

	ok = file_read(path, ENV_LIMIT, &in, err);
	struct str rest = buf_str(&in);

	if (ok && !str_starts(rest, STR_LIT("pipemail-spool 1\n")))
		ok = err_set(err, ERR_DATA, "%s: is no spool file of ours", path);
	while (ok && rest.p != NULL) {
		struct str value = str_cut(&rest, '\n');
		struct str key = str_cut(&value, ' ');

		whole = whole || str_eq(key, STR_LIT("end"));
		ok = read_line(s, key, value, err) || err_prefix(err, "%s", path);
	}
	if (ok && (!whole || s->envelope.from == NULL || s->envelope.n == 0))
		ok = err_set(err, ERR_DATA, "%s: is not whole", path);
	mem_free(path);
	buf_free(&in);
	return ok;
}

bool spool_entry_remove(const struct spool_entry *s, struct err *err)
{
	char *env = path_of(s, ".env");
	char *msg = path_of(s, ".msg");
	bool ok = unlink(env) == 0 || err_errno(err, ERR_IO, errno, "%s", env);

	/* Without its .env the rest means nothing, should we die here. */
	ok = ok && file_sync_dir(env, err);
	if (ok && unlink(msg) != 0)
		ok = err_errno(err, ERR_IO, errno, "%s", msg);
	mem_free(env);
	mem_free(msg);
	return ok;
}
