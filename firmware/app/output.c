#include "output.h"

#include <string.h>

#include "dynq_crc32.h"

static void flush(output_t *out) {
  out->crc = dynq_crc32(out->crc, out->buffer, out->fill);
  out->write(out->buffer, out->fill);
  out->fill = 0;
}

static void put(output_t *out, char c) {
  if (out->fill == sizeof out->buffer) {
    flush(out);
  }
  out->buffer[out->fill++] = c;
}

void output_init(output_t *out, output_write_t write) {
  memset(out, 0, sizeof *out);
  out->write = write;
}

void output_text(output_t *out, const char *text) {
  while (*text) {
    put(out, *text++);
  }
}

void output_number(output_t *out, uint64_t value) {
  char digits[20];
  unsigned count = 0;
  do {
    digits[count++] = (char)('0' + value % 10u);
    value /= 10u;
  } while (value);
  while (count) {
    put(out, digits[--count]);
  }
}

static void digits(output_t *out, uint32_t value, unsigned count) {
  while (count--) {
    put(out, "0123456789abcdef"[value >> (4u * count) & 15u]);
  }
}

void output_hex(output_t *out, uint32_t value) {
  digits(out, value, 8);
}

void output_fraction(output_t *out, float value) {
  if (!(value >= 0.0f && value <= 1.0f)) {
    output_text(out, "nan");
    return;
  }
  const uint32_t thousandths = (uint32_t)(value * 1000.0f + 0.5f);
  put(out, (char)('0' + thousandths / 1000u));
  put(out, '.');
  put(out, (char)('0' + thousandths / 100u % 10u));
  put(out, (char)('0' + thousandths / 10u % 10u));
  put(out, (char)('0' + thousandths % 10u));
}

void output_fractions(output_t *out, const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    output_text(out, i ? "," : "");
    output_fraction(out, values[i]);
  }
}

void output_floats(output_t *out, const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    output_text(out, i ? "," : "");
    output_hex(out, bits);
  }
}

void output_bytes(output_t *out, const void *bytes, size_t count) {
  const uint8_t *values = bytes;
  for (size_t i = 0; i < count; i++) {
    output_text(out, i ? "-" : "");
    digits(out, values[i], 2);
  }
}

void output_end(output_t *out) {
  output_text(out, "\r\n");
  flush(out);
  out->crc = 0;
}

void output_end_checked(output_t *out) {
  flush(out);
  const uint32_t crc = out->crc;
  put(out, '#');
  output_hex(out, crc);
  output_end(out);
}
