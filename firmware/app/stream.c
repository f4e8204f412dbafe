#include "stream.h"

#include "board.h"
#include "engine.h"
#include "kws_frontend.h"

/* There is one engine, and one stream at a time has it. */
static const char *step(void *context, const int8_t *row, float *logits, bool *done) {
  board_watchdog_feed();
  frontend_context_push(context, &kws_frontend, row);
  return engine_step(row, logits, done);
}

static listener_config_t config = {
    .frontend = &kws_frontend, .detector = &kws_detector, .step = step, .warm_up = KWS_INPUTS / KWS_BANDS};

void stream_start(stream_t *stream, int8_t *rows) {
  config.model = &stream->context;
  frontend_context_init(&stream->context, rows);
  engine_reset();
  listener_init(&stream->listener, &config, stream->memory);
  stream->detections = 0;
}

void stream_resume(stream_t *stream) {
  stream->context.filled = 0;
  engine_reset();
  listener_forget(&stream->listener);
}

const char *stream_push(stream_t *stream, const int16_t *pcm, size_t count) {
  const char *problem = NULL;
  detection_t event;
  listener_result_t result;
  do {
    result = listener_push(&stream->listener, &pcm, &count, &event, &problem);
    if (result == LISTENER_DETECTED) {
      stream->detected[stream->detections % PROTOCOL_DETECTIONS_KEPT] = event;
      stream->detections++;
    }
  } while (result == LISTENER_STEPPED || result == LISTENER_DETECTED);
  return problem;
}

bool stream_is_warm(const stream_t *stream) {
  return stream->context.filled == kws_frontend.context_frames;
}
