#include <config.h>

#include "cmd/listscrub/returns/reading.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/say.h"
#include "io/file.h"
#include "mail/list/list.h"
#include "mail/message/mbox.h"

/* Of one message, and of one line: a report stands before the mail that it is about, however long that is. */
#define MESSAGE_MAX ((size_t)4 << 20)

/* --- an mbox --- */

struct boxed {
	struct reading *r;
	struct mbox_reader reader;
	struct buf message;
	uint64_t number; /* of the message, from 1 */
	bool bad;        /* a line of it has no end */
};

static void add_line(struct buf *message, struct str line)
{
	if (buf_len(message) + line.n <= MESSAGE_MAX)
		buf_add(message, line);
}

/* What cannot be read is named, and the rest is read. */
static void finish(struct boxed *m)
{
	if (m->bad) {
		m->r->b->counts.skipped++;
		say_errorf("warning: %s: message %llu has a line of more than %zu octets: it was not read", m->r->path,
			(unsigned long long)m->number, MESSAGE_MAX);
	} else {
		bounces_message(m->r->b, buf_str(&m->message), m->r->path, m->number);
	}
}

/* Leave out the rest of a line that is longer than any message. */
static bool skip_line(struct boxed *m, struct err *err)
{
	struct reading *r = m->r;
	size_t n = 0;

	m->bad = true;
	buf_clear(&r->octets);
	do {
		buf_clear(&r->octets);
		if (!reading_more(r, err))
			return false;
		n = str_find(buf_str(&r->octets), '\n');
	} while (!r->eof && n == buf_len(&r->octets));
	buf_drop(&r->octets, n < buf_len(&r->octets) ? n + 1 : n);
	r->too_long = false;
	return true;
}

static bool feed_box(struct boxed *m, struct err *err)
{
	struct reading *r = m->r;

	buf_drop(&r->octets, buf_len(&r->octets) - m->reader.pending.n);
	if (!reading_more(r, err) || (r->too_long && !skip_line(m, err)))
		return false;
	mbox_feed(&m->reader, buf_str(&r->octets), r->eof);
	return true;
}

static bool read_mbox(struct reading *r, struct err *err)
{
	struct boxed m = { .r = r, .message = { .limit = MESSAGE_MAX } };
	enum mbox_event event = MBOX_MORE;
	bool ok = true;
	struct str line;

	mbox_feed(&m.reader, buf_str(&r->octets), r->eof);
	while (ok && event != MBOX_END) {
		event = mbox_next(&m.reader, &line);
		switch (event) {
		case MBOX_MORE:
			ok = feed_box(&m, err);
			break;
		case MBOX_BEGIN:
			buf_clear(&m.message);
			m.number++;
			m.bad = false;
			break;
		case MBOX_LINE:
			add_line(&m.message, line);
			break;
		case MBOX_FINISH:
			finish(&m);
			break;
		case MBOX_NOT:
			ok = err_set(err, ERR_DATA, "%s is not an mbox", r->path);
			break;
		case MBOX_END:
			break;
		}
	}
	buf_free(&m.message);
	return ok;
}

/* --- what it is --- */

/* A first line with the word "status" in it, which a message cannot begin with; whatever the encoding and the delimiter
 * are. (A message may have a field "Status:".) Or an object of JSON with such a member. */
static bool looks_like_results(struct str head)
{
	char ascii[1024];
	size_t n = 0;

	for (size_t i = 0; i < head.n && n < sizeof ascii; i++)
		if (head.p[i] != '\0')
			ascii[n++] = head.p[i];
	struct str line = str_trim(str_at(ascii, n));

	if (str_starts(line, STR_LIT("\xef\xbb\xbf")))
		line = str_sub(line, 3, line.n);
	if (str_starts(line, STR_LIT("{")) || str_starts(line, STR_LIT("[")))
		return str_search(line, STR_LIT("\"status\"")) < line.n;
	if (str_istarts(line, STR_LIT("sep=")))
		str_cut(&line, '\n');
	line = str_sub(line, 0, str_find(line, '\n'));
	size_t at = str_isearch(line, STR_LIT("status"));

	return at < line.n && str_find(line, ':') == line.n;
}

/* "C", a tab and a year. */
static bool looks_like_journal(struct str head)
{
	return head.n > 6 && strchr("CTSFDU", head.p[0]) != NULL && head.p[1] == '\t' && ascii_digit(head.p[2]) &&
		ascii_digit(head.p[5]) && head.p[6] == '-';
}

/* A header field's name and colon. */
static bool looks_like_message(struct str head)
{
	size_t i = 0;

	while (i < head.n && head.p[i] > ' ' && head.p[i] < 0x7f && head.p[i] != ':')
		i++;
	return i > 0 && i < head.n && head.p[i] == ':';
}

/* Gateways put blank lines before the first. */
static struct str begin_of(struct str head)
{
	while (head.n > 0 && (head.p[0] == '\n' || head.p[0] == '\r'))
		head = str_sub(head, 1, head.n);
	return head;
}

