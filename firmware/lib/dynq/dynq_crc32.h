/* CRC-32 as in zlib and Ethernet: what model files are sealed with and serial frames end in. */
#ifndef DYNQ_CRC32_H_
#define DYNQ_CRC32_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Start with crc = 0; pass the last result to go on. */
uint32_t dynq_crc32(uint32_t crc, const void *bytes, size_t count);

#ifdef __cplusplus
}
#endif
#endif
