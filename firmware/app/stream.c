#include "stream.h"

#include <string.h>

#include "board.h"
#include "engine.h"
#include "kws_frontend.h"

/* Ticks since the last lap, wherever it was. */
static uint32_t lap(stream_t *stream) {
  const uint32_t before = stream->mark;
  stream->mark = board_ticks();
  return stream->mark - before;
}

/* There is one engine, and one stream at a time has it. */
static const char *step(void *context, const int8_t *row, float *logits, bool *done) {
  stream_t *stream = context;
  stream->cost.frontend += lap(stream);
  const char *problem = engine_step(row, logits, done);
  stream->cost.network += lap(stream);
  stream->cost.rows++;
  stream->cost.steps += *done;
  board_watchdog_feed();
  frontend_context_push(&stream->context, &kws_frontend, row);
  lap(stream); /* these two serve the protocol: a listener needs neither */
  return problem;
}

static listener_config_t config = {
    .frontend = &kws_frontend, .detector = &kws_detector, .step = step, .warm_up = KWS_INPUTS / KWS_BANDS};

void stream_start(stream_t *stream, int8_t *rows) {
  config.model = stream;
  frontend_context_init(&stream->context, rows);
  engine_reset();
  listener_init(&stream->listener, &config, stream->memory);
  memset(&stream->cost, 0, sizeof stream->cost);
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
  lap(stream);
  do {
    result = listener_push(&stream->listener, &pcm, &count, &event, &problem);
    *(result == LISTENER_WANTS_MORE ? &stream->cost.frontend : &stream->cost.detector) += lap(stream);
    if (result == LISTENER_DETECTED) {
      stream->detected[stream->detections % PROTOCOL_DETECTIONS_KEPT] = event;
      stream->detections++;
    }
  } while (result == LISTENER_STEPPED || result == LISTENER_DETECTED);
  return problem;
}

void stream_skip(stream_t *stream, uint32_t count) {
  stream->listener.samples += count;
}

const detection_t *stream_detection(const stream_t *stream, uint32_t number) {
  return &stream->detected[number % PROTOCOL_DETECTIONS_KEPT];
}

bool stream_is_warm(const stream_t *stream) {
  return stream->context.filled == kws_frontend.context_frames;
}
