#include <config.h>

#include "mail/message/html_text.h"
#include "mail/message/mime_compose.h"
#include "mail/message/mime_read.h"

/* Reading: every leaf, decoded; and HTML as text. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct str s = str_at((const char *)data, size);
	struct mime_leaf leaf;
	struct mime_scan scan = { 0 };
	struct buf out = { .limit = (size_t)16 << 20 };

	for (size_t i = 0; mime_leaf(s, i, &leaf); i++) {
		buf_clear(&out);
		mime_decode(&leaf, &out);
	}
	buf_clear(&out);
	html_text_add(&out, s);
	mime_scan_add(&scan, s);
	buf_free(&out);
	return 0;
}
