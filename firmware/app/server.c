#include "server.h"

#include <string.h>

#include "dynq_crc32.h"
#include "handlers.h"
#include "version.h"

static const struct {
  const char *text;
  const char *behind; /* what is told; NULL where nothing is */
} errors[] = {
#define ERROR(id, text, behind) [PROTOCOL_ERROR_##id] = {text, behind},
    PROTOCOL_ERRORS(ERROR)
#undef ERROR
};

void server_error_text(server_t *server, protocol_error_t error, const char *told) {
  output_text(&server->out, errors[error].text);
  if (errors[error].behind) {
    output_text(&server->out, told);
    output_text(&server->out, errors[error].behind);
  }
  output_end(&server->out);
}

void server_error_number(server_t *server, protocol_error_t error, uint64_t told) {
  output_text(&server->out, errors[error].text);
  output_number(&server->out, told);
  output_text(&server->out, errors[error].behind);
  output_end(&server->out);
}

void server_error(server_t *server, protocol_error_t error) {
  server_error_text(server, error, "");
}

void server_init(server_t *server, output_write_t write, clock_time_t *clock, bool (*interrupted)(void)) {
  memset(server, 0, sizeof *server);
  output_init(&server->out, write);
  server->clock = clock;
  server->interrupted = interrupted;
  stream_start(&server->stream, server->features);
  server->live = true;
  server->build_crc = dynq_crc32(0, KWS_BUILD_HASH, strlen(KWS_BUILD_HASH));
}

void server_banner(server_t *server, const char *problem) {
  if (problem) {
    server_error_text(server, PROTOCOL_ERROR_ENGINE, problem);
  }
  answer_timestamp_mode(&server->out);
  handle_timestamp(server);
  answer_init_done(&server->out);
  answer_ready(&server->out);
}

void server_handle(server_t *server, const protocol_command_t *command) {
  static void (*const handlers[])(server_t *) = {
#define HANDLER(id, handler, ...) [PROTOCOL_##id] = handle_##handler,
      PROTOCOL_COMMANDS(HANDLER) PROTOCOL_FRAMES(HANDLER)
#undef HANDLER
  };
  if (command->error == PROTOCOL_OK) {
    server->command = command;
    handlers[command->id](server);
    server->command = NULL; /* its text and data are gone with the next byte */
  } else {
    server_error_text(server, command->error, command->text);
  }
  answer_ready(&server->out);
}
