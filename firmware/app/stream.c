#include "stream.h"

#include "board.h"
#include "engine.h"
#include "kws_frontend.h"
#include "softmax.h"

void stream_start(stream_t *stream, int8_t *rows) {
  frontend_stream_init(&stream->frontend, &kws_frontend);
  frontend_context_init(&stream->context, rows);
  stream->samples = 0;
  stream->inferences = 0;
  stream->detections = 0;
  stream_resume(stream);
}

void stream_resume(stream_t *stream) {
  stream->context.filled = 0;
  detector_init(&stream->detector);
  engine_reset();
}

static void detect(stream_t *stream, const float *logits, uint64_t sample) {
  float posteriors[KWS_LABELS];
  detection_t detection;
  stream->inferences++;
  softmax(logits, KWS_LABELS, posteriors);
  if (detector_push(&stream->detector, posteriors, sample, &detection)) {
    stream->detected[stream->detections % PROTOCOL_DETECTIONS_KEPT] = detection;
    stream->detections++;
  }
}

const char *stream_push(stream_t *stream, const int16_t *pcm, size_t count) {
  int8_t row[FRONTEND_MAX_BANDS];
  float logits[KWS_LABELS];
  const uint64_t end = stream->samples + count;
  const char *problem = NULL;
  while (!problem && frontend_stream_push(&stream->frontend, &pcm, &count, row)) {
    bool done;
    board_watchdog_feed();
    const bool warm = frontend_context_push(&stream->context, &kws_frontend, row);
    problem = engine_step(row, logits, &done);
    if (warm && done) {
      detect(stream, logits, end - count);
    }
  }
  stream->samples = end;
  return problem;
}

bool stream_is_warm(const stream_t *stream) {
  return stream->context.filled == kws_frontend.context_frames;
}
