#ifndef PIPEMAIL_BASE_CRC32_H
#define PIPEMAIL_BASE_CRC32_H

#include "base/str.h"

/*
 * CRC-32 of s (ISO 3309, as gzip and PNG have it), going on from crc: 0 at first, then what the last call returned.
 * It finds damage, not malice. Eight octets a step by eight tables (slicing-by-8, Kounavis and Berry, 2005), which are
 * made at the first call; one thread at a time may make it.
 */
uint32_t crc32_add(uint32_t crc, struct str s);

#endif
