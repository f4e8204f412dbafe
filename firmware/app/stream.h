/* Live audio: PCM in pieces to rows of log-mel codes, an inference per row, detections. */
#ifndef STREAM_H_
#define STREAM_H_

#include <stddef.h>
#include <stdint.h>

#include "detector.h"
#include "frontend.h"
#include "protocol_registry.h"

typedef struct {
  frontend_stream_t frontend;
  frontend_context_t context;
  detector_t detector;
  int8_t rows[KWS_INPUTS];
  uint64_t samples; /* taken since the start */
  uint32_t inferences;
  uint32_t detections; /* since the start; the newest is detected[(detections - 1) % PROTOCOL_DETECTIONS_KEPT] */
  detection_t detected[PROTOCOL_DETECTIONS_KEPT];
} stream_t;

void stream_start(stream_t *stream);

/* NULL, or why the engine failed. */
const char *stream_push(stream_t *stream, const int16_t *pcm, size_t count);

/* The newest model input, KWS_INPUTS codes; NULL while there is not enough audio for one. */
const int8_t *stream_features(const stream_t *stream);

#endif
