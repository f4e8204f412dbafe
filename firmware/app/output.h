/* Text out, line by line, with the CRC-32 of the line so far. */
#ifndef OUTPUT_H_
#define OUTPUT_H_

#include <stddef.h>
#include <stdint.h>

typedef void (*output_write_t)(const void *bytes, size_t count);

typedef struct {
  output_write_t write;
  uint32_t crc;
  uint8_t fill;
  char buffer[64];
} output_t;

void output_init(output_t *out, output_write_t write);

/* The types of a line's fields (pipeline/protocol/registry.toml). A fraction has three decimals for 0 <= value <= 1,
 * and is "nan" for anything else. */
void output_text(output_t *out, const char *text);
void output_number(output_t *out, uint64_t value);
void output_hex(output_t *out, uint32_t value);
void output_fraction(output_t *out, float value);
void output_fractions(output_t *out, const float *values, size_t count);
void output_floats(output_t *out, const float *values, size_t count);
void output_bytes(output_t *out, const void *bytes, size_t count);

/* CR LF. */
void output_end(output_t *out);

/* '#', the CRC-32 of the line up to there as 8 hex digits, CR LF. */
void output_end_checked(output_t *out);

#endif
