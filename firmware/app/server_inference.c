#include "handlers.h"

#include <string.h>

#include "board.h"
#include "dynq_crc32.h"
#include "engine.h"
#include "softmax.h"

enum { DEFAULT_WARMUP = 10, DUMP_VALUES = 8 };

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static bool invoke(server_t *server) {
  const uint32_t start = board_ticks();
  const char *problem = engine_invoke(server->features, server->logits);
  server->logits_ticks = board_ticks() - start;
  server->logits_crc = server->features_crc;
  server->inferred = problem == NULL;
  if (problem) {
    server_error(server, problem);
  }
  return server->inferred;
}

void handle_results(server_t *server) {
  if (!server->inferred) {
    server_error(server, "No results: infer first");
    return;
  }
  float probabilities[KWS_LABELS];
  softmax(server->logits, KWS_LABELS, probabilities);
  for (unsigned i = 0; i < KWS_LABELS; i++) {
    output_text(&server->out, i ? "," : "m-results-[");
    output_fraction(&server->out, probabilities[i]);
  }
  output_line(&server->out, "]");
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
      server_error(server, "Interrupted");
      return false;
    }
  }
  return true;
}

void handle_infer(server_t *server) {
  const protocol_command_t *command = server->command;
  const uint32_t count = command->numbers[0];
  const uint32_t warmup = command->number_count > 1 ? command->numbers[1] : DEFAULT_WARMUP;
  output_t *out = &server->out;
  if (!server_have_input(server)) {
    return;
  }
  if (count == 0) {
    server_error(server, "Inferences must be 1 or more");
    return;
  }
  output_text_number(out, "m-warmup-start-", warmup);
  output_end(out);
  if (!repeat(server, warmup)) {
    return;
  }
  output_line(out, "m-warmup-done");
  output_text_number(out, "m-infer-start-", count);
  output_end(out);
  server_say_lap(server);
  if (!repeat(server, count)) {
    return;
  }
  server_say_lap(server);
  output_line(out, "m-infer-done");
  handle_results(server);
}

void handle_logits(server_t *server) {
  if (!server_have_input(server) || !invoke(server)) {
    return;
  }
  output_text_hex(&server->out, "m-logits-[", server->logits_crc);
  output_text_hex(&server->out, ",", server->build_crc);
  output_text_number(&server->out, ",", server->logits_ticks);
  for (unsigned i = 0; i < KWS_LABELS; i++) {
    output_text_hex(&server->out, ",", bits_of(server->logits[i]));
  }
  output_text(&server->out, "]");
  output_end_checked(&server->out);
}

void handle_run_frame(server_t *server) {
  if (server_take_frame(server)) {
    server_set_loaded(server);
    handle_logits(server);
  }
}

void handle_layers(server_t *server) {
  output_t *out = &server->out;
  if (!server->inferred) {
    server_error(server, "No inference yet");
    return;
  }
  const uint16_t count = engine_layer_count();
  for (uint16_t i = 0; i < count; i++) {
    const engine_layer_t layer = engine_layer(i);
    output_text_number(out, "m-layer-[", i);
    output_text(out, ",");
    output_text(out, layer.name);
    output_text_number(out, ",", layer.outputs);
    output_text_number(out, ",", layer.ticks);
    output_text(out, "]");
    output_end_checked(out);
  }
  output_text_number(out, "m-layers-[", count);
  output_text_number(out, ",", server->logits_ticks);
  output_text_hex(out, ",", server->logits_crc);
  output_text(out, "]");
  output_end_checked(out);
}

void handle_dump(server_t *server) {
  const uint32_t index = server->command->numbers[0];
  output_t *out = &server->out;
  if (index >= engine_layer_count()) {
    server_error(server, "No such layer");
    return;
  }
  if (!server_have_input(server)) {
    return;
  }
  const float *values = engine_layer_output(server->features, (uint16_t)index);
  if (!values) {
    server_error(server, "This engine cannot stop at a layer");
    return;
  }
  const uint32_t count = engine_layer((uint16_t)index).outputs;
  for (uint32_t i = 0; i < count; i += DUMP_VALUES) {
    output_text_number(out, "m-dump-[", index);
    output_text_number(out, ",", i);
    for (uint32_t k = i; k < count && k < i + DUMP_VALUES; k++) {
      output_text_hex(out, ",", bits_of(values[k]));
    }
    output_text(out, "]");
    output_end_checked(out);
  }
  output_text_number(out, "m-dump-done-[", index);
  output_text_number(out, ",", count);
  output_text_hex(out, ",", server->features_crc);
  output_text_hex(out, ",", dynq_crc32(0, values, count * sizeof *values));
  output_text(out, "]");
  output_end_checked(out);
}
