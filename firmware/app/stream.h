/* Live audio: the listener over this image's engine, the rows it heard last, and since the start the events and what
 * listening cost. */
#ifndef STREAM_H_
#define STREAM_H_

#include "kws_model.h"
#include "listener.h"
#include "protocol_registry.h"

typedef struct {
  uint32_t rows;     /* that the front end made */
  uint32_t steps;    /* of the network */
  uint64_t frontend; /* board ticks: samples to rows */
  uint64_t network;  /* rows to logits */
  uint64_t detector; /* logits to events */
} stream_cost_t;

typedef struct {
  listener_t listener;
  frontend_context_t context;
  float memory[LISTENER_MEMORY(KWS_LABELS, KWS_SMOOTHING_FRAMES)];
  stream_cost_t cost;
  uint32_t mark;       /* board ticks where the part that runs now began */
  uint32_t detections; /* since the start; the newest is detected[(detections - 1) % PROTOCOL_DETECTIONS_KEPT] */
  detection_t detected[PROTOCOL_DETECTIONS_KEPT];
} stream_t;

/* From now on the engine and `rows`, int8[KWS_INPUTS], belong to the stream: it keeps the newest rows there. */
void stream_start(stream_t *stream, int8_t *rows);

/* Forgets what was heard, but goes on counting: for a stream that gets engine and rows back from other use. */
void stream_resume(stream_t *stream);

/* NULL, or why the engine failed. */
const char *stream_push(stream_t *stream, const int16_t *pcm, size_t count);

/* Counts samples that nobody heard: what follows is taken for the next sound all the same. */
void stream_skip(stream_t *stream, uint32_t count);

/* One of the newest PROTOCOL_DETECTIONS_KEPT detections, by its number since the start. */
const detection_t *stream_detection(const stream_t *stream, uint32_t number);

/* Whether the rows are a whole clip. Nothing is detected before. */
bool stream_is_warm(const stream_t *stream);

#endif
