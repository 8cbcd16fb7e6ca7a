#ifndef PIPEMAIL_MAIL_PAGE_H
#define PIPEMAIL_MAIL_PAGE_H

#include "base/buf.h"

/* clang-format off */
/*
 * Mail of strangers in an HTML page that is read from disk: nothing of it runs, and nothing is loaded from
 * anywhere. Three barriers, so that one that fails is not the last:
 *
 *  1. The HTML is not copied. It is read and written anew with the elements and attributes of a list, every "<"
 *     of the output being ours. There is no script, form, frame, link or meta in it, and no address but data:
 *     pictures; a target of <a> becomes its title. (This alone stops <link rel=preconnect>, which no policy
 *     covers.)
 *  2. It is in an <iframe sandbox srcdoc>: without allow-scripts, -forms, -popups, -same-origin and
 *     -top-navigation. A srcdoc is not a file, so nobody can open it outside of its sandbox, as could be done
 *     with a file beside the page.
 *  3. A Content-Security-Policy in the page, which the frame inherits, and a stricter one in the frame.
 *
 * All functions append to out, which says at the end whether it was full. Text is UTF-8.
 */
/* clang-format on */

/* Colours, fonts and the parts of a message, for a <style> or a style sheet. Light and dark. */
extern const char page_style[];
/*
 * The <meta> elements of the page's head: encoding, viewport, colour scheme, and the policy: pictures only as data:,
 * styles only inline and, when with_files, from files beside the page. No scripts.
 */
void page_add_meta(struct buf *out, bool with_files);

/* What a frame left out, to be told beside it. Zeroed at first; freed with page_found_free. */
struct page_found {
	unsigned remote; /* pictures, fonts and styles that are elsewhere: not loaded */
	unsigned active; /* scripts, forms, frames and the like: removed */
	size_t lines;    /* of text at about 80 characters, roughly: how high the frame should be */
	bool cut;        /* the part was longer than 8 MiB: the rest is not shown */
	unsigned links;
	struct buf targets; /* of links, http, https and mailto only: each once, LF after each, at most PAGE_LINKS */
};
#define PAGE_LINKS 200u
void page_found_free(struct page_found *found);

/*
 * An HTML part: notes about what is not shown, its frame, and its links as a list that says where they lead. message is
 * the entity whose parts "cid:" refers to: pictures of it (PNG, JPEG, GIF, WebP, BMP, AVIF; 16 MiB in all) are put in.
 */
void page_add_html(struct buf *out, struct str message, struct str html, struct page_found *found);
/* The HTML alone, without the frame: what barrier 1 leaves of it. */
void page_filter(struct buf *out, struct str message, struct str html, struct page_found *found);

/*
 * Text of a message: escaped, http and https addresses as links. The element around it keeps
 * its lines.
 */
void page_add_text(struct buf *out, struct str text);
/* A value on one line: controls and marks of direction are shown as \xNN, at most `most` bytes, isolated by <bdi>. */
void page_add_shown(struct buf *out, struct str s, size_t most);
/*
 * Append the body of the first field of that name of a header block: unfolded, encoded words decoded, and bytes
 * that are not UTF-8 read as Windows-1252. It may contain controls. False without such a field, with nothing
 * appended.
 */
bool page_field(struct buf *out, struct str block, const char *name);
/* <header> with the subject and those of the fields (NULL at the end of names) that the block has, decoded. */
void page_add_head(struct buf *out, struct str block, const char *const names[]);

#endif