static bool tell(struct reading *r, struct err *err)
{
	struct str head = begin_of(buf_str(&r->octets));

	r->kind = READING_NOTHING;
	if (head.n == 0)
		return true; /* an empty mailbox: nothing came back */
	if (str_starts(head, STR_LIT("From ")))
		r->kind = READING_MBOX;
	else if (looks_like_journal(head))
		r->kind = READING_JOURNAL;
	else if (looks_like_results(head))
		r->kind = READING_RESULTS;
	else if (looks_like_message(head))
		r->kind = READING_MESSAGE;
	else
		return err_set(err, ERR_DATA, "%s is %s", r->path,
			list_not(head) != NULL
				? list_not(head)
				: "neither an mbox, a Maildir or a message, nor results or a journal of mailbulk");
	return true;
}

/* Old Macs ended lines so, and some gateways do. */
static void use_lf(struct reading *r)
{
	struct str head = buf_str(&r->octets);
	char *p;

	r->only_cr = head.n > 0 && str_find(head, '\n') == head.n && str_find(head, '\r') < head.n;
	if (!r->only_cr)
		return;
	p = mem_copy(head.p, head.n);
	for (size_t i = 0; i < head.n; i++)
		p[i] = p[i] == '\r' ? '\n' : p[i];
	head = str_at(p, head.n);
	buf_clear(&r->octets);
	buf_add(&r->octets, head);
	mem_free(p);
}

static bool open_file(struct reading *r, struct err *err)
{
	bool ok;

	r->octets.limit = MESSAGE_MAX;
	r->fd = file_open(r->path, err);
	ok = r->fd >= 0;
	while (ok && !r->eof && buf_len(&r->octets) < 1024)
		ok = reading_more(r, err);
	if (ok)
		use_lf(r);
	return ok && tell(r, err);
}

static bool read_message(struct reading *r, uint64_t number, struct err *err)
{
	while (!r->eof && buf_len(&r->octets) + READING_CHUNK <= MESSAGE_MAX)
		if (!reading_more(r, err))
			return false;
	bounces_message(r->b, buf_str(&r->octets), r->path, number);
	return true;
}

/* --- a Maildir --- */

/* Another program may take a message away, or mark it as read, while we look. */
static bool read_one(struct reading *r, const char *path, uint64_t number, struct err *err)
{
	struct reading one = { .b = r->b, .path = r->path, .octets = { .limit = MESSAGE_MAX } };
	bool ok = true;

	one.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (one.fd < 0 && errno == ENOENT)
		return true;
	if (one.fd < 0)
		return err_errno(err, ERR_NOINPUT, errno, "%s", path);
	if (ok)
		ok = read_message(&one, number, err);
	(void)close(one.fd);
	buf_free(&one.octets);
	return ok;
}

static bool read_directory(struct reading *r, const char *part, uint64_t *number, struct err *err)
{
	struct buf name = { .limit = 0 };
	bool ok = true;

	buf_printf(&name, "%s/%s", r->path, part);
	DIR *d = opendir(buf_text(&name));

	if (d == NULL)
		ok = err_errno(err, ERR_NOINPUT, errno, "%s", buf_text(&name));
	for (struct dirent *e; d != NULL && ok && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		buf_clear(&name);
		buf_printf(&name, "%s/%s/%s", r->path, part, e->d_name);
		ok = read_one(r, buf_text(&name), ++*number, err);
	}
	if (d != NULL)
		(void)closedir(d);
	buf_free(&name);
	return ok;
}

/* --- all of them --- */

static bool read_mails(struct reading *r, struct err *err)
{
	uint64_t number = 0;

	switch (r->kind) {
	case READING_MAILDIR:
		return read_directory(r, "new", &number, err) && read_directory(r, "cur", &number, err);
	case READING_MBOX:
		return read_mbox(r, err);
	case READING_MESSAGE:
		return read_message(r, 1, err);
	case READING_RESULTS:
	case READING_JOURNAL:
	case READING_NOTHING:
		break;
	}
	return true;
}

static bool read_table(struct reading *r, struct err *err)
{
	if (r->kind == READING_RESULTS)
		return reading_results(r, err);
	return r->kind != READING_JOURNAL || reading_journal(r, err);
}

bool bounces_read(struct bounces *b, const char *const *paths, size_t n, struct err *err)
{
	struct reading *all = mem_array(n, sizeof *all);
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		all[i] = (struct reading){ .b = b, .path = paths[i], .fd = -1, .kind = READING_MAILDIR };
	for (size_t i = 0; ok && i < n; i++)
		if (strcmp(paths[i], "-") == 0 || !file_is_directory(paths[i]))
			ok = open_file(&all[i], err);
	for (size_t i = 0; ok && i < n; i++)
		ok = read_mails(&all[i], err);
	for (size_t i = 0; ok && i < n; i++)
		ok = read_table(&all[i], err);
	for (size_t i = 0; i < n; i++) {
		if (all[i].fd >= 0)
			(void)close(all[i].fd);
		buf_free(&all[i].octets);
	}
	mem_free(all);
	return ok;
}
