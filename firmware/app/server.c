#include "server.h"

#include <string.h>

#include "board.h"
#include "crc32.h"
#include "engine.h"
#include "softmax.h"
#include "version.h"

enum { DEFAULT_WARMUP = 10, PRINT_BYTES = 8, DUMP_VALUES = 8, PCM_PIECE = 32 };

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static void text_number(output_t *out, const char *text, uint64_t value) {
  output_text(out, text);
  output_number(out, value);
}

static void text_hex(output_t *out, const char *text, uint32_t value) {
  output_text(out, text);
  output_hex(out, value, 8);
}

static void error(server_t *server, const char *message) {
  output_text(&server->out, "e-[");
  output_text(&server->out, message);
  output_line(&server->out, "]");
}

void server_init(server_t *server, output_write_t write, clock_time_t *clock, bool (*interrupted)(void)) {
  memset(server, 0, sizeof *server);
  output_init(&server->out, write);
  server->clock = clock;
  server->interrupted = interrupted;
  stream_start(&server->stream);
  server->build_crc = crc32_update(0, KWS_BUILD_HASH, strlen(KWS_BUILD_HASH));
}

static void say_lap(server_t *server) {
  text_number(&server->out, "m-lap-us-", clock_microseconds(server->clock));
  output_end(&server->out);
}

void server_banner(server_t *server) {
  output_line(&server->out, "m-timestamp-mode-performance");
  say_lap(server);
  output_line(&server->out, "m-init-done");
  output_line(&server->out, "m-ready");
}

/* ---- input ---- */

static void set_loaded(server_t *server) {
  server->expected = 0;
  server->loaded = true;
  server->features_crc = crc32_update(0, server->features, KWS_INPUTS);
}

static void loaded(server_t *server) {
  set_loaded(server);
  output_line(&server->out, "m-load-done");
}

static void void_input(server_t *server) {
  server->expected = 0;
  server->received = 0;
  server->loaded = false;
}

static void db_load(server_t *server, uint32_t bytes) {
  void_input(server);
  if (bytes != KWS_INPUTS) {
    text_number(&server->out, "e-[The model takes ", KWS_INPUTS);
    output_line(&server->out, " bytes]");
    return;
  }
  server->expected = bytes;
  text_number(&server->out, "m-[Expecting ", bytes);
  output_line(&server->out, " bytes]");
}

static void db(server_t *server, const uint8_t *data, size_t length) {
  if (server->expected == 0) {
    error(server, "No download in progress: db load N first");
  } else if (length > server->expected - server->received) {
    void_input(server);
    error(server, "More bytes than announced: download again");
  } else {
    memcpy(server->features + server->received, data, length);
    server->received += (uint32_t)length;
    if (server->received == server->expected) {
      loaded(server);
    }
  }
}

static void db_print(server_t *server) {
  for (uint32_t i = 0; i < KWS_INPUTS; i += PRINT_BYTES) {
    output_text(&server->out, "m-buffer");
    for (uint32_t k = i; k < KWS_INPUTS && k < i + PRINT_BYTES; k++) {
      output_text(&server->out, "-");
      output_hex(&server->out, (uint8_t)server->features[k], 2);
    }
    output_end(&server->out);
  }
}

static bool frame_input(server_t *server, const protocol_command_t *command) {
  void_input(server);
  if (command->length != KWS_INPUTS) {
    error(server, "Frame of another length than the model takes");
    return false;
  }
  memcpy(server->features, command->data, KWS_INPUTS);
  return true;
}

/* ---- inference ---- */

static bool invoke(server_t *server) {
  const uint32_t start = board_ticks();
  const char *problem = engine_invoke(server->features, server->logits);
  server->logits_ticks = board_ticks() - start;
  server->logits_crc = server->features_crc;
  server->inferred = problem == NULL;
  if (problem) {
    error(server, problem);
  }
  return server->inferred;
}

static bool have_input(server_t *server) {
  if (!server->loaded) {
    error(server, server->expected ? "Download not complete" : "No input: download one first");
  }
  return server->loaded;
}

static void results(server_t *server) {
  if (!server->inferred) {
    error(server, "No results: infer first");
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
      error(server, "Interrupted");
      return false;
    }
  }
  return true;
}

static void infer(server_t *server, uint32_t count, uint32_t warmup) {
  output_t *out = &server->out;
  if (!have_input(server)) {
    return;
  }
  if (count == 0) {
    error(server, "Inferences must be 1 or more");
    return;
  }
  text_number(out, "m-warmup-start-", warmup);
  output_end(out);
  if (!repeat(server, warmup)) {
    return;
  }
  output_line(out, "m-warmup-done");
  text_number(out, "m-infer-start-", count);
  output_end(out);
  say_lap(server);
  if (!repeat(server, count)) {
    return;
  }
  say_lap(server);
  output_line(out, "m-infer-done");
  results(server);
}

