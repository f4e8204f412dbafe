/* The model an image carries. kws_model.c and kws_model_config.h are generated from the .tflite (pipeline/export). */
#ifndef KWS_MODEL_H_
#define KWS_MODEL_H_

#include "detector.h"
#include "dynq_network.h"
#include "kws_model_config.h" /* sizes for static buffers */

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *name;
  const char *hash; /* first 16 hex digits of the SHA-256 of the .tflite */
  const char *const *labels;
  uint16_t label_count;
} kws_model_t;

extern const kws_model_t kws_model;
extern const detector_config_t kws_detector;
extern dynq_network_t kws_network; /* the engine's alone */

#ifdef __cplusplus
}
#endif
#endif
