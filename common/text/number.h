#ifndef PIPEMAIL_TEXT_NUMBER_H
#define PIPEMAIL_TEXT_NUMBER_H

#include <stdint.h>

/* A number as people read it, "1,234,567": written into text, of which a part is returned. */
const char *number_grouped(char text[32], uint64_t n);

#endif
