#include "dynq_options.h"

#include <string.h>

/* Flexbuffer types used by the operator's options. */
enum { SEAL_BYTES = 16 };
enum {
  TYPE_INT = 1,
  TYPE_UINT = 2,
  TYPE_STRING = 5,
  TYPE_INDIRECT_INT = 6,
  TYPE_INDIRECT_UINT = 7,
  TYPE_MAP = 9,
  TYPE_BLOB = 25
};

typedef struct {
  const uint8_t *data;
  size_t size;
} bytes_t;

/* A map whose vectors of values, types and keys have been checked to lie inside the buffer. */
typedef struct {
  bytes_t buffer;
  size_t values;
  size_t count;
  size_t width;
  size_t keys;
  size_t key_width;
} map_t;

typedef struct {
  size_t at; /* position of the inline value */
  uint8_t type;
  size_t width; /* of the data it refers to, 1, 2, 4 or 8 */
} value_t;

/* Unsigned little-endian number of `width` bytes at `at`; only numbers below 2^31 occur in sound options. */
static int read_number(bytes_t b, size_t at, size_t width, size_t *number) {
  if (at > b.size || width > b.size - at) {
    return 0;
  }
  uint32_t value = 0;
  for (size_t i = 0; i < width; i++) {
    if (i < 4) {
      value |= (uint32_t)b.data[at + i] << (8 * i);
    } else if (b.data[at + i]) {
      return 0;
    }
  }
  *number = value;
  return value < 0x80000000u;
}

/* Offsets point backwards from where they are stored. */
static int follow(bytes_t b, size_t at, size_t width, size_t *target) {
  size_t offset;
  if (!read_number(b, at, width, &offset) || offset > at) {
    return 0;
  }
  *target = at - offset;
  return 1;
}

static int open_map(bytes_t b, map_t *map) {
  if (b.size < 3) {
    return 0;
  }
  const size_t root_width = b.data[b.size - 1];
  const uint8_t root_type = b.data[b.size - 2];
  if ((root_width != 1 && root_width != 2 && root_width != 4) || root_width + 2 > b.size ||
      root_type >> 2 != TYPE_MAP) {
    return 0;
  }
  map->buffer = b;
  map->width = (size_t)1 << (root_type & 3);
  if (!follow(b, b.size - 2 - root_width, root_width, &map->values) || map->values < 3 * map->width ||
      !read_number(b, map->values - map->width, map->width, &map->count) || map->count > b.size ||
      map->count * (map->width + 1) > b.size - map->values ||
      !read_number(b, map->values - 2 * map->width, map->width, &map->key_width) ||
      (map->key_width != 1 && map->key_width != 2 && map->key_width != 4) ||
      !follow(b, map->values - 3 * map->width, map->width, &map->keys)) {
    return 0;
  }
  return map->count * map->key_width <= b.size - map->keys;
}

static int find(const map_t *map, const char *key, value_t *value) {
  const size_t key_bytes = strlen(key) + 1;
  for (size_t i = 0; i < map->count; i++) {
    size_t at;
    if (follow(map->buffer, map->keys + i * map->key_width, map->key_width, &at) &&
        key_bytes <= map->buffer.size - at && memcmp(map->buffer.data + at, key, key_bytes) == 0) {
      const uint8_t packed = map->buffer.data[map->values + map->count * map->width + i];
      *value = (value_t){map->values + i * map->width, packed >> 2, (size_t)1 << (packed & 3)};
      return 1;
    }
  }
  return 0;
}

static int find_number(const map_t *map, const char *key, uint32_t *number) {
  value_t value;
  size_t at, result;
  if (!find(map, key, &value)) {
    return 0;
  }
  if (value.type == TYPE_INT || value.type == TYPE_UINT) {
    if (!read_number(map->buffer, value.at, map->width, &result)) {
      return 0;
    }
  } else if ((value.type != TYPE_INDIRECT_INT && value.type != TYPE_INDIRECT_UINT) ||
             !follow(map->buffer, value.at, map->width, &at) || !read_number(map->buffer, at, value.width, &result)) {
    return 0;
  }
  *number = (uint32_t)result;
  return 1;
}

/* A string or blob: its length is stored before it. Strings are followed by a NUL that the length does not count. */
static int find_data(const map_t *map, const char *key, uint8_t type, bytes_t *data) {
  value_t value;
  size_t at;
  if (!find(map, key, &value) || value.type != type || !follow(map->buffer, value.at, map->width, &at) ||
      at < value.width || !read_number(map->buffer, at - value.width, value.width, &data->size)) {
    return 0;
  }
  const size_t left = map->buffer.size - at;
  data->data = map->buffer.data + at;
  return data->size < left && (type != TYPE_STRING || data->data[data->size] == 0);
}

const char *dynq_options_read(const uint8_t *buffer, size_t length, dynq_options_t *options) {
  map_t map;
  bytes_t packing, crc;
  if (!buffer || !open_map((bytes_t){buffer, length}, &map)) {
    return "not a flexbuffer map";
  }
  const struct {
    const char *key;
    uint32_t *number;
  } numbers[] = {{"bits", &options->bits},
                 {"inputs", &options->inputs},
                 {"outputs", &options->outputs},
                 {"relu", &options->relu},
                 {"version", &options->version}};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (!find_number(&map, numbers[i].key, numbers[i].number)) {
      return numbers[i].key;
    }
  }
  if (!find_data(&map, "packing", TYPE_STRING, &packing)) {
    return "packing";
  }
  if (!find_data(&map, "crc32", TYPE_BLOB, &crc) || crc.size != 4) {
    return "crc32";
  }
  options->packing = (const char *)packing.data;
  options->crc32 = crc.data;
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

uint32_t dynq_layer_crc32(const uint8_t *buffer, size_t length, const dynq_options_t *options, const void *weights,
                          size_t weight_bytes, const void *columns, size_t column_bytes) {
  static const uint8_t zeros[4] = {0};
  const size_t before = (size_t)(options->crc32 - buffer);
  uint32_t crc = dynq_crc32(0, buffer, before);
  crc = dynq_crc32(crc, zeros, sizeof zeros);
  crc = dynq_crc32(crc, options->crc32 + 4, length - before - 4);
  crc = dynq_crc32(crc, weights, weight_bytes);
  return dynq_crc32(crc, columns, column_bytes);
}
