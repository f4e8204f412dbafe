/* The model an image carries. kws_model.c and kws_model_config.h are generated from the .tflite (pipeline/export). */
#ifndef KWS_MODEL_H_
#define KWS_MODEL_H_

#include "dynq.h"
#include "kws_model_config.h" /* KWS_INPUTS, KWS_LABELS, KWS_LAYERS, KWS_MAX_OUTPUTS: sizes for static buffers */

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *name;
  const char *hash; /* first 16 hex digits of the SHA-256 of the .tflite */
  const dynq_layer_t *layers;
  const char *const *layer_names;
  const char *const *labels;
  uint16_t layer_count;
  uint16_t label_count;
  float input_scale; /* a feature u stands for input_scale * (u - input_zero_point) */
  int32_t input_zero_point;
  /* detector */
  float threshold;
  uint32_t refractory_samples;
} kws_model_t;

extern const kws_model_t kws_model;

#ifdef __cplusplus
}
#endif
#endif
