#include "dynq_options.h"

#include <string.h>

#include "dynq.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "options are little endian"
#endif

enum { SEAL_BYTES = 16 };

const char *dynq_options_read(const void *buffer, size_t length, uint16_t version, void *options, size_t size) {
  dynq_options_head_t head;
  if (!buffer || length != size) {
    return "options: of another length";
  }
  memcpy(&head, buffer, sizeof head); /* a file puts them at any address */
  if (head.version != version) {
    return "options: of another version";
  }
  if (strncmp(head.packing, dynq_variant(), sizeof head.packing) != 0) {
    return "options: packing is for other kernels than those compiled in";
  }
  memcpy(options, buffer, size);
  return NULL;
}

uint32_t dynq_crc32(uint32_t crc, const void *data, size_t length) {
  static const uint32_t nibble[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                      0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                      0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  const uint8_t *bytes = data;
  crc = ~crc;
  for (size_t i = 0; i < length; i++) {
    crc ^= bytes[i];
    crc = crc >> 4 ^ nibble[crc & 15];
    crc = crc >> 4 ^ nibble[crc & 15];
  }
  return ~crc;
}

static uint32_t word_at(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

const char *dynq_model_check(const uint8_t *file, size_t bytes) {
  if (!file || bytes <= SEAL_BYTES || memcmp(file + bytes - SEAL_BYTES, "DYNQ", 4) != 0) {
    return "no seal at the end: not this project's file, or cut off";
  }
  const uint8_t *seal = file + bytes - SEAL_BYTES;
  if (word_at(seal + 4) != 1 || word_at(seal + 8) != bytes - SEAL_BYTES) {
    return "the seal is of another version or another file";
  }
  return dynq_crc32(0, file, bytes - 4) == word_at(seal + 12) ? NULL : "the checksum does not fit";
}
