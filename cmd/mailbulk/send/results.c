#include <config.h>

#include "cmd/mailbulk/send/results.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "text/csv.h"
#include "text/date.h"
#include "text/json.h"
#include "text/utf8.h"

static const char *const status_names[] = { "sent", "refused", "deferred", "unknown", "skipped" };

/* A line that a killed run left unfinished is ended, so that it does not run into the next one. */
static bool open_file(struct results *r, const char *file, bool *empty, struct err *err)
{
	struct stat st = { .st_size = 0 };
	char last = '\n';

	r->fd = open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	r->name = file;
	if (r->fd < 0 || fstat(r->fd, &st) != 0)
		return err_errno(err, ERR_CANTCREAT, errno, "%s", file);
	*empty = st.st_size == 0;
	if (st.st_size > 0 && pread(r->fd, &last, 1, st.st_size - 1) == 1 && last != '\n')
		buf_add_char(&r->out, '\n');
	return true;
}

bool results_init(struct results *r, enum results_format format, const char *file, struct err *err)
{
	bool empty = true;

	*r = (struct results){ .format = format, .fd = STDOUT_FILENO, .name = "standard output" };
	if (file != NULL && !open_file(r, file, &empty, err))
		return false;
	if (format == RESULTS_CSV && empty)
		buf_add_text(&r->out,
			"email,status,code,enhanced,reply,attempts,message_id,relay,time,reason,stage,row,key\n");
	return true;
}

void results_free(struct results *r)
{
	if (r->fd > STDERR_FILENO)
		close(r->fd);
	buf_free(&r->out);
	buf_free(&r->reply);
	buf_free(&r->time);
}

static const char *text(const char *s)
{
	return s != NULL ? s : "";
}

/* By hand: a million rows that an earlier run settled are a million lines. */
static void add_csv(struct buf *out, const struct result *result, struct str reply, struct str time)
{
	csv_add_cell(out, result->email, ',');
	buf_add_char(out, ',');
	buf_add_text(out, status_names[result->status]);
	buf_add_char(out, ',');
	if (result->code > 0)
		buf_add_number(out, (uint64_t)result->code);
	buf_add_char(out, ',');
	csv_add_cell(out, result->enhanced, ',');
	buf_add_char(out, ',');
	csv_add_cell(out, reply, ',');
	buf_add_char(out, ',');
	buf_add_number(out, result->attempts);
	buf_add_char(out, ',');
	csv_add_cell(out, result->message_id, ',');
	buf_add_char(out, ',');
	csv_add_cell(out, str_of(result->relay), ',');
	buf_add_char(out, ',');
	buf_add(out, time);
	buf_add_char(out, ',');
	buf_add_text(out, text(result->reason));
	buf_add_char(out, ',');
	buf_add_text(out, text(result->stage));
	buf_add_char(out, ',');
	if (result->row > 0)
		buf_add_number(out, result->row);
	buf_add_char(out, ',');
	buf_add_text(out, text(result->key));
	buf_add_char(out, '\n');
}

static const char *some(const char *s)
{
	return s != NULL && s[0] != '\0' ? s : NULL;
}

static void add_json(struct buf *out, const struct result *result, struct str reply, struct str time)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_key(&j, "email");
	json_str(&j, result->email);
	json_key(&j, "status");
	json_text(&j, status_names[result->status]);
	json_key(&j, "code");
	if (result->code > 0)
		json_int(&j, result->code);
	else
		json_null(&j);
	json_key(&j, "enhanced");
	json_str(&j, result->enhanced);
	json_key(&j, "reply");
	json_str(&j, reply);
	json_key(&j, "attempts");
	json_uint(&j, result->attempts);
	json_key(&j, "message_id");
	json_str(&j, result->message_id);
	json_key(&j, "relay");
	json_str(&j, str_of(result->relay));
	json_key(&j, "time");
	json_str(&j, time);
	json_key(&j, "reason");
	json_text(&j, some(result->reason));
	json_key(&j, "stage");
	json_text(&j, some(result->stage));
	json_key(&j, "row");
	if (result->row > 0)
		json_uint(&j, result->row);
	else
		json_null(&j);
	json_key(&j, "key");
	json_text(&j, some(result->key));
	json_close(&j, '}');
	buf_add_char(out, '\n');
}

void results_add(struct results *r, const struct result *result, int64_t now)
{
	/* A server's words go into files that terminals and spreadsheets show. */
	buf_clear(&r->reply);
	utf8_show(&r->reply, result->reply, 1000);
	if (buf_len(&r->time) == 0 || r->time_of != now) {
		buf_clear(&r->time);
		date_add_iso(&r->time, now);
		r->time_of = now;
	}
	r->counts[result->status]++;
	if (r->format == RESULTS_CSV)
		add_csv(&r->out, result, buf_str(&r->reply), buf_str(&r->time));
	else
		add_json(&r->out, result, buf_str(&r->reply), buf_str(&r->time));
}

bool results_flush(struct results *r, struct err *err)
{
	bool ok = true;

	if (buf_len(&r->out) > 0 && !r->broken)
		ok = file_write(r->fd, buf_str(&r->out), r->name, err);
	r->broken |= !ok;
	buf_clear(&r->out);
	return ok;
}
