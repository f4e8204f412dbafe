#include "dynq_options.h"

#include <string.h>

#include "dynq.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are little endian"
#endif

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
