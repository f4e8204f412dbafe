#include "handlers.h"

enum { PCM_PIECE = 32 };

static void say_stream(server_t *server) {
  const stream_t *stream = &server->stream;
  answer_stream_state(&server->out, stream->listener.samples, stream->listener.steps, stream->detections);
}

void handle_stream_start(server_t *server) {
  if (server_is_listening(server)) {
    return;
  }
  server_void_input(server);
  stream_start(&server->stream, server->features);
  server->live = true;
  say_stream(server);
}

void handle_stream(server_t *server) {
  const stream_t *stream = &server->stream;
  const uint32_t kept = stream->detections < PROTOCOL_DETECTIONS_KEPT ? stream->detections : PROTOCOL_DETECTIONS_KEPT;
  for (uint32_t i = stream->detections - kept; i < stream->detections; i++) {
    const detection_t *detection = stream_detection(stream, i);
    answer_detection(&server->out, i, kws_model.labels[detection->label], detection->score, detection->sample);
  }
  say_stream(server);
}

void handle_stream_cost(server_t *server) {
  const stream_cost_t *cost = &server->stream.cost;
  answer_stream_cost(&server->out, server->stream.listener.samples, cost->rows, cost->steps, cost->frontend,
                     cost->network, cost->detector);
}

/* A frame begins with the number of samples before it, so that one lost or sent twice is noticed. */
void handle_frame_pcm(server_t *server) {
  if (server_is_listening(server)) {
    return;
  }
  const uint8_t *data = server->command->data;
  const size_t length = server->command->length;
  if (length < 4 || length % 2 != 0 || length > SERVER_PCM_BYTES) {
    server_error(server, PROTOCOL_ERROR_BAD_AUDIO);
    return;
  }
  const uint32_t start = data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
  const size_t count = (length - 4) / 2;
  const uint64_t expected = server->stream.listener.samples;
  if ((uint32_t)(start + count) == (uint32_t)expected && count > 0) { /* sent again: its answer got lost */
    say_stream(server);
    return;
  }
  if (start != (uint32_t)expected) {
    server_error_number(server, PROTOCOL_ERROR_AUDIO_GAP, expected);
    return;
  }
  if (!server->live) {
    server_void_input(server);
    stream_resume(&server->stream);
    server->live = true;
  }
  server->inferred = false; /* the engine's layers no longer tell of the server's own input */
  for (size_t i = 0; i < count;) {
    int16_t pcm[PCM_PIECE]; /* aligned, and small: this is the deepest stack of all */
    size_t piece = 0;
    for (; piece < PCM_PIECE && i < count; i++) {
      pcm[piece++] = (int16_t)(uint16_t)(data[4 + 2 * i] | data[5 + 2 * i] << 8);
    }
    const char *problem = stream_push(&server->stream, pcm, piece);
    if (problem) {
      server_error_text(server, PROTOCOL_ERROR_ENGINE, problem);
      return;
    }
  }
  say_stream(server);
}

void handle_audio(server_t *server) {
  if (server_is_listening(server)) {
    return;
  }
  if (!server->live || !stream_is_warm(&server->stream)) {
    server_error(server, PROTOCOL_ERROR_NO_AUDIO);
    return;
  }
  server_set_loaded(server);
  say_stream(server);
}
