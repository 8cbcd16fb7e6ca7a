#ifndef PIPEMAIL_IO_CONVERTER_H
#define PIPEMAIL_IO_CONVERTER_H

#include "base/str.h"

/*
 * Opens the converters of text/charset, each by a name from our own list. iconv_open(3) reads files of the system
 * and loads code, so this has to happen before anything that a stranger wrote is read, and before files may no
 * longer be opened. A charset for which this system has no converter stays unknown; that is not an error. One
 * thread.
 */

/*
 * All of them: about 2 ms and 2 MB. For tools that read other people's mail. What is open already is opened again. Any
 * other charset that the system knows is opened when a text names it, so files must be allowed then.
 */
void converter_open_all(void);
/* Those that encoded words ("=?koi8-r?...") in text need. For tools whose user wrote the text. */
void converter_open_for(struct str text);
/* Close all; their charsets are unknown again. */
void converter_close_all(void);

#endif
