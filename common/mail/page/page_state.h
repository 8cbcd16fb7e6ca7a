#ifndef PIPEMAIL_MAIL_PAGE_STATE_H
#define PIPEMAIL_MAIL_PAGE_STATE_H

#include "mail/page/page.h"

/* What the files of page share. */

/* The pictures of one message. */
struct page_pictures {
	struct str message;
	struct page_found *found;
	size_t room; /* bytes that may still be put in */
	unsigned asked;
};

/*
 * Append the data: URL that stands for an address in HTML or CSS: of a picture with that Content-ID, or a data:
 * URL of a picture itself. False with nothing appended for every other address; one that is elsewhere is
 * counted.
 */
bool page_picture(struct page_pictures *p, struct str url, struct buf *out);

/*
 * Append CSS without what loads: url() of anything but pictures of the message, @import, image-set(). No "<" is
 * left in it, so that it cannot end its <style>.
 */
void page_css(struct buf *out, struct str css, struct page_pictures *p);

#endif
