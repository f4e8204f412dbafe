#include "handlers.h"

#include "board.h"
#include "microphone.h"

enum { LIT_SAMPLES = 16000 / 4 }; /* how long an event lights the LED */

static bool have_microphone(server_t *server) {
  if (!microphone_exists()) {
    server_error(server, PROTOCOL_ERROR_NO_MICROPHONE);
  }
  return microphone_exists();
}

/* Up to now, or to the stop. */
static void measure(server_t *server) {
  server_microphone_t *microphone = &server->microphone;
  if (microphone->on) {
    clock_update(server->clock);
    microphone->elapsed = server->clock->ticks - microphone->started;
    microphone->active = microphone->elapsed - (server->idle - microphone->idle_before);
  }
}

static void stop(server_t *server) {
  measure(server);
  microphone_stop();
  board_led(false);
  server->microphone.on = false;
}

static void say(server_t *server) {
  const server_microphone_t *microphone = &server->microphone;
  const stream_t *stream = &server->stream;
  measure(server);
  answer_listen_state(&server->out, microphone->on, stream->listener.samples, microphone->lost, microphone->flat,
                      stream->listener.steps, stream->detections, microphone->active, microphone->elapsed);
}

void handle_listen_start(server_t *server) {
  const protocol_command_t *command = server->command;
  const uint32_t gain = command->number_count > 0 ? command->numbers[0] : PROTOCOL_GAIN_NONE;
  if (!have_microphone(server)) {
    return;
  }
  if (gain > MICROPHONE_GAIN_MOST) {
    server_error(server, PROTOCOL_ERROR_BAD_GAIN);
    return;
  }
  stop(server);
  server_void_input(server);
  server->inferred = false;
  stream_start(&server->stream, server->features);
  server->live = true;
  clock_update(server->clock);
  server->microphone = (server_microphone_t){.on = true, .started = server->clock->ticks, .idle_before = server->idle};
  microphone_start(gain);
  say(server);
}

void handle_listen_stop(server_t *server) {
  if (have_microphone(server)) {
    stop(server);
    say(server);
  }
}

void handle_listen(server_t *server) {
  if (have_microphone(server)) {
    say(server);
  }
}

bool server_is_listening(server_t *server) {
  if (server->microphone.on) {
    server_error(server, PROTOCOL_ERROR_LISTENING);
  }
  return server->microphone.on;
}

/* A microphone is never still: one value for long means that there is none. */
static void watch(server_microphone_t *microphone, const int16_t *pcm) {
  uint32_t alike = 0;
  if (microphone->flat == 0) {
    microphone->value = pcm[0];
  }
  while (alike < MICROPHONE_SAMPLES && pcm[alike] == microphone->value) {
    alike++;
  }
  microphone->flat = alike == MICROPHONE_SAMPLES ? microphone->flat + alike : 0;
}

bool server_listen(server_t *server) {
  server_microphone_t *microphone = &server->microphone;
  stream_t *stream = &server->stream;
  uint32_t lost;
  const int16_t *pcm = microphone->on ? microphone_take(&lost) : NULL;
  if (!pcm) {
    return false;
  }
  if (lost > 0) {
    microphone->lost += lost;
    stream_skip(stream, lost);
    answer_audio_lost(&server->out, stream->listener.samples, lost);
  }
  watch(microphone, pcm);
  uint32_t number = stream->detections;
  const char *problem = stream_push(stream, pcm, MICROPHONE_SAMPLES);
  for (; number < stream->detections; number++) {
    const detection_t *heard = stream_detection(stream, number);
    answer_heard(&server->out, number, kws_model.labels[heard->label], heard->score, heard->sample);
    microphone->lit_until = stream->listener.samples + LIT_SAMPLES;
  }
  board_led(stream->listener.samples < microphone->lit_until);
  if (problem) {
    stop(server);
    server_error_text(server, PROTOCOL_ERROR_ENGINE, problem);
  }
  return true;
}