static void logits(server_t *server) {
  if (!have_input(server) || !invoke(server)) {
    return;
  }
  text_hex(&server->out, "m-logits-[", server->logits_crc);
  text_hex(&server->out, ",", server->build_crc);
  text_number(&server->out, ",", server->logits_ticks);
  for (unsigned i = 0; i < KWS_LABELS; i++) {
    text_hex(&server->out, ",", bits_of(server->logits[i]));
  }
  output_text(&server->out, "]");
  output_end_checked(&server->out);
}

/* ---- audio ---- */

static void say_stream(server_t *server) {
  text_number(&server->out, "m-stream-[", server->stream.samples);
  text_number(&server->out, ",", server->stream.inferences);
  text_number(&server->out, ",", server->stream.detections);
  output_text(&server->out, "]");
  output_end_checked(&server->out);
}

static void stream_list(server_t *server) {
  const stream_t *stream = &server->stream;
  const uint32_t kept = stream->detections < STREAM_DETECTIONS ? stream->detections : STREAM_DETECTIONS;
  for (uint32_t i = stream->detections - kept; i < stream->detections; i++) {
    const detection_t *detection = &stream->detected[i % STREAM_DETECTIONS];
    text_number(&server->out, "m-detection-[", i);
    output_text(&server->out, ",");
    output_text(&server->out, kws_model.labels[detection->label]);
    output_text(&server->out, ",");
    output_fraction(&server->out, detection->score);
    text_number(&server->out, ",", detection->sample);
    output_text(&server->out, "]");
    output_end_checked(&server->out);
  }
  say_stream(server);
}

/* A frame begins with the number of samples before it, so that one lost or sent twice is noticed. */
static void stream_frame(server_t *server, const uint8_t *data, size_t length) {
  if (length < 4 || length % 2 != 0 || length > SERVER_PCM_BYTES) {
    error(server, "Bad length of audio");
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
    text_number(&server->out, "e-[The next audio is sample ", expected);
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
      error(server, problem);
      return;
    }
  }
  say_stream(server);
}

static void audio(server_t *server) {
  const int8_t *rows = stream_features(&server->stream);
  if (!rows) {
    error(server, "Not enough audio yet");
    return;
  }
  memcpy(server->features, rows, KWS_INPUTS);
  set_loaded(server);
  say_stream(server);
}

/* ---- what the device is and did ---- */

static void build(server_t *server) {
  output_t *out = &server->out;
  const char *const pairs[][2] = {
      {"m-build-[version=", KWS_VERSION}, {",build=", KWS_BUILD_HASH},      {",model=", kws_model.name},
      {",hash=", kws_model.hash},         {",engine=", engine_info().name}, {",kernels=", dynq_variant()},
      {",board=", board_info.name},
  };
  for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    output_text(out, pairs[i][0]);
    output_text(out, pairs[i][1]);
  }
  text_number(out, ",tick-hz=", board_info.tick_hz);
  text_number(out, ",inputs=", KWS_INPUTS);
  text_number(out, ",labels=", KWS_LABELS);
  text_number(out, ",layers=", engine_layer_count());
  output_text(out, ",reset=");
  output_text(out, board_reset_cause());
  output_text(out, "]");
  output_end_checked(out);
}

static void layers(server_t *server) {
  output_t *out = &server->out;
  if (!server->inferred) {
    error(server, "No inference yet");
    return;
  }
  const uint16_t count = engine_layer_count();
  for (uint16_t i = 0; i < count; i++) {
    const engine_layer_t layer = engine_layer(i);
    text_number(out, "m-layer-[", i);
    output_text(out, ",");
    output_text(out, layer.name);
    text_number(out, ",", layer.outputs);
    text_number(out, ",", layer.ticks);
    output_text(out, "]");
    output_end_checked(out);
  }
  text_number(out, "m-layers-[", count);
  text_number(out, ",", server->logits_ticks);
  text_hex(out, ",", server->logits_crc);
  output_text(out, "]");
  output_end_checked(out);
}

static void memory(server_t *server) {
  const engine_info_t engine = engine_info();
  const board_stack_t stack = board_stack();
  text_number(&server->out, "m-memory-[buffers=", engine.buffer_bytes);
  text_number(&server->out, ",arena=", engine.arena_bytes);
  text_number(&server->out, ",stack=", stack.size);
  text_number(&server->out, ",stack-used=", stack.used);
  output_text(&server->out, "]");
  output_end_checked(&server->out);
}

static void dump(server_t *server, uint32_t index) {
  output_t *out = &server->out;
  if (index >= engine_layer_count()) {
    error(server, "No such layer");
    return;
  }
  if (!have_input(server)) {
    return;
  }
  const float *values = engine_layer_output(server->features, (uint16_t)index);
  if (!values) {
    error(server, "This engine cannot stop at a layer");
    return;
  }
  const uint32_t count = engine_layer((uint16_t)index).outputs;
  for (uint32_t i = 0; i < count; i += DUMP_VALUES) {
    text_number(out, "m-dump-[", index);
    text_number(out, ",", i);
    for (uint32_t k = i; k < count && k < i + DUMP_VALUES; k++) {
      text_hex(out, ",", bits_of(values[k]));
    }
    output_text(out, "]");
    output_end_checked(out);
  }
  text_number(out, "m-dump-done-[", index);
  text_number(out, ",", count);
  text_hex(out, ",", server->features_crc);
  text_hex(out, ",", crc32_update(0, values, count * sizeof *values));
  output_text(out, "]");
  output_end_checked(out);
}

