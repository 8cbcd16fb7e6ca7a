#include <config.h>

#include "cmd/mailsend/deliver/log.h"

#include <errno.h>
#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include "cmd/mailsend/deliver/report.h"
#include "io/clock.h"
#include "io/file.h"
#include "text/date.h"
#include "text/utf8.h"

#define WORDS_MAX 300

/* A value with blanks is in quotes, and what would end them is not in it. */
static void put(struct buf *out, const char *key, struct str value)
{
	struct buf shown = { 0 };

	utf8_show(&shown, value, WORDS_MAX);
	struct str text = buf_str(&shown);
	bool quote = text.n == 0 || str_find(text, ' ') < text.n || str_find(text, '"') < text.n;

	buf_printf(out, " %s=%s", key, quote ? "\"" : "");
	for (size_t i = 0; i < text.n; i++)
		buf_add_char(out, text.p[i] == '"' ? '\'' : text.p[i]);
	buf_add_text(out, quote ? "\"" : "");
	buf_free(&shown);
}

static void put_recipients(struct buf *out, const struct envelope *e)
{
	struct buf list = { 0 };
	const char *words = NULL;

	for (size_t i = 0; i < e->n; i++) {
		buf_printf(&list, "%s%s", i > 0 ? "," : "", e->rcpts[i].shown);
		if (e->rcpts[i].verdict != VERDICT_SENT && words == NULL)
			words = e->rcpts[i].reply;
	}
	put(out, "recipients", str_sub(buf_str(&list), 0, WORDS_MAX));
	if (words != NULL)
		put(out, "reply", str_of(words));
	buf_free(&list);
}

bool log_message(const char *to, const struct result *r, const struct envelope *e, const struct outgoing *o, int status,
	bool spooled, struct err *err)
{
	struct buf line = { 0 };
	int fd;
	bool ok;

	put(&line, "host", str_of(r->server));
	put(&line, "tls", r->tls ? STR_LIT("on") : STR_LIT("off"));
	put(&line, "auth", r->mechanism[0] != '\0' ? str_of(r->mechanism) : STR_LIT("off"));
	put(&line, "from", str_of(e->from));
	put_recipients(&line, e);
	buf_printf(&line, " mailsize=%llu", (unsigned long long)o->size);
	put(&line, "messageid", str_of(o->message_id));
	if (r->queue_id[0] != '\0')
		put(&line, "queueid", str_of(r->queue_id));
	if (r->err.kind != ERR_NONE)
		put(&line, "errormsg", str_of(r->err.text));
	buf_printf(&line, " status=%s exitcode=%d", report_status_name(status, spooled), status);
	if (str_eq(str_of(to), STR_LIT("syslog"))) {
		openlog("mailsend", LOG_PID, LOG_MAIL);
		syslog(status == 0 ? LOG_INFO : LOG_ERR, "%s", buf_text(&line) + 1);
		closelog();
		buf_free(&line);
		return true;
	}
	struct buf dated = { 0 };

	date_add_iso(&dated, clock_wall());
	buf_add(&dated, buf_str(&line));
	buf_add_char(&dated, '\n');
	fd = open(to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	ok = fd >= 0 ? file_write(fd, buf_str(&dated), to, err) : err_errno(err, ERR_CANTCREAT, errno, "%s", to);
	if (fd >= 0)
		close(fd);
	buf_free(&dated);
	buf_free(&line);
	return ok;
}
