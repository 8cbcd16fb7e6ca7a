#ifndef PIPEMAIL_IO_CONVERTER_H
#define PIPEMAIL_IO_CONVERTER_H

#include "base/str.h"

/*
 * Opens the converters of text/charset, each by a name of our own list: iconv_open(3) reads files of the system and
 * loads code, so it has to happen before anything of a stranger's is read and before files may no longer be opened. A
 * charset that this system has no converter for stays unknown; that is no error.
 */

/* All of them: about 2 ms and 2 MB. For a tool that is about to read mail of others. */
void converter_open_all(void);
/* Those that encoded words ("=?koi8-r?…") in text name. For a tool whose user wrote the text. */
void converter_open_for(struct str text);
/* Close those that are open; their charsets are unknown again. */
void converter_close_all(void);

#endif
