#include <config.h>

#include "cmd/listscrub/returns/rest.h"

#include "mail/message/mbox.h"

#define WRITE_AT ((size_t)256 << 10)

bool rest_open(struct rest *r, const char *path, struct err *err)
{
	r->out.limit = SIZE_MAX;
	return file_new_begin(&r->file, path, 0600, err);
}

static void write_out(struct rest *r)
{
	if (!r->failed && buf_len(&r->out) > 0 && !file_write(r->file.fd, buf_str(&r->out), r->file.path, &r->err))
		r->failed = true;
	buf_clear(&r->out);
}

void rest_add(struct rest *r, struct str message, struct str sender, int64_t when)
{
	struct mbox_writer w = { .cr = false };

	if (r == NULL)
		return;
	mbox_begin(&w, &r->out, sender, when);
	mbox_add(&w, &r->out, message);
	mbox_end(&w, &r->out);
	r->messages++;
	if (buf_len(&r->out) >= WRITE_AT)
		write_out(r);
}

bool rest_close(struct rest *r, struct err *err)
{
	bool ok;

	if (r->file.path == NULL)
		return true;
	write_out(r);
	if (r->failed) {
		*err = r->err;
		rest_abort(r);
		return false;
	}
	ok = file_new_commit(&r->file, err);
	buf_free(&r->out);
	*r = (struct rest){ .messages = r->messages };
	return ok;
}

void rest_abort(struct rest *r)
{
	file_new_abort(&r->file);
	buf_free(&r->out);
}
