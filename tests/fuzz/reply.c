#include <config.h>

#include "base/err.h"
#include "proto/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet chooses the cuts; what is taken must be a reply, and what is none must end the matter. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	struct buf out = { 0 };
	struct err err;
	size_t step = size > 0 ? 1 + data[0] % 32 : 1;
	int rc = 0;

	for (size_t at = size > 0; at < size && rc >= 0; at += step) {
		buf_add(&in, str_at((const char *)data + at, size - at < step ? size - at : step));
		while ((rc = reply_take(&r, &in, &err)) > 0) {
			if (r.code < 200 || r.code > 599 || r.lines == 0 || r.lines > 1000 || buf_len(&r.text) > 65536)
				__builtin_trap();
			buf_clear(&out);
			reply_show(&r, &out);
			reply_queue_id(&r);
		}
	}
	reply_free(&r);
	buf_free(&in);
	buf_free(&out);
	return 0;
}
