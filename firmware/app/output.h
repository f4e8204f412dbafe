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
void output_text(output_t *out, const char *text);
void output_number(output_t *out, uint64_t value);
void output_hex(output_t *out, uint32_t value, unsigned digits);

/* A text, and behind it a number, or 8 hex digits. */
void output_text_number(output_t *out, const char *text, uint64_t value);
void output_text_hex(output_t *out, const char *text, uint32_t value);

/* Three decimals, for 0 <= value <= 1; "nan" for anything else. */
void output_fraction(output_t *out, float value);

/* CR LF. */
void output_end(output_t *out);

/* '#', the CRC-32 of the line up to there as 8 hex digits, CR LF. */
void output_end_checked(output_t *out);

/* A whole line. */
void output_line(output_t *out, const char *text);

#endif
