#include <config.h>

#include "cmd/listscrub/returns/bounces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"
#include "mail/message/mbox.h"
#include "mail/list/list.h"
#include "text/date.h"

#define CHUNK ((size_t)64 << 10)
/* Of one message: a report stands before the mail that it is about, however long that is. */
#define MESSAGE_MAX ((size_t)4 << 20)

/* --- a file, told by its first octets --- */

struct reading {
	struct bounces *b;
	const char *path;
	int fd;
	struct buf octets; /* read and not worked off */
	bool eof;
};

static bool more(struct reading *r, struct err *err)
{
	char *room = buf_room(&r->octets, CHUNK);
	long n;

	if (room == NULL)
		return err_set(err, ERR_DATA, "%s: a line of more than %zu octets", r->path, MESSAGE_MAX);
	n = file_read_some(r->fd, room, CHUNK, r->path, err);
	if (n < 0)
		return n == -2 ? err_set(err, ERR_NONE, "interrupted") : false;
	buf_added(&r->octets, (size_t)n);
	r->eof = n == 0;
	return true;
}

static void add_line(struct buf *message, struct str line)
{
	if (buf_len(message) + line.n <= MESSAGE_MAX)
		buf_add(message, line);
}

static bool read_mbox(struct reading *r, struct err *err)
{
	struct mbox_reader mbox = { .eof = false };
	struct buf message = { .limit = MESSAGE_MAX };
	enum mbox_event event = MBOX_MORE;
	bool ok = true;
	struct str line;

	mbox_feed(&mbox, buf_str(&r->octets), r->eof);
	while (ok && event != MBOX_END) {
		event = mbox_next(&mbox, &line);
		switch (event) {
		case MBOX_MORE:
			buf_drop(&r->octets, buf_len(&r->octets) - mbox.pending.n);
			ok = more(r, err);
			mbox_feed(&mbox, buf_str(&r->octets), r->eof);
			break;
		case MBOX_BEGIN:
			buf_clear(&message);
			break;
		case MBOX_LINE:
			add_line(&message, line);
			break;
		case MBOX_FINISH:
			bounces_message(r->b, buf_str(&message));
			break;
		case MBOX_NOT:
			ok = err_set(err, ERR_DATA, "%s is no mbox", r->path);
			break;
		case MBOX_END:
			break;
		}
	}
	buf_free(&message);
	return ok;
}

/* --- results of mailbulk --- */

struct columns {
	size_t email, status, code, enhanced, reply, time, reason, stage; /* SIZE_MAX: there is none */
};

static struct str cell(const struct csv_row *row, size_t at)
{
	return at < row->n ? str_trim(row->cells[at].value) : STR_LIT("");
}

/* mailbulk's own judgement where the file has one. Files of older versions do not say which command was refused: then
 * only evidence of the recipient in the words counts. */
static struct outcome judge_result(const struct columns *c, const struct csv_row *row, bool deferred)
{
	struct outcome_reply reply = {
		.stage = outcome_stage_parse(cell(row, c->stage)),
		.status = cell(row, c->enhanced),
		.words = cell(row, c->reply),
		.recipient = cell(row, c->email),
	};
	enum outcome_reason reason;
	uint64_t code = 0;

	if (outcome_reason_parse(cell(row, c->reason), &reason))
		return outcome_of_reason(reason, reply.stage, deferred);
	/* Not a server's word: not tried, or stopped before. */
	if (!str_number(cell(row, c->code), 599, &code) && (deferred || c->reason != LIST_NONE))
		return (struct outcome){ .reason = OUTCOME_NONE };
	reply.code = (int)code;
	return outcome_judge(&reply);
}

static void take_result(struct bounces *b, const struct columns *c, const struct csv_row *row)
{
	struct str status = cell(row, c->status);
	bool deferred = str_ieq(status, STR_LIT("deferred"));
	struct outcome o = { .reason = OUTCOME_NONE };
	int64_t when = 0;

	if (deferred || str_ieq(status, STR_LIT("refused")))
		o = judge_result(c, row, deferred);
	if (date_parse_any(cell(row, c->time), &when) != DATE_OK)
		when = 0;
	b->messages++;
	bounces_note(b, cell(row, c->email), dsn_class_of(&o), &o, cell(row, c->enhanced), cell(row, c->reply), when);
}

static size_t column(const struct list_form *f, const char *name)
{
	for (size_t i = 0; i < f->columns && f->header == LIST_HEADER_YES; i++)
		if (str_ieq(str_of(f->names[i]), str_of(name)))
			return i;
	return LIST_NONE;
}

static bool find_columns(const struct reading *r, const struct list_form *f, struct columns *c, struct err *err)
{
	*c = (struct columns){ column(f, "email"), column(f, "status"), column(f, "code"), column(f, "enhanced"),
		column(f, "reply"), column(f, "time"), column(f, "reason"), column(f, "stage") };
	if (c->email == LIST_NONE)
		c->email = f->email;
	return (c->email != LIST_NONE && c->status != LIST_NONE) ||
		err_set(err, ERR_DATA, "%s: no columns email and status: not results of mailbulk", r->path);
}

