/* What runs the model: the kernel library alone (engine_aot.c) or TensorFlow Lite Micro (engine_tflm.cc). One of the
 * two is linked; the rest of the application does not know which. */
#ifndef ENGINE_H_
#define ENGINE_H_

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *name;      /* "aot" or "tflm" */
  uint32_t buffer_bytes; /* RAM that the model needs: activations, states and scratch */
  uint32_t arena_bytes;  /* RAM reserved for it */
} engine_info_t;

typedef struct {
  const char *name;
  uint16_t outputs;
  uint32_t ticks; /* board ticks in the last step */
} engine_layer_t;

/* NULL, or why this engine cannot run this model. */
const char *engine_init(void);

engine_info_t engine_info(void);

/* Forgets every row. */
void engine_reset(void);

/* Takes the next row, int8[KWS_BANDS]. Where that makes a step due, runs it, writes logits[KWS_LABELS] and sets `done`.
 * NULL, or what went wrong. */
const char *engine_step(const int8_t *row, float *logits, bool *done);

/* A whole clip from reset on, int8 features[KWS_INPUTS], to the logits of its last step. NULL, or what went wrong. What
 * comes after it is another stream: reset first. */
const char *engine_invoke(const int8_t *features, float *logits);

uint16_t engine_layer_count(void);
engine_layer_t engine_layer(uint16_t index); /* index < engine_layer_count() */

/* As engine_invoke(), but its last step ends with layer `index`, whose engine_layer(index).outputs values it returns;
 * they stay until the next call into the engine. NULL when something went wrong. */
const float *engine_layer_output(const int8_t *features, uint16_t index);

#ifdef __cplusplus
}
#endif
#endif