static void fault(server_t *server) {
  output_t *out = &server->out;
  const board_fault_t *last = board_last_fault();
  if (!last) {
    output_text(out, "m-fault-[none]");
  } else {
    text_number(out, "m-fault-[count=", last->count);
    text_hex(out, ",pc=", last->pc);
    text_hex(out, ",lr=", last->lr);
    text_hex(out, ",psr=", last->psr);
    text_hex(out, ",sp=", last->sp);
    text_hex(out, ",cfsr=", last->cfsr);
    text_hex(out, ",hfsr=", last->hfsr);
    text_hex(out, ",address=", last->address);
    output_text(out, "]");
  }
  output_end_checked(out);
}

static void help(server_t *server) {
  static const char *const lines[] = {
#define PROTOCOL_COMMAND(id, syntax, arguments, least, most, usage) usage,
#include "protocol_commands.h"
#undef PROTOCOL_COMMAND
  };
  for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    output_line(&server->out, lines[i]);
  }
}

static void invalid(server_t *server, const protocol_command_t *command) {
  static const char *const messages[] = {
      [PROTOCOL_EMPTY] = "Empty command",     [PROTOCOL_TOO_LONG] = "Command too long",
      [PROTOCOL_BAD_NUMBER] = "Bad number",   [PROTOCOL_BAD_HEX] = "Bad or odd hex digits",
      [PROTOCOL_BAD_FRAME] = "Damaged frame",
  };
  if (command->error == PROTOCOL_UNKNOWN) {
    output_text(&server->out, "e-[Unknown command: ");
    output_text(&server->out, command->text);
    output_line(&server->out, "]");
  } else {
    error(server, messages[command->error]);
  }
}

static void frame(server_t *server, const protocol_command_t *command) {
  switch (command->kind) {
  case 'L':
    if (frame_input(server, command)) {
      loaded(server);
    }
    break;
  case 'R':
    if (frame_input(server, command)) {
      set_loaded(server);
      logits(server);
    }
    break;
  case 'P':
    stream_frame(server, command->data, command->length);
    break;
  default:
    error(server, "Unknown frame");
  }
}

void server_handle(server_t *server, const protocol_command_t *command) {
  output_t *out = &server->out;
  switch (command->id) {
  case PROTOCOL_NAME:
    output_line(out, "m-name-dut-[dynq]");
    break;
  case PROTOCOL_PROFILE:
    output_line(out, "m-profile-[ULPMark for tinyML Firmware V0.0.1]");
    output_line(out, "m-model-[kws01]");
    break;
  case PROTOCOL_TIMESTAMP:
    say_lap(server);
    break;
  case PROTOCOL_HELP:
    help(server);
    break;
  case PROTOCOL_DB_LOAD:
    db_load(server, command->numbers[0]);
    break;
  case PROTOCOL_DB_PRINT:
    db_print(server);
    break;
  case PROTOCOL_DB:
    db(server, command->data, command->length);
    break;
  case PROTOCOL_INFER:
    infer(server, command->numbers[0], command->number_count > 1 ? command->numbers[1] : DEFAULT_WARMUP);
    break;
  case PROTOCOL_RESULTS:
    results(server);
    break;
  case PROTOCOL_CRC:
    text_hex(out, "m-crc-[", crc32_update(0, server->features, KWS_INPUTS));
    text_number(out, ",", KWS_INPUTS);
    output_text(out, "]");
    output_end_checked(out);
    break;
  case PROTOCOL_BUILD:
    build(server);
    break;
  case PROTOCOL_LOGITS:
    logits(server);
    break;
  case PROTOCOL_LAYERS:
    layers(server);
    break;
  case PROTOCOL_MEMORY:
    memory(server);
    break;
  case PROTOCOL_DUMP:
    dump(server, command->numbers[0]);
    break;
  case PROTOCOL_STREAM_START:
    stream_start(&server->stream);
    say_stream(server);
    break;
  case PROTOCOL_STREAM:
    stream_list(server);
    break;
  case PROTOCOL_AUDIO:
    audio(server);
    break;
  case PROTOCOL_FAULT:
    fault(server);
    break;
  case PROTOCOL_FAULT_CLEAR:
    board_clear_fault();
    break;
  case PROTOCOL_RESET:
    board_reset();
  case PROTOCOL_FRAME:
    frame(server, command);
    break;
  default:
    invalid(server, command);
  }
  output_line(out, "m-ready");
}
