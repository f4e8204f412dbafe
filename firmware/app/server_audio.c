#include "handlers.h"

#include <string.h>

enum { PCM_PIECE = 32 };

static void say_stream(server_t *server) {
  output_text_number(&server->out, "m-stream-[", server->stream.samples);
  output_text_number(&server->out, ",", server->stream.inferences);
  output_text_number(&server->out, ",", server->stream.detections);
  output_text(&server->out, "]");
  output_end_checked(&server->out);
}

void handle_stream_start(server_t *server) {
  stream_start(&server->stream);
  say_stream(server);
}

void handle_stream(server_t *server) {
  const stream_t *stream = &server->stream;
  const uint32_t kept = stream->detections < STREAM_DETECTIONS ? stream->detections : STREAM_DETECTIONS;
  for (uint32_t i = stream->detections - kept; i < stream->detections; i++) {
    const detection_t *detection = &stream->detected[i % STREAM_DETECTIONS];
    output_text_number(&server->out, "m-detection-[", i);
    output_text(&server->out, ",");
    output_text(&server->out, kws_model.labels[detection->label]);
    output_text(&server->out, ",");
    output_fraction(&server->out, detection->score);
    output_text_number(&server->out, ",", detection->sample);
    output_text(&server->out, "]");
    output_end_checked(&server->out);
  }
  say_stream(server);
}

/* A frame begins with the number of samples before it, so that one lost or sent twice is noticed. */
void handle_pcm_frame(server_t *server) {
  const uint8_t *data = server->command->data;
  const size_t length = server->command->length;
  if (length < 4 || length % 2 != 0 || length > SERVER_PCM_BYTES) {
    server_error(server, "Bad length of audio");
    return;
  }
  const uint32_t start = data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
  const size_t count = (length - 4) / 2;
  const uint64_t expected = server->stream.samples;
  if ((uint32_t)(start + count) == (uint32_t)expected && count > 0) { /* sent again: its answer got lost */
    say_stream(server);
    return;
  }
  if (start != (uint32_t)expected) {
    output_text_number(&server->out, "e-[The next audio is sample ", expected);
    output_line(&server->out, "]");
    return;
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
      server_error(server, problem);
      return;
    }
  }
  say_stream(server);
}

void handle_audio(server_t *server) {
  const int8_t *rows = stream_features(&server->stream);
  if (!rows) {
    server_error(server, "Not enough audio yet");
    return;
  }
  memcpy(server->features, rows, KWS_INPUTS);
  server_set_loaded(server);
  say_stream(server);
}
