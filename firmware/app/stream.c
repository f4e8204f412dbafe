#include "stream.h"

#include "board.h"
#include "engine.h"
#include "kws_frontend.h"
#include "softmax.h"

void stream_start(stream_t *stream) {
  frontend_stream_init(&stream->frontend, &kws_frontend);
  frontend_context_init(&stream->context, stream->rows);
  detector_init(&stream->detector);
  stream->samples = 0;
  stream->inferences = 0;
  stream->detections = 0;
}

static const char *infer(stream_t *stream, uint64_t sample) {
  float logits[KWS_LABELS];
  float posteriors[KWS_LABELS];
  detection_t detection;
  const char *problem = engine_invoke(stream->rows, logits);
  if (problem) {
    return problem;
  }
  stream->inferences++;
  softmax(logits, KWS_LABELS, posteriors);
  if (detector_push(&stream->detector, posteriors, sample, &detection)) {
    stream->detected[stream->detections % PROTOCOL_DETECTIONS_KEPT] = detection;
    stream->detections++;
  }
  return NULL;
}

const char *stream_push(stream_t *stream, const int16_t *pcm, size_t count) {
  int8_t row[FRONTEND_MAX_BANDS];
  const uint64_t end = stream->samples + count;
  const char *problem = NULL;
  while (!problem && frontend_stream_push(&stream->frontend, &pcm, &count, row)) {
    board_watchdog_feed();
    if (frontend_context_push(&stream->context, &kws_frontend, row)) {
      problem = infer(stream, end - count);
    }
  }
  stream->samples = end;
  return problem;
}

const int8_t *stream_features(const stream_t *stream) {
  return stream->context.filled == KWS_CONTEXT_FRAMES ? stream->rows : NULL;
}