/* What was read, then more of the file. */
static bool feed(struct reading *r, struct list_reader *list, struct err *err)
{
	struct str octets = buf_str(&r->octets);

	if (octets.n == 0 && !r->eof && !more(r, err))
		return false;
	octets = buf_str(&r->octets);
	if (octets.n > 0) {
		memcpy(list_reader_room(list, octets.n), octets.p, octets.n);
		(void)list_reader_fed(list, octets.n);
		buf_clear(&r->octets);
	} else {
		(void)list_reader_eof(list);
	}
	return true;
}

static bool read_results(struct reading *r, struct err *err)
{
	struct list_reader list = { .told = false };
	struct columns c = { .email = LIST_NONE };
	enum csv_event event = CSV_MORE;
	struct csv_row row;
	bool ok = true;

	list_reader_init(&list, &(struct list_asked){ .name = r->path, .header = LIST_HEADER_YES });
	while (ok && !list_reader_tell(&list))
		ok = feed(r, &list, err);
	ok = ok && find_columns(r, &list.form, &c, err);
	while (ok && event != CSV_END) {
		event = list_reader_next(&list, &row, err);
		if (event == CSV_ROW)
			take_result(r->b, &c, &row);
		ok = event != CSV_ERROR && (event != CSV_MORE || feed(r, &list, err));
	}
	list_reader_free(&list);
	return ok;
}

/* --- what it is --- */

/* A first line with the word "status" in it, which a message cannot begin with; whatever the encoding and the delimiter
 * are. (A message may have a field "Status:".) */
static bool looks_like_results(struct str head)
{
	char ascii[256];
	size_t n = 0;

	for (size_t i = 0; i < head.n && n < sizeof ascii; i++)
		if (head.p[i] != '\0')
			ascii[n++] = head.p[i];
	struct str line = str_at(ascii, n);

	if (str_istarts(line, STR_LIT("sep=")))
		str_cut(&line, '\n');
	line = str_sub(line, 0, str_find(line, '\n'));
	size_t at = str_isearch(line, STR_LIT("status"));

	return at < line.n && str_find(line, ':') == line.n;
}

/* A header field's name and colon. */
static bool looks_like_message(struct str head)
{
	size_t i = 0;

	while (i < head.n && head.p[i] > ' ' && head.p[i] < 0x7f && head.p[i] != ':')
		i++;
	return i > 0 && i < head.n && head.p[i] == ':';
}

static bool read_message(struct reading *r, struct err *err)
{
	while (!r->eof && buf_len(&r->octets) + CHUNK <= MESSAGE_MAX)
		if (!more(r, err))
			return false;
	bounces_message(r->b, buf_str(&r->octets));
	return true;
}

/* whole: it is a message, whatever it looks like. */
static bool read_open(struct bounces *b, int fd, const char *path, bool whole, struct err *err)
{
	struct reading r = { .b = b, .path = path, .fd = fd, .octets = { .limit = MESSAGE_MAX } };
	bool ok = true;

	while (ok && !r.eof && buf_len(&r.octets) < 256)
		ok = more(&r, err);
	struct str head = buf_str(&r.octets);

	if (ok && head.n > 0) {
		if (whole)
			ok = read_message(&r, err);
		else if (str_starts(head, STR_LIT("From ")))
			ok = read_mbox(&r, err);
		else if (looks_like_results(head))
			ok = read_results(&r, err);
		else if (looks_like_message(head))
			ok = read_message(&r, err);
		else
			ok = err_set(err, ERR_DATA, "%s is %s", path,
				list_not(head) != NULL
					? list_not(head)
					: "neither an mbox, a Maildir or a message nor results of mailbulk");
	}
	buf_free(&r.octets);
	return ok;
}

static bool read_path(struct bounces *b, const char *path, bool whole, struct err *err)
{
	int fd = file_open(path, err);
	bool ok = fd >= 0 && read_open(b, fd, path, whole, err);

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

/* --- a Maildir --- */

static bool read_directory(struct bounces *b, const char *path, const char *part, struct err *err)
{
	struct buf name = { .limit = 0 };
	bool ok = true;

	buf_printf(&name, "%s/%s", path, part);
	DIR *d = opendir(buf_text(&name));

	if (d == NULL)
		ok = err_errno(err, ERR_NOINPUT, errno, "%s", buf_text(&name));
	for (struct dirent *e; d != NULL && ok && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		buf_clear(&name);
		buf_printf(&name, "%s/%s/%s", path, part, e->d_name);
		ok = read_path(b, buf_text(&name), true, err);
	}
	if (d != NULL)
		(void)closedir(d);
	buf_free(&name);
	return ok;
}

bool bounces_read(struct bounces *b, const char *path, struct err *err)
{
	if (strcmp(path, "-") != 0 && file_is_directory(path))
		return read_directory(b, path, "new", err) && read_directory(b, path, "cur", err);
	return read_path(b, path, false, err);
}
