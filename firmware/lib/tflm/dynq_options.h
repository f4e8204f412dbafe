/* Reads the custom options of DYNQ_FULLY_CONNECTED: a flexbuffer map of a few known keys.
 *
 * Options come from a file, so nothing in them is trusted: every access is checked against the buffer's end, and
unknown
 * shapes are refused. (The flexbuffers library's verifying reader adds 14 KB of flash on a Cortex-M4; this adds one
kilobyte.) */
#ifndef DYNQ_OPTIONS_H_
#define DYNQ_OPTIONS_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  uint32_t bits;
  uint32_t inputs;
  uint32_t outputs;
  uint32_t relu;
  uint32_t version;
  const char *packing;  /* NUL-terminated, inside the options */
  const uint8_t *crc32; /* 4 bytes, little endian, inside the options */
} dynq_options_t;

/* NULL, or which key is missing or malformed. */
const char *dynq_options_read(const uint8_t *buffer, size_t length, dynq_options_t *options);

/* NULL when the bytes are a flatbuffer with this project's seal behind it and not a bit of them has changed, or what is
 * wrong. pipeline/export/seal.py describes the seal. */
const char *dynq_model_check(const uint8_t *file, size_t bytes);

/* CRC-32 (the one of zlib and Ethernet) of `length` more bytes; start with crc = 0. */
uint32_t dynq_crc32(uint32_t crc, const void *data, size_t length);

/* CRC-32 over the options with their crc32 blob taken as zeros, then weights, then column parameters. */
uint32_t dynq_layer_crc32(const uint8_t *buffer, size_t length, const dynq_options_t *options, const void *weights,
                          size_t weight_bytes, const void *columns, size_t column_bytes);

#ifdef __cplusplus
}
#endif
#endif
