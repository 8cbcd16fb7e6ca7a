#include <config.h>

#include "cmd/popfetch/archive/listing.h"

#include <unistd.h>

#include "cli/progress.h"
#include "cli/say.h"
#include "cmd/popfetch/archive/card.h"
#include "cmd/popfetch/archive/source.h"
#include "io/converter.h"
#include "io/file.h"
#include "text/csv.h"
#include "text/date.h"

#define FLUSH_AT ((size_t)64 << 10)

static void add_cell(struct buf *out, const struct buf *value)
{
	buf_add_char(out, ',');
	csv_add_cell(out, buf_str(value), ',');
}

static void add_row(struct buf *out, uint64_t number, const struct card *c)
{
	buf_add_number(out, number);
	buf_add_char(out, ',');
	if (c->dated)
		date_add_iso(out, c->date);
	add_cell(out, &c->from);
	add_cell(out, &c->to);
	add_cell(out, &c->subject);
	buf_printf(out, ",%llu,%u", (unsigned long long)c->size, c->attachments);
	add_cell(out, &c->message_id);
	buf_add_char(out, '\n');
}

static bool flush(struct buf *out, struct err *err)
{
	bool ok = file_write(STDOUT_FILENO, buf_str(out), "standard output", err);

	buf_clear(out);
	return ok;
}

int listing_run(const char *mailbox, bool progress)
{
	struct source source;
	struct progress bar;
	struct card card = { .dated = false };
	struct buf out = { .limit = 0 };
	struct err err = { .kind = ERR_NONE };
	uint64_t number = 0;
	uint64_t failed;

	converter_open_all();
	if (source_open(&source, mailbox, &err)) {
		progress_init(&bar, source.names != NULL ? "messages" : "B", source.total, progress);
		buf_add_text(&out, "number,date,from,to,subject,size,attachments,message_id\n");
		while (err.kind == ERR_NONE && source_next(&source, &err)) {
			card_read(&card, source.message, source.size);
			add_row(&out, ++number, &card);
			if (buf_len(&out) >= FLUSH_AT)
				(void)flush(&out, &err);
			progress_set(&bar, source.done);
		}
		/* What was read stays valid: a signal or an error further on does not take it back. */
		(void)flush(&out, err.kind == ERR_NONE ? &err : NULL);
		progress_end(&bar);
	}
	failed = source.failed;
	source_close(&source);
	card_free(&card);
	buf_free(&out);
	converter_close_all();
	return err.kind != ERR_NONE ? say_fail(&err) : failed > 0 ? ERR_PART : 0;
}
