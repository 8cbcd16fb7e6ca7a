#ifndef PIPEMAIL_BASE_CRC32_H
#define PIPEMAIL_BASE_CRC32_H

#include "base/str.h"

/*
 * CRC-32 (ISO 3309, as gzip and PNG have it) of bytes that come in pieces: pass 0 as crc at first, then what the
 * last call returned. It detects damage by accident; it does not detect changes made on purpose.
 *
 * Eight bytes a step by eight tables (slicing-by-8, Kounavis and Berry, 2005). The first call makes the tables
 * without a lock: with several threads, call it once before they start.
 */
uint32_t crc32_add(uint32_t crc, struct str s);

#endif
