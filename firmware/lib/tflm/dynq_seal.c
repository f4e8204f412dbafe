#include "dynq_seal.h"

#include <string.h>

#include "dynq_crc32.h"

enum { VERSION = 1 };

typedef struct {
  char magic[4];
  uint32_t version;
  uint32_t bytes; /* of the flatbuffer before the seal */
  uint32_t crc32; /* of all before this word */
} seal_t;

const char *dynq_seal_check(const void *file, size_t bytes) {
  seal_t seal;
  if (!file || bytes <= sizeof seal) {
    return "no seal at the end: not this project's file, or cut off";
  }
  const size_t flatbuffer_bytes = bytes - sizeof seal;
  memcpy(&seal, (const char *)file + flatbuffer_bytes, sizeof seal); /* a file ends at any address */
  if (memcmp(seal.magic, "DYNQ", sizeof seal.magic) != 0) {
    return "no seal at the end: not this project's file, or cut off";
  }
  if (seal.version != VERSION || seal.bytes != flatbuffer_bytes) {
    return "the seal is of another version or another file";
  }
  return dynq_crc32(0, file, bytes - sizeof seal.crc32) == seal.crc32 ? NULL : "the checksum does not fit";
}
