#include "handlers.h"

#include "board.h"
#include "engine.h"
#include "version.h"

void server_say_lap(server_t *server) {
  output_text_number(&server->out, "m-lap-us-", clock_microseconds(server->clock));
  output_end(&server->out);
}

void handle_name(server_t *server) {
  output_line(&server->out, "m-name-dut-[dynq]");
}

void handle_profile(server_t *server) {
  output_line(&server->out, "m-profile-[ULPMark for tinyML Firmware V0.0.1]");
  output_line(&server->out, "m-model-[kws01]");
}

void handle_timestamp(server_t *server) {
  server_say_lap(server);
}

void handle_build(server_t *server) {
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
  output_text_number(out, ",tick-hz=", board_info.tick_hz);
  output_text_number(out, ",inputs=", KWS_INPUTS);
  output_text_number(out, ",labels=", KWS_LABELS);
  output_text_number(out, ",layers=", engine_layer_count());
  output_text(out, ",reset=");
  output_text(out, board_reset_cause());
  output_text(out, "]");
  output_end_checked(out);
}

void handle_memory(server_t *server) {
  const engine_info_t engine = engine_info();
  const board_stack_t stack = board_stack();
  output_text_number(&server->out, "m-memory-[buffers=", engine.buffer_bytes);
  output_text_number(&server->out, ",arena=", engine.arena_bytes);
  output_text_number(&server->out, ",stack=", stack.size);
  output_text_number(&server->out, ",stack-used=", stack.used);
  output_text(&server->out, "]");
  output_end_checked(&server->out);
}

void handle_fault(server_t *server) {
  output_t *out = &server->out;
  const board_fault_t *last = board_last_fault();
  if (!last) {
    output_text(out, "m-fault-[none]");
  } else {
    output_text_number(out, "m-fault-[count=", last->count);
    output_text_hex(out, ",pc=", last->pc);
    output_text_hex(out, ",lr=", last->lr);
    output_text_hex(out, ",psr=", last->psr);
    output_text_hex(out, ",sp=", last->sp);
    output_text_hex(out, ",cfsr=", last->cfsr);
    output_text_hex(out, ",hfsr=", last->hfsr);
    output_text_hex(out, ",address=", last->address);
    output_text(out, "]");
  }
  output_end_checked(out);
}

void handle_help(server_t *server) {
  static const char *const lines[] = {
#define PROTOCOL_COMMAND(id, handler, syntax, arguments, least, most, usage) usage,
#include "protocol_commands.h"
#undef PROTOCOL_COMMAND
  };
  for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    output_line(&server->out, lines[i]);
  }
}

void handle_fault_clear(server_t *server) {
  (void)server;
  board_clear_fault();
}

void handle_reset(server_t *server) {
  (void)server;
  board_reset();
}
