#include <config.h>

#include "mail/message/markdown.h"

#ifndef HAVE_CMARK

bool markdown_add(struct buf *out, struct str markdown, struct err *err)
{
	(void)out;
	(void)markdown;
	return err_set(err, ERR_CONFIG, "this build has no Markdown: libcmark was not there");
}

#else

#include <cmark.h>
#include <stdlib.h>

/* Before 0.29 raw HTML came through unless this was asked for. */
#define OPTIONS (CMARK_OPT_SAFE | CMARK_OPT_VALIDATE_UTF8)

bool markdown_add(struct buf *out, struct str markdown, struct err *err)
{
	char *html = cmark_markdown_to_html(markdown.p != NULL ? markdown.p : "", markdown.n, OPTIONS);
	bool ok = html != NULL && buf_printf(out, "<!DOCTYPE html>\n<html>\n<body>\n") && buf_add_text(out, html) &&
		buf_add_text(out, "</body>\n</html>\n");

	free(html);
	return ok || err_set(err, ERR_DATA, "the page that the Markdown comes to is too long");
}

#endif
