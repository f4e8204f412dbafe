/* The seal behind a model file's flatbuffer, which pipeline/export/seal.py writes: 16 bytes, little endian. */
#ifndef DYNQ_SEAL_H_
#define DYNQ_SEAL_H_

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NULL when the bytes are a flatbuffer with this project's seal behind it and not a bit of them has changed, or what is
 * wrong. */
const char *dynq_seal_check(const void *file, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
