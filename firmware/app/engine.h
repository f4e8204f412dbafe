/* What runs the model: generated calls into the kernel library (engine_aot.c) or TensorFlow Lite Micro
 * (engine_tflm.cc). One engine is linked; the rest of the application does not know which. */
#ifndef ENGINE_H_
#define ENGINE_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *name;      /* "aot" or "tflm" */
  uint32_t buffer_bytes; /* RAM that one inference needs: activations and scratch */
  uint32_t arena_bytes;  /* RAM reserved for it */
} engine_info_t;

typedef struct {
  const char *name;
  uint16_t outputs;
  uint32_t ticks; /* board ticks in the last inference */
} engine_layer_t;

/* NULL, or why this engine cannot run this model. */
const char *engine_init(void);

engine_info_t engine_info(void);

/* int8 features[KWS_INPUTS] to float logits[KWS_LABELS]. NULL, or what went wrong. */
const char *engine_invoke(const int8_t *features, float *logits);

uint16_t engine_layer_count(void);
engine_layer_t engine_layer(uint16_t index); /* index < engine_layer_count() */

/* Runs the model up to and including layer `index` and returns its engine_layer(index).outputs values, which stay until
 * the next call into the engine. NULL when the engine cannot stop there. Does not touch the layers' ticks. */
const float *engine_layer_output(const int8_t *features, uint16_t index);

#ifdef __cplusplus
}
#endif
#endif
