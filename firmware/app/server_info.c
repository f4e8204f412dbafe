#include "handlers.h"

#include "board.h"
#include "engine.h"
#include "version.h"

void handle_name(server_t *server) {
  answer_device_name(&server->out, "dynq");
}

void handle_profile(server_t *server) {
  answer_profile(&server->out);
  answer_model_id(&server->out);
}

void handle_timestamp(server_t *server) {
  answer_lap(&server->out, clock_microseconds(server->clock));
}

void handle_help(server_t *server) {
#define USAGE(id, handler, syntax, arguments, least, most, usage) answer_usage(&server->out, usage);
  PROTOCOL_COMMANDS(USAGE)
#undef USAGE
}

void handle_build(server_t *server) {
  answer_build_info(&server->out, KWS_VERSION, KWS_BUILD_HASH, kws_model.name, kws_model.hash, engine_info().name,
                    dynq_variant(), board_info.name, board_info.tick_hz, KWS_INPUTS, KWS_LABELS, engine_layer_count(),
                    board_reset_cause());
}

void handle_memory(server_t *server) {
  const engine_info_t engine = engine_info();
  const board_stack_t stack = board_stack();
  answer_memory_use(&server->out, engine.buffer_bytes, engine.arena_bytes, stack.size, stack.used);
}

void handle_fault(server_t *server) {
  const board_fault_t *last = board_last_fault();
  if (last) {
    answer_fault_record(&server->out, last->count, last->pc, last->lr, last->psr, last->sp, last->cfsr, last->hfsr,
                        last->address);
  } else {
    answer_no_fault(&server->out);
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
