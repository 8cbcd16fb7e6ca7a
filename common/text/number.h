#ifndef PIPEMAIL_TEXT_NUMBER_H
#define PIPEMAIL_TEXT_NUMBER_H

#include <stdint.h>

/* n as people read it, "1,234,567". Written into text; the result points into it and ends in NUL. */
const char *number_grouped(char text[32], uint64_t n);

#endif
