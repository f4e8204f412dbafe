/* What every type of layer is to whoever runs a network: one function of one shape. */
#ifndef DYNQ_LAYERS_H_
#define DYNQ_LAYERS_H_

#include "dynq.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What int8 codes stand for: scale * (code - zero_point). */
typedef struct {
  float scale;
  int32_t zero_point;
} dynq_codes_t;

/* What a layer reads or writes: a float32 vector and its range, or the int8 rows of the network's input. */
typedef struct {
  void *values;
  union {
    dynq_range_t range; /* of floats; whoever writes the vector sets it */
    dynq_codes_t codes;
  };
  uint8_t is_codes;
} dynq_signal_t;

/* One step of a layer. `layer`: its descriptor. `inputs`: as many signals as the type reads. `output`: where the values
 * go. `state`: what the layer keeps from step to step, all zero bytes at reset; NULL for a type that keeps nothing.
 * `scratch`: 16-byte aligned, nothing in it lasts. */
typedef void (*dynq_step_t)(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                            void *scratch);

/* Fully-connected; the descriptor is a dynq_layer_t. */
void dynq_dense_step(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                     void *scratch);

#ifdef __cplusplus
}
#endif
#endif
