#include "handlers.h"

#include <string.h>

#include "board.h"
#include "dynq_crc32.h"
#include "engine.h"
#include "softmax.h"

static bool invoke(server_t *server) {
  const uint32_t start = board_ticks();
  const char *problem = engine_invoke(server->features, server->logits);
  server->logits_ticks = board_ticks() - start;
  server->logits_crc = server->features_crc;
  server->inferred = problem == NULL;
  if (problem) {
    server_error_text(server, PROTOCOL_ERROR_ENGINE, problem);
  }
  return server->inferred;
}

void handle_results(server_t *server) {
  if (!server->inferred) {
    server_error(server, PROTOCOL_ERROR_NO_RESULTS);
    return;
  }
  float probabilities[KWS_LABELS];
  listener_softmax(server->logits, KWS_LABELS, probabilities);
  answer_results(&server->out, probabilities, KWS_LABELS);
}

/* Runs `count` inferences; false when one fails or a byte arrives, so that no number of them leaves the device deaf. */
static bool repeat(server_t *server, uint32_t count) {
  while (count--) {
    if (!invoke(server)) {
      return false;
    }
    clock_update(server->clock);
    board_watchdog_feed();
    if (count && server->interrupted()) {
      server_error(server, PROTOCOL_ERROR_INTERRUPTED);
      return false;
    }
  }
  return true;
}

void handle_infer(server_t *server) {
  const protocol_command_t *command = server->command;
  const uint32_t count = command->numbers[0];
  const uint32_t warmup = command->number_count > 1 ? command->numbers[1] : PROTOCOL_WARMUP;
  output_t *out = &server->out;
  if (!server_have_input(server)) {
    return;
  }
  if (count == 0) {
    server_error(server, PROTOCOL_ERROR_NO_COUNT);
    return;
  }
  answer_warmup_start(out, warmup);
  if (!repeat(server, warmup)) {
    return;
  }
  answer_warmup_done(out);
  answer_infer_start(out, count);
  handle_timestamp(server);
  if (!repeat(server, count)) {
    return;
  }
  handle_timestamp(server);
  answer_infer_done(out);
  handle_results(server);
}

void handle_logits(server_t *server) {
  if (!server_have_input(server) || !invoke(server)) {
    return;
  }
  answer_inference(&server->out, server->logits_crc, server->build_crc, server->logits_ticks, server->logits,
                   KWS_LABELS);
}

void handle_frame_run(server_t *server) {
  if (server_take_frame(server)) {
    server_set_loaded(server);
    handle_logits(server);
  }
}

void handle_layers(server_t *server) {
  output_t *out = &server->out;
  if (!server->inferred) {
    server_error(server, PROTOCOL_ERROR_NO_INFERENCE);
    return;
  }
  const uint16_t count = engine_layer_count();
  for (uint16_t i = 0; i < count; i++) {
    const engine_layer_t layer = engine_layer(i);
    answer_layer_ticks(out, i, layer.name, layer.outputs, layer.ticks);
  }
  answer_inference_ticks(out, count, server->logits_ticks, server->logits_crc);
}

void handle_dump(server_t *server) {
  const uint32_t index = server->command->numbers[0];
  output_t *out = &server->out;
  if (index >= engine_layer_count()) {
    server_error(server, PROTOCOL_ERROR_NO_LAYER);
    return;
  }
  if (!server_have_input(server)) {
    return;
  }
  const float *values = engine_layer_output(server->features, (uint16_t)index);
  if (!values) {
    server_error(server, PROTOCOL_ERROR_NO_STOP);
    return;
  }
  const uint32_t count = engine_layer((uint16_t)index).outputs;
  for (uint32_t i = 0; i < count; i += PROTOCOL_DUMP_VALUES) {
    const uint32_t left = count - i;
    answer_layer_values(out, index, i, values + i, left < PROTOCOL_DUMP_VALUES ? left : PROTOCOL_DUMP_VALUES);
  }
  answer_layer_check(out, index, count, server->features_crc, dynq_crc32(0, values, count * sizeof *values));
}
