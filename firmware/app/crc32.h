/* CRC-32 as in zlib and Ethernet. Start with 0; pass the last result to go on. */
#ifndef CRC32_H_
#define CRC32_H_

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t count);

#endif
